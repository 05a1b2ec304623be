# Copyright (c) clipbert_mm contributors.
"""Load trained models for other programs."""

import os
import os.path as osp
from typing import Any

import torch
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from torch import Tensor

from clipbert_mm.datasets.transforms import (
    BertTokenize,
    TransformersTokenize,
)
from clipbert_mm.models import ClipBERT
from clipbert_mm.models.text_limits import check_text_limits
from clipbert_mm.utils.checkpoint_file import load_checkpoint_file
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.utils.config_settings import TOKENIZE
from clipbert_mm.utils.error_text import describe, first_line
from clipbert_mm.utils.finite import check_finite
from clipbert_mm.weights.exported_model import load_exported

from .image_text_models import image_text_config, model_type
from .model_names import find_model

_CLASSES = (BertTokenize, TransformersTokenize)


def read_model_files(
    config: str | os.PathLike[str] | Config,
    checkpoint: str | os.PathLike[str] | None,
    trust_config: bool = False,
) -> tuple[Config, dict[str, Tensor] | None]:
    """Read the config and the weights of a trained model.

    Args:
        config (str | os.PathLike[str] | Config): Anything that
            :func:`~.model_names.find_model` takes; without a checkpoint an
            exported model.
        checkpoint (str | os.PathLike[str] | None): ``.pth`` or
            ``.safetensors`` file.
        trust_config (bool): Also run the ``config.py`` of a folder, see
            :func:`load_exported`. Defaults to False.

    Returns:
        tuple[Config, dict[str, Tensor] | None]: The config, and tensors by
        name; None for an image-text model of transformers, whose parts read
        them when they are built.

    Raises:
        FileNotFoundError: If a file does not exist.
        OSError: If a model of the hub cannot be downloaded.
        TypeError: If an argument is of another type.
        ValueError: If there is no checkpoint and ``config`` is not an
            exported model, or there is one and it is; if a file is damaged,
            or the config of a folder could do more than build a model.
        NonFiniteError: If a weight is NaN or infinite.

    Example:
        >>> config, state = read_model_files('exported/msrvtt_qa',
        ...                                  None)  # doctest: +SKIP
    """
    found = find_model(config)
    if not isinstance(found, Config) and osp.isdir(found):
        if checkpoint is None:
            if model_type(found) is not None:
                return image_text_config(found), None
            settings, state = load_exported(found, trust_config)
            check_finite(state, repr(found))
            return settings, state
        raise ValueError(
            f'weights must be None, because {found!r} is the folder of a '
            f'model, but got {str(checkpoint)!r:.80}. Pass the '
            'config of their training as model.'
        )
    if checkpoint is None:
        raise ValueError(
            f'The config {_shown(found)} needs weights: pass those of its '
            'training. Only an exported model contains its own.'
        )
    checkpoint = _weight_file(checkpoint)
    if not isinstance(found, Config):
        found = load_config(found)
    state = load_checkpoint_file(checkpoint)
    check_finite(state, repr(checkpoint))
    return found, state


def _weight_file(checkpoint: Any) -> str:
    if not isinstance(checkpoint, (str, os.PathLike)):
        raise TypeError(
            'weights must be the path of a file, but got '
            f'{checkpoint!r:.80} ({type(checkpoint).__name__}).'
        )
    name = os.fsdecode(checkpoint)
    if not osp.isfile(name):
        raise FileNotFoundError(
            f'There is no checkpoint {name!r}. Pass the path of a .pth file '
            'that tools/train.py wrote, or of a .safetensors file.'
        )
    return name


def _shown(config: str | Config) -> str:
    name = config.filename if isinstance(config, Config) else config
    return repr(str(name or config))[:80]


def build_model(
    config: Config, state: dict[str, Tensor] | None, device: str | None
) -> ClipBERT:
    """Build a model with its weights, for testing.

    Args:
        config (Config): Config with ``model``.
        state (dict[str, Tensor] | None): All tensors of the model, by name.
            None for parts that have read their own.
        device (str | None): Device of the model; None for a GPU if one is
            available.

    Returns:
        ClipBERT: Model in evaluation mode.

    Raises:
        ValueError: If the config does not describe a model, or the device
            cannot be used; or if the weights have another architecture, were
            trained on
            other answers, or do not fit the texts of the test pipeline.
        RuntimeError: If the weights are of another task.

    Example:
        >>> model = build_model(*read_model_files('exported/msrvtt_qa', None),
        ...                     device='cpu')  # doctest: +SKIP
    """
    target = _device(device)
    init_default_scope(config.get('default_scope', 'mmaction'))
    model = _built(config)
    check_texts(model, config)
    if state is not None:
        model.load_state_dict(state)
    model.merge_lora()
    return model.to(target).eval()


def _built(config: Config) -> ClipBERT:
    """Build the model of a config, which may be a stranger's."""
    try:
        return MODELS.build(config.get('model'))
    except (AttributeError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError(
            f'The model of {config.filename or "the config"} cannot be built: '
            f'{describe(error)}. Check the options of model.'
        ) from error


def _device(name: str | None) -> torch.device:
    """Return a device by its name, or the default one."""
    if name is None:
        return torch.device(get_device())
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            "device must be None or the name of a device, such as 'cpu' or "
            f"'cuda:0', but got {name!r:.80}."
        ) from error
    try:
        torch.zeros(1, device=device).cpu()
    except (AssertionError, RuntimeError, NotImplementedError) as error:
        raise ValueError(
            f'device={name!r} cannot be used here: {first_line(error)}. Pass '
            "device='cpu', or None for a GPU if one is available."
        ) from error
    return device


def check_texts(model: ClipBERT, config: Config) -> None:
    """Raise unless BERT takes the texts that the test pipeline makes.

    Args:
        model (ClipBERT): The model.
        config (Config): Config with ``test_dataloader``.

    Raises:
        ValueError: If a text may be longer than BERT, or the vocabularies
            have different sizes.
    """
    dataset = config.get('test_dataloader', {}).get('dataset', {})
    for step in [*dataset.get('pipeline', []), dataset.get('tokenize')]:
        if step and step.get('type') in (*TOKENIZE, *_CLASSES):
            tokenize = TRANSFORMS.build(step)
            check_text_limits(
                model.head.config,
                tokenize.max_txt_len,
                len(tokenize.tokenizer),
                'test_dataloader',
            )
