# Copyright (c) clipbert_mm contributors.
"""Export a trained model as a folder that can be moved and shared."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor

from clipbert_mm.models.clipbert import TASK_PREFIXES, ClipBERT
from clipbert_mm.utils.checkpoint_file import (
    load_checkpoint_file,
    save_checkpoint_file,
)
from clipbert_mm.version import __version__

from .conversion_report import ConversionError
from .portable_config import (
    CONFIG_FILE,
    TOKENIZER_FOLDER,
    WEIGHT_FILE,
    find_tokenizer,
    portable_config,
    without_weight_files,
)

#: Files of a tokenizer, next to which a folder may hold the weights of BERT.
TOKENIZER_FILES = (
    'vocab.txt',
    'tokenizer.json',
    'tokenizer_config.json',
    'special_tokens_map.json',
)


def export_model(
    config: Config,
    checkpoint: str | Path,
    folder: str | Path,
    without_task: bool = False,
    half: bool = False,
) -> dict[str, Tensor]:
    """Write a trained model to a folder of its own.

    ``model.safetensors`` holds only the weights. ``config.py`` is the whole
    config. It needs no other file to build and load the model:

    - It contains the options of BERT and no initial weights of parts. All
      weights are in ``model.safetensors``, its ``load_from``.
    - It contains the answers of a question-answering task as a list.
    - A local tokenizer is copied to the folder ``tokenizer``.
    - Paths begin with ``{{ fileDirname }}``, which MMEngine replaces by the
      folder of the config when it reads the file. So the folder can be
      moved. Its path must not contain quotes.

    Data stays in place: ``data_root`` and the paths of the datasets are not
    changed. A tokenizer of the hub keeps its name.

    Args:
        config (Config): Config of the training of the model.
        checkpoint (str | Path): Checkpoint written by ``tools/train.py`` or
            by a converter, or another ``model.safetensors``.
        folder (str | Path): New or empty folder.
        without_task (bool): Leave out ``head.classifier.*`` and ``task.*``.
            A model with other answers or another task can then start from
            the rest by ``load_from``. Defaults to False.
        half (bool): Store matrices and kernels in half precision. Vectors,
            such as biases and norms, and tensors that would overflow stay in
            single precision. Defaults to False.

    Returns:
        dict[str, Tensor]: Tensors that were written, by name.

    Raises:
        FileExistsError: If the folder is not empty.
        ConversionError: If the checkpoint lacks tensors of the model or has
            others.
        ValueError: If the checkpoint does not fit the model.

    Example:
        >>> cfg = Config.fromfile('work_dirs/qa/config.py')  # doctest: +SKIP
        >>> state = export_model(cfg, 'best.pth', 'qa')  # doctest: +SKIP
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or os.listdir(folder)):
        raise FileExistsError(
            f'expected a new or an empty folder, but {folder} is not empty. '
            'Choose another folder.'
        )
    state = load_checkpoint_file(checkpoint)
    plain = without_weight_files(config)
    tokenizer = find_tokenizer(plain)
    model = _load_model(plain, state, without_task)
    answers = model.task.answers
    tensors = {
        name: _halve(value) if half else value
        for name, value in model.state_dict().items()
        if not (without_task and name.startswith(TASK_PREFIXES))
    }
    meta = dict(
        clipbert_mm_version=__version__,
        config=Path(config.filename or '').stem,
    )
    save_checkpoint_file(tensors, folder / WEIGHT_FILE, meta)
    portable_config(plain, answers).dump(str(folder / CONFIG_FILE))
    if tokenizer is not None:
        _copy_tokenizer(Path(tokenizer), folder / TOKENIZER_FOLDER)
    return tensors


def _load_model(
    config: Config, state: Mapping[str, Tensor], without_task: bool
) -> ClipBERT:
    """Build a model and load the tensors of a checkpoint."""
    init_default_scope(config.get('default_scope', 'mmaction'))
    model = MODELS.build(config.model)
    result = model.load_state_dict(
        {
            name: value
            for name, value in state.items()
            if not (without_task and name.startswith(TASK_PREFIXES))
        },
        strict=False,
    )
    wrong = {
        'missing': [
            name
            for name in result.missing_keys
            if not (without_task and name.startswith(TASK_PREFIXES))
        ],
        'unexpected': result.unexpected_keys,
    }
    lines = [f'{word}: {name}' for word in wrong for name in wrong[word]]
    if lines:
        raise ConversionError(
            f'the checkpoint does not match the model of this config; '
            f'{len(lines)} differences:\n  '
            + '\n  '.join(lines)
            + '\nPass the config of its training, or --without-task to leave '
            'the head out.'
        )
    return model


def _halve(value: Tensor) -> Tensor:
    """Return a matrix or kernel in half precision unless it overflows."""
    if not value.is_floating_point() or value.ndim < 2:
        return value
    half = value.half()
    return half if torch.isfinite(half).all() else value


def _copy_tokenizer(source: Path, target: Path) -> None:
    """Copy the files of a tokenizer."""
    target.mkdir()
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def load_exported(
    folder: str | Path,
) -> tuple[Config, dict[str, Tensor]]:
    """Read a folder that :func:`export_model` wrote.

    The model is ``MODELS.build(config.model)`` with
    ``load_state_dict(state)``, and the pipeline is that of
    ``config.test_dataloader``. Programs that take the path of a config and
    of a checkpoint can be given ``folder/config.py`` and
    ``folder/model.safetensors`` instead.

    Reading the weights runs no code. Reading a config does: use folders only
    from people you trust.

    Args:
        folder (str | Path): Folder of the exported model.

    Returns:
        tuple[Config, dict[str, Tensor]]: Config, with its paths in this
        folder, and state dict on the CPU. After an export without the task
        ``load_state_dict`` of the whole model raises; train it from
        ``config.load_from``.

    Raises:
        FileNotFoundError: If the folder has no config or no weights.

    Example:
        >>> config, state = load_exported('qa')  # doctest: +SKIP
        >>> model = MODELS.build(config.model)  # doctest: +SKIP
        >>> model.load_state_dict(state)  # doctest: +SKIP
        <All keys matched successfully>
    """
    folder = Path(folder)
    missing = [
        name
        for name in (CONFIG_FILE, WEIGHT_FILE)
        if not (folder / name).is_file()
    ]
    if missing:
        raise FileNotFoundError(
            'expected a folder written by `tools/convert_weights.py export`, '
            f'but {folder} has no {" and no ".join(missing)}.'
        )
    return (
        Config.fromfile(folder / CONFIG_FILE),
        load_checkpoint_file(folder / WEIGHT_FILE),
    )
