# Copyright (c) clipbert_mm contributors.
"""Export a trained model as a folder that can be moved and shared."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor

from clipbert_mm.models.clipbert import TASK_PREFIXES, ClipBERT
from clipbert_mm.utils.checkpoint_file import load_checkpoint_file
from clipbert_mm.utils.whole_files import whole_folder

from .calibration import CALIBRATION_FILE
from .conversion_report import ConversionError
from .exported_settings import check_folder, read_settings
from .model_card import CARD_FILE
from .model_folder import write_model_folder
from .portable_config import CONFIG_FILE, WEIGHT_FILE, without_weight_files
from .safe_settings import UnsafeSettingsError

#: Config of a folder that is a program.
PYTHON_CONFIG = 'config.py'

_OPTIONAL_FILES = (CARD_FILE, CALIBRATION_FILE)


def export_model(
    config: Config,
    checkpoint: str | Path,
    folder: str | Path,
    without_task: bool = False,
    half: bool = False,
) -> dict[str, Tensor]:
    """Write a trained model to a folder of its own.

    ``model.safetensors`` holds only the weights, and ``config.json`` the
    settings of the model and of its test pipeline. Loading them runs no code:
    they name registered classes and plain values. They need no other file:

    - They contain the options of BERT and no initial weights of parts.
    - They contain the answers of a question-answering task as a list.
    - Adapters (``model.lora``) are merged into the weights.
    - A local tokenizer is copied to the folder ``tokenizer``, which they
      name. So the folder can be moved, and no path of this machine is in it.

    A tokenizer of the hub keeps its name. To test or train on, take the
    config of the training and ``model.safetensors``.

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
        UnsafeSettingsError: If the settings name a file of this machine, or a
            class that is not registered.

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
    model = _load_model(plain, state, without_task)
    tensors = {
        name: _halve(value) if half else value
        for name, value in model.state_dict().items()
        if not (without_task and name.startswith(TASK_PREFIXES))
    }
    with whole_folder(folder) as partial:
        name = Path(config.filename or '').stem
        write_model_folder(partial, tensors, plain, name, model.task.answers)
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
    model.merge_lora()
    return model


def _halve(value: Tensor) -> Tensor:
    """Return a matrix or kernel in half precision unless it overflows."""
    if not value.is_floating_point() or value.ndim < 2:
        return value
    half = value.half()
    return half if torch.isfinite(half).all() else value


def load_exported(
    folder: str | Path, trust_config: bool = False
) -> tuple[Config, dict[str, Tensor]]:
    """Read a folder that :func:`export_model` wrote.

    The model is ``MODELS.build(config.model)`` with
    ``load_state_dict(state)``, and the pipeline is that of
    ``config.test_dataloader``. Reading runs no code, whoever made the folder.

    Args:
        folder (str | Path): Folder of the exported model.
        trust_config (bool): Also read a folder with a ``config.py``, which is
            a program and is run. Set it only if you trust who made the
            folder. Defaults to False.

    Returns:
        tuple[Config, dict[str, Tensor]]: Config, with its tokenizer in this
        folder, and state dict on the CPU. After an export without the task
        ``load_state_dict`` of the whole model raises; give
        ``model.safetensors`` to ``load_from`` of a training.

    Raises:
        FileNotFoundError: If the folder has no config or no weights.
        UnsafeSettingsError: If the config could do more than build a model.
        CheckpointFileError: If the weights cannot be read.

    Example:
        >>> config, state = load_exported('qa')  # doctest: +SKIP
        >>> model = MODELS.build(config.model)  # doctest: +SKIP
        >>> model.load_state_dict(state)  # doctest: +SKIP
        <All keys matched successfully>
    """
    folder = Path(folder)
    is_program = (
        not (folder / CONFIG_FILE).is_file()
        and (folder / PYTHON_CONFIG).is_file()
    )
    if is_program and not trust_config:
        raise UnsafeSettingsError(
            f'{folder} has no {CONFIG_FILE}, but a {PYTHON_CONFIG}, which is '
            'a program. If you trust who made it, pass trust_config=True; '
            'better, export the model again with tools/convert_weights.py.'
        )
    config_file = PYTHON_CONFIG if is_program else CONFIG_FILE
    missing = [
        name
        for name in (config_file, WEIGHT_FILE)
        if not (folder / name).is_file()
    ]
    if missing:
        raise FileNotFoundError(
            'expected a folder written by `tools/convert_weights.py export`, '
            f'but {folder} has no {" and no ".join(missing)}.'
        )
    if is_program:
        config = Config.fromfile(folder / config_file)
    else:
        present = [n for n in _OPTIONAL_FILES if (folder / n).exists()]
        check_folder(folder, (config_file, WEIGHT_FILE, *present))
        config = read_settings(folder / config_file)
    return config, load_checkpoint_file(folder / WEIGHT_FILE)
