# Copyright (c) clipbert_mm contributors.
"""Models as callers name them: folders, configs, shipped ones, the hub's."""

import difflib
import glob
import os
import os.path as osp
import re
from typing import Any

from huggingface_hub import snapshot_download
from mmengine.config import Config

from clipbert_mm.utils.config_files import config_file, shipped_configs
from clipbert_mm.utils.error_text import first_line

from .demo_files import DEMO_MODELS, demo_model

#: Files of a model on the hub that are downloaded; none of them is a program.
HUB_FILES = (
    'config.json',
    'model*.safetensors',
    'calibration.json',
    'README.md',
    'head.int8.onnx',
    'grid.onnx',
    'grid.int8.onnx',
    'tokenizer/*.json',
    'tokenizer/*.txt',
    'tokenizer/*.model',
    # Of models of transformers.
    'model.safetensors.index.json',
    'preprocessor_config.json',
    'tokenizer*.json',
    'special_tokens_map.json',
    'added_tokens.json',
    'vocab.json',
    'vocab.txt',
    'merges.txt',
    'spiece.model',
)
#: Weights of older models of transformers, if they have no others.
OLD_WEIGHTS = 'pytorch_model.bin'

_HUB_NAME = re.compile(r'[\w-][\w.-]*/[\w-][\w.-]*', re.ASCII)
_WEIGHT_SUFFIXES = ('.pth', '.pt', '.safetensors', '.ckpt', '.bin')


def find_model(
    model: str | os.PathLike[str] | Config, **hub_options: Any
) -> str | Config:
    """Return where a model is, however it is named.

    Args:
        model (str | os.PathLike[str] | Config): In the order in which they
            are tried: a config itself; ``'demo'`` or ``'demo-qa'``, which
            come with the package (``'./demo'`` is a folder); an existing
            folder or file; the name of a shipped config; a name of the
            Hugging Face hub, ``'user/name'``.
        **hub_options (Any): Options of :func:`download_model`.

    Returns:
        str | Config: Folder of a model, downloaded if it is of the hub; path
        of a config; or the config itself.

    Raises:
        FileNotFoundError: If there is no such model.
        OSError: If the hub does not have it or cannot be reached.
        TypeError: If the argument has another type.
        ValueError: If it is a file of weights.

    Example:
        >>> find_model('clipbert_msrvtt_ret').rpartition('/')[2]
        'clipbert_msrvtt_ret.py'
    """
    if isinstance(model, Config):
        return model
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(
            f'model must be a folder, a config or a name such as {"demo"!r}, '
            f'but got {model!r:.80} ({type(model).__name__}).'
        )
    if isinstance(model, str) and model in DEMO_MODELS:
        return demo_model(model)
    name = os.fsdecode(model)
    if osp.exists(name):
        return _existing_path(name)
    stem = name.removeprefix('configs/').removesuffix('.py')
    if stem in shipped_configs():
        return config_file(name)
    if isinstance(model, str) and _HUB_NAME.fullmatch(name):
        return download_model(name, **hub_options)
    raise FileNotFoundError(
        f'There is no model {name!r}. {_hint(name)}Pass a folder that '
        '`tools/convert_weights.py export` wrote, a config with its weights, '
        f'{" or ".join(map(repr, DEMO_MODELS))}, or a name of the Hugging '
        "Face hub, 'user/name'."
    )


def download_model(name: str, **options: Any) -> str:
    """Download a model from the Hugging Face hub.

    Only settings, weights and the tokenizer are downloaded, no code. Without
    a network the files of an earlier download are used.

    Args:
        name (str): Name on the hub, ``'user/name'``.
        **options (Any): Options of ``huggingface_hub.snapshot_download``,
            such as ``revision``.

    Returns:
        str: Folder of the model in the cache.

    Raises:
        OSError: If the hub does not have it or cannot be reached.

    Example:
        >>> download_model('user/name', revision='v1')  # doctest: +SKIP
        '/root/.cache/huggingface/hub/models--user--name/snapshots/0123abcd'
    """
    try:
        folder = snapshot_download(
            name, allow_patterns=list(HUB_FILES), **options
        )
        if not glob.glob(f'{glob.escape(folder)}/*.safetensors'):
            folder = snapshot_download(
                name, allow_patterns=[*HUB_FILES, OLD_WEIGHTS], **options
            )
        return folder
    except Exception as error:  # the hub's client raises many kinds
        raise OSError(
            f'The model {name!r} is neither a local folder nor one that could '
            'be downloaded from the Hugging Face hub '
            f'({type(error).__name__}: {first_line(error)}). Download it once '
            'on a machine with network access, and pass the folder with its '
            'config.json and model.safetensors.'
        ) from error


def _existing_path(name: str) -> str:
    if name.lower().endswith(_WEIGHT_SUFFIXES) and osp.isfile(name):
        raise ValueError(
            f'model={name!r} is a file of weights. Pass it as weights, and '
            'the config of its training as model.'
        )
    return name


def _hint(name: str) -> str:
    known = [*DEMO_MODELS, *shipped_configs()]
    close = difflib.get_close_matches(name, known, n=1)
    return f'Did you mean {close[0]!r}? ' if close else ''
