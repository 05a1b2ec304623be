# Copyright (c) clipbert_mm contributors.
"""Texts as a model is fed them, decoded from their tokens."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .transforms import BertTokenize
from .transforms.mask_tokens import IGNORED_LABEL


def find_tokenizer(dataset: Any) -> Any:
    """Return the tokenizer of a dataset.

    Args:
        dataset (Any): Dataset of this package, or a concatenation of some.

    Returns:
        PreTrainedTokenizerBase: The tokenizer.

    Raises:
        ValueError: If the dataset tokenises no texts.
    """
    for member in getattr(dataset, 'datasets', [dataset]):
        steps: list[BertTokenize] = getattr(member, 'bert_tokenizers', list)()
        if steps:
            return steps[0].tokenizer
    raise ValueError(
        f'{type(dataset).__name__} has no BertTokenize, so its texts cannot '
        'be decoded. Use a dataset of clipbert_mm with `tokenize` or with '
        'BertTokenize in its pipeline.'
    )


def decode_texts(
    tokenizer: Any, input_ids: Any, attention_mask: Any
) -> list[str]:
    """Return texts without the tokens at their ends.

    Args:
        tokenizer (Any): Tokenizer that made the tokens.
        input_ids (Any): int64 ``(M, L)``, a tensor or an array.
        attention_mask (Any): ``(M, L)``, 1 at tokens and 0 at padding.

    Returns:
        list[str]: M texts, as cut and normalised for the model; words that
        it does not know are ``[UNK]``.

    Example:
        >>> decode_texts(load_tokenizer('bert-base-uncased'), [[101, 1037]],
        ...              [[1, 1]])  # doctest: +SKIP
        ['a']
    """
    names = ('cls', 'sep', 'bos', 'eos', 'pad')
    ends = [getattr(tokenizer, f'{name}_token_id', None) for name in names]
    hidden = [end for end in ends if end is not None]
    ids, mask = np.asarray(input_ids), np.asarray(attention_mask) == 1
    return [
        tokenizer.decode(row[real].tolist()).strip()
        for row, real in zip(ids, mask & ~np.isin(ids, hidden))
    ]


def show_tokens(
    tokenizer: Any,
    input_ids: Any,
    attention_mask: Any,
    mlm_labels: Any | None = None,
) -> list[str]:
    """Return texts token by token, special ones included.

    Args:
        tokenizer (Any): Tokenizer that made the tokens.
        input_ids (Any): int64 ``(M, L)``, a tensor or an array.
        attention_mask (Any): ``(M, L)``, 1 at tokens and 0 at padding.
        mlm_labels (Any | None): ``(M, L)``, the token to predict, or -100.
            Defaults to None, no token.

    Returns:
        list[str]: M texts; a token to predict is followed by an arrow and
        its label, and padding is counted.

    Example:
        >>> show_tokens(load_tokenizer('bert-base-uncased'),
        ...             [[101, 103, 102]], [[1, 1, 1]],
        ...             [[-100, 1037, -100]])  # doctest: +SKIP
        ['[CLS] [MASK]→a [SEP]']
    """
    ids, mask = np.asarray(input_ids), np.asarray(attention_mask) == 1
    labels = np.full(ids.shape, IGNORED_LABEL)
    if mlm_labels is not None:
        labels = np.asarray(mlm_labels)
    return [
        ' '.join(_tokens(tokenizer, row[real], label[real]))
        + (f' + {(~real).sum()} padding' if not real.all() else '')
        for row, real, label in zip(ids, mask, labels)
    ]


def _tokens(
    tokenizer: Any, ids: np.ndarray, labels: np.ndarray
) -> Sequence[str]:
    names = tokenizer.convert_ids_to_tokens(ids.tolist())
    return [
        name
        if label == IGNORED_LABEL
        else f'{name}→{tokenizer.convert_ids_to_tokens(int(label))}'
        for name, label in zip(names, labels)
    ]
