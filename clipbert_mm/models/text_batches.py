# Copyright (c) clipbert_mm contributors.
"""Text batches of nearly equal length, with little padding."""

from typing import NamedTuple

import torch
from torch import Tensor

from clipbert_mm.utils.checks import check_fraction, check_integer


class TextBatch(NamedTuple):
    """Batch of some texts of a bank, cut to the longest of them."""

    inds: Tensor  # int64 (m, ), indices in the bank
    input_ids: Tensor  # int64 (m, L)
    attention_mask: Tensor | None  # bool (m, L); None without padding


def make_text_batches(
    input_ids: Tensor,
    attention_mask: Tensor,
    max_texts: int,
    max_padding: float = 0.05,
) -> list[TextBatch]:
    """Sort texts by length and cut them into batches with little padding.

    A text that would push the padding of its batch above ``max_padding``
    starts the next one. The limit is a fraction of the text tokens alone,
    which is stricter than one of text and visual tokens.

    Args:
        input_ids (Tensor): int64, ``(M, L)``.
        attention_mask (Tensor): ``(M, L)``, 1 at the real tokens, which come
            first.
        max_texts (int): Maximum number of texts of a batch.
        max_padding (float): Maximum fraction of padding among the text tokens
            of a batch. Defaults to 0.05.

    Returns:
        list[TextBatch]: Batches from the shortest texts to the longest; each
        text is in exactly one batch.

    Raises:
        ValueError: If ``max_texts`` is not positive, ``max_padding`` is not
            in [0, 1], a text is empty, or padding comes before a token.

    Example:
        >>> ids = torch.tensor([[2, 7, 8, 3], [2, 3, 0, 0]])
        >>> [b.input_ids.tolist() for b in make_text_batches(ids, ids > 0, 8)]
        [[[2, 3]], [[2, 7, 8, 3]]]
    """
    check_integer('max_texts', max_texts, 1)
    check_fraction('max_padding', max_padding)
    lengths = text_lengths(attention_mask)
    order = lengths.argsort(stable=True)
    batches = []
    for first, last in _cuts(lengths[order].tolist(), max_texts, max_padding):
        inds = order[first:last]
        length = int(lengths[inds[-1]])
        padded = int(lengths[inds[0]]) < length
        batches.append(
            TextBatch(
                inds,
                input_ids[inds, :length],
                attention_mask[inds, :length].bool() if padded else None,
            )
        )
    return batches


def text_lengths(attention_mask: Tensor) -> Tensor:
    """Return the number of tokens of each text.

    Args:
        attention_mask (Tensor): ``(M, L)``, 1 at the real tokens.

    Returns:
        Tensor: int64, ``(M, )``.

    Raises:
        ValueError: If a text is empty, or padding comes before a token.
    """
    mask = attention_mask.bool()
    lengths = mask.sum(-1)
    places = torch.arange(mask.shape[-1], device=mask.device)
    wrong = (
        (mask != (places < lengths[:, None])).any(-1) | (lengths == 0)
    ).nonzero()
    if len(wrong):
        text = int(wrong[0])
        raise ValueError(
            'The attention mask of a text must be ones, at least one, and '
            f'then zeros, but that of text {text} is '
            f'{mask[text].int().tolist()}. Pad texts at their end.'
        )
    return lengths


def _cuts(
    lengths: list[int], max_texts: int, max_padding: float
) -> list[tuple[int, int]]:
    """Return the start and stop of each batch of sorted lengths."""
    cuts = []
    first = tokens = 0
    for place, length in enumerate(lengths):
        size = place + 1 - first
        padding = size * length - (tokens + length)
        if size > max_texts or padding > max_padding * size * length:
            cuts.append((first, place))
            first, tokens = place, 0
        tokens += length
    return [*cuts, (first, len(lengths))] if lengths else cuts
