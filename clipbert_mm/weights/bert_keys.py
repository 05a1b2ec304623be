# Copyright (c) clipbert_mm contributors.
"""Names and shapes of Hugging Face's BertModel and its pretraining heads."""

import re
from collections.abc import Iterable

from .key_table import Shape

_HIDDEN: Shape = ('hidden_size',)
_SQUARE: Shape = ('hidden_size', 'hidden_size')

_EMBEDDINGS: dict[str, Shape] = {
    'word_embeddings.weight': ('vocab_size', 'hidden_size'),
    'position_embeddings.weight': ('max_position_embeddings', 'hidden_size'),
    'token_type_embeddings.weight': ('type_vocab_size', 'hidden_size'),
    'LayerNorm.weight': _HIDDEN,
    'LayerNorm.bias': _HIDDEN,
}

_LAYER: dict[str, Shape] = {
    'attention.self.query.weight': _SQUARE,
    'attention.self.query.bias': _HIDDEN,
    'attention.self.key.weight': _SQUARE,
    'attention.self.key.bias': _HIDDEN,
    'attention.self.value.weight': _SQUARE,
    'attention.self.value.bias': _HIDDEN,
    'attention.output.dense.weight': _SQUARE,
    'attention.output.dense.bias': _HIDDEN,
    'attention.output.LayerNorm.weight': _HIDDEN,
    'attention.output.LayerNorm.bias': _HIDDEN,
    'intermediate.dense.weight': ('intermediate_size', 'hidden_size'),
    'intermediate.dense.bias': ('intermediate_size',),
    'output.dense.weight': ('hidden_size', 'intermediate_size'),
    'output.dense.bias': _HIDDEN,
    'output.LayerNorm.weight': _HIDDEN,
    'output.LayerNorm.bias': _HIDDEN,
}

#: Masked-language-model head without its decoder, which is tied to the word
#: embeddings.
MLM_HEAD: dict[str, Shape] = {
    'bias': ('vocab_size',),
    'transform.dense.weight': _SQUARE,
    'transform.dense.bias': _HIDDEN,
    'transform.LayerNorm.weight': _HIDDEN,
    'transform.LayerNorm.bias': _HIDDEN,
}

#: Head that classifies a pair: next sentence in BERT, matching in ClipBERT.
PAIR_HEAD: dict[str, Shape] = {
    'weight': (2, 'hidden_size'),
    'bias': (2,),
}


def count_layers(names: Iterable[str]) -> int:
    """Count the transformer layers of a checkpoint by its names.

    Args:
        names (Iterable[str]): Names of the tensors of the checkpoint.

    Returns:
        int: One more than the highest layer number, and at least 1.

    Example:
        >>> count_layers(['bert.encoder.layer.1.output.dense.bias'])
        2
    """
    found = (re.search(r'encoder\.layer\.(\d+)\.', name) for name in names)
    return (
        max((int(match.group(1)) for match in found if match), default=0) + 1
    )


def bert_shapes(num_layers: int) -> dict[str, Shape]:
    """Return the shapes of the tensors of a BertModel.

    Args:
        num_layers (int): Number of transformer layers.

    Returns:
        dict[str, tuple]: Shapes by name, without the prefix ``bert.``. A
        string in a shape is the name of a size.

    Example:
        >>> bert_shapes(12)['pooler.dense.weight']
        ('hidden_size', 'hidden_size')
    """
    shapes = {f'embeddings.{name}': s for name, s in _EMBEDDINGS.items()}
    for index in range(num_layers):
        for name, shape in _LAYER.items():
            shapes[f'encoder.layer.{index}.{name}'] = shape
    shapes['pooler.dense.weight'] = _SQUARE
    shapes['pooler.dense.bias'] = _HIDDEN
    return shapes
