# Copyright (c) clipbert_mm contributors.
"""BERT from a folder, from the hub, or of options, and from nothing else."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import BertConfig, BertModel, PretrainedConfig

from clipbert_mm.utils.checkpoint_file import load_checkpoint_file
from clipbert_mm.utils.file_heads import HEAD_BYTES, describe_wrong_file
from clipbert_mm.utils.finite import check_finite
from clipbert_mm.utils.weight_names import unwrap_names

#: Weight files of a folder; the first existing one is read.
WEIGHT_FILES = ('model.safetensors', 'pytorch_model.bin')

_PARTS = ('embeddings.', 'encoder.', 'pooler.')
_MOST_NAMES = 3


def build_bert(bert: str | os.PathLike[str] | Mapping[str, Any]) -> BertModel:
    """Build BERT from options, or load it from a folder or the hub.

    Transformers gives tensors that a file lacks, or has under the names of
    another architecture, random values. Here they are an error.

    Args:
        bert (str | os.PathLike[str] | Mapping[str, Any]): Folder or hub name
            of a BERT checkpoint, or the arguments of
            ``transformers.BertConfig`` for random weights.

    Returns:
        BertModel: BERT with its pooler, in single precision.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If it is of another architecture, or its weights are not
            those of its config.json.
        CheckpointFileError: If its weights cannot be read.
    """
    config = read_bert_config(bert)
    if isinstance(bert, Mapping):
        return BertModel(config)
    bert = os.fspath(bert)
    for name in WEIGHT_FILES:
        path = Path(bert) / name
        if path.is_file():
            return _load_weights(config, load_checkpoint_file(path), path)
    try:
        loaded: Any = BertModel.from_pretrained(bert, output_loading_info=True)
    except OSError as error:
        raise OSError(
            f"Cannot load BERT from '{bert}': {error}. Without a network "
            'set head.bert to a folder that holds config.json and the '
            'weights of a Hugging Face BERT, or to a dict of BertConfig '
            'arguments for random weights.'
        ) from error
    model, info = loaded
    _check_missing(sorted(info['missing_keys']), bert, ())
    check_finite(model.state_dict(), bert)
    # Files in half precision are trained in float32, too.
    return model.float()


def read_bert_config(
    bert: str | os.PathLike[str] | Mapping[str, Any],
) -> BertConfig:
    """Return the configuration of a BERT.

    Args:
        bert (str | os.PathLike[str] | Mapping[str, Any]): Folder or hub name
            of a BERT, or the arguments of ``BertConfig``.

    Returns:
        BertConfig: The configuration.

    Raises:
        OSError: If there is no config.json.
        ValueError: If it is of another architecture, or no JSON.

    Example:
        >>> read_bert_config(dict(hidden_size=96)).num_hidden_layers
        12
    """
    if isinstance(bert, Mapping):
        return BertConfig(**bert)
    bert = os.fspath(bert)
    _check_json(Path(bert) / 'config.json')
    try:
        options, _ = PretrainedConfig.get_config_dict(bert)
    except OSError as error:
        raise OSError(
            f"Cannot load BERT from '{bert}': {error}. Without a network set "
            'head.bert to a folder that holds config.json and the weights of '
            'a Hugging Face BERT, or to a dict of BertConfig arguments for '
            'random weights.'
        ) from error
    kind = options.get('model_type')
    if kind is None:  # as in early files
        classes = options.get('architectures') or []
        others = [name for name in classes if not name.startswith('Bert')]
        kind = others[0] if others else 'bert'
    if kind != 'bert':
        raise ValueError(
            f"'{bert}' must be a BERT, but its config.json is that of "
            f'{kind!r}. Its layers differ from the ones of ClipBERT, which '
            'would stay random. Use a BERT such as bert-base-uncased.'
        )
    return BertConfig.from_dict(options)


def _check_json(path: Path) -> None:
    """Raise if a configuration is a web page or the like."""
    if not path.is_file():
        return
    with path.open('rb') as file:
        head = file.read(HEAD_BYTES)
    if not head.lstrip(b'\xef\xbb\xbf \t\r\n').startswith(b'{'):
        wrong = describe_wrong_file(head) or 'of an unknown format'
        raise ValueError(
            f'{path} must be the JSON object of a BERT, but it is {wrong}.'
        )


def _load_weights(
    config: BertConfig, state: Mapping[str, Tensor], path: Path
) -> BertModel:
    """Build a BERT with all its tensors from a file."""
    model = BertModel(config)
    own = model.state_dict()
    new_names = {
        name.replace('LayerNorm.gamma', 'LayerNorm.weight').replace(
            'LayerNorm.beta', 'LayerNorm.bias'
        ): value
        for name, value in state.items()
    }
    named, _ = unwrap_names(new_names, own.__contains__, also=['bert'])
    _check_missing([name for name in own if name not in named], path, named)
    wrong = [
        f'{name} is {tuple(named[name].shape)}, not {tuple(value.shape)}'
        for name, value in own.items()
        if named[name].shape != value.shape
    ]
    wrong += [
        f'{name} is too many'
        for name in named
        if name.startswith(_PARTS)
        and name not in own
        and not name.endswith('position_ids')  # a list of positions
    ]
    if wrong:
        raise ValueError(
            f'The weights of {path} must be those of its config.json, but '
            f'{len(wrong)} differ: {"; ".join(wrong[:_MOST_NAMES])}. Both '
            'files must come from one checkpoint.'
        )
    weights = {name: named[name] for name in own}
    check_finite(weights, str(path))
    with torch.no_grad():
        model.load_state_dict(weights)
    return model


def _check_missing(missing: list[str], source: str | Path, found: Any) -> None:
    """Raise if tensors of BERT are not in a checkpoint."""
    if not missing:
        return
    names = ', '.join(map(repr, list(found)[:_MOST_NAMES]))
    raise ValueError(
        f'{source} must hold all weights of a BERT, but {len(missing)} are '
        f'missing, the first of them: {", ".join(missing[:_MOST_NAMES])}'
        + (f'. It holds {names}, …' if names else '')
        + '. They would stay random. Use the whole checkpoint of a BERT, its '
        'pooler included.'
    )
