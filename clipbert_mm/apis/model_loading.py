# Copyright (c) clipbert_mm contributors.
"""Trained models and their test pipelines, for files of any name."""

import os.path as osp
from collections.abc import Sequence
from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from torch import Tensor

from clipbert_mm.media.errors import is_media_error
from clipbert_mm.models import ClipBERT
from clipbert_mm.utils.checkpoint_file import load_checkpoint_file
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.utils.error_text import describe
from clipbert_mm.weights.exported_model import load_exported

# Options that say where a transform reads files from.
_BACKEND_OPTIONS = ('io_backend', 'db_path', 'backend_args')


def read_model_files(
    config: str | Config, checkpoint: str | None
) -> tuple[Config, dict[str, Tensor]]:
    """Read the config and the weights of a trained model.

    Args:
        config (str | Config): Path of a config, name of a shipped one, or
            the config itself; without a checkpoint, a folder that
            ``tools/convert_weights.py export`` wrote.
        checkpoint (str | None): ``.pth`` or ``.safetensors`` file.

    Returns:
        tuple[Config, dict[str, Tensor]]: The config, and tensors by name.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If there is no checkpoint and ``config`` is not a
            folder, or a file is damaged.

    Example:
        >>> config, state = read_model_files('exported/msrvtt_qa',
        ...                                  None)  # doctest: +SKIP
    """
    if checkpoint is None:
        if not isinstance(config, str) or not osp.isdir(config):
            raise ValueError(
                'Without a checkpoint the config must be a folder that '
                '`tools/convert_weights.py export` wrote, but got '
                f'{str(config)!r:.80}.'
            )
        return load_exported(config)
    if not osp.isfile(checkpoint):
        raise FileNotFoundError(
            f'There is no checkpoint {checkpoint!r}. Pass the path of a '
            '.pth file that tools/train.py wrote, or of a .safetensors file.'
        )
    if not isinstance(config, Config):
        config = load_config(config)
    return config, load_checkpoint_file(checkpoint)


def build_model(
    config: Config, state: dict[str, Tensor], device: str | None
) -> ClipBERT:
    """Build a model with its weights, for testing.

    Args:
        config (Config): Config with ``model``.
        state (dict[str, Tensor]): All tensors of the model, by name.
        device (str | None): Device of the model; None for a GPU if one is
            available.

    Returns:
        ClipBERT: Model in evaluation mode.

    Raises:
        ValueError: If the weights have another architecture or were trained
            on other answers.
        RuntimeError: If the weights are of another task.

    Example:
        >>> model = build_model(*read_model_files('exported/msrvtt_qa', None),
        ...                     device='cpu')  # doctest: +SKIP
    """
    init_default_scope(config.get('default_scope', 'mmaction'))
    model = MODELS.build(config.model)
    model.load_state_dict(state)
    return model.to(torch.device(device or get_device())).eval()


def build_test_pipeline(config: Config) -> Compose:
    """Build the test pipeline of a config for files of the local disk.

    Args:
        config (Config): Config with ``test_dataloader``, whose files may come
            from another backend, such as LMDB.

    Returns:
        Compose: Transforms of the test.

    Example:
        >>> pipeline = build_test_pipeline(
        ...     Config.fromfile('qa.py'))  # doctest: +SKIP
    """
    init_default_scope(config.get('default_scope', 'mmaction'))
    return Compose(
        [
            {
                key: value
                for key, value in step.items()
                if key not in _BACKEND_OPTIONS
            }
            for step in config.test_dataloader.dataset.pipeline
        ]
    )


def run_pipeline(
    pipeline: Compose, filename: str, fields: dict[str, Any]
) -> dict:
    """Run a test pipeline on one file.

    Args:
        pipeline (Compose): Result of :func:`build_test_pipeline`.
        filename (str): Video or image, of the kind the pipeline reads.
        fields (dict[str, Any]): Further fields that the dataset would put
            into the item.

    Returns:
        dict: Packed item.

    Raises:
        RuntimeError: If the file cannot be read.

    Example:
        >>> item = run_pipeline(
        ...     pipeline, 'a.mp4',
        ...     dict(texts=['what runs?']))  # doctest: +SKIP
    """
    info = dict(
        filename=filename,
        video_id=osp.splitext(osp.basename(filename))[0],
        modality='RGB',
        start_index=0,
        **fields,
    )
    try:
        return pipeline(info)
    except Exception as error:
        if not is_media_error(error):
            raise
        raise RuntimeError(
            f'{filename!r} cannot be read ({describe(error)}). Leave it out.'
        ) from error


def check_files(files: Sequence[str]) -> None:
    """Raise unless all files exist.

    Args:
        files (Sequence[str]): Videos or images.

    Raises:
        FileNotFoundError: If one does not exist.

    Example:
        >>> check_files(['no.mp4'])
        Traceback (most recent call last):
        FileNotFoundError: 1 of 1 files do not exist, the first is 'no.mp4'.
    """
    missing = [file for file in files if not osp.isfile(file)]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} of {len(files)} files do not exist, the first '
            f'is {missing[0]!r}.'
        )
