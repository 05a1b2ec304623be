# Copyright (c) clipbert_mm contributors.
"""Texts in batches of nearly equal length, so that little is padding."""

from typing import NamedTuple

import torch
from torch import Tensor


class TextBatch(NamedTuple):
    """Some texts of a bank, the longest of them without padding."""

    inds: Tensor  # int64 (m, ), places in the bank
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
    starts the next one. The share is that of the text tokens alone, which is
    stricter than one that counts the visual tokens beside them, and it holds
    for every batch, therefore for all of them.

    Args:
        input_ids (Tensor): int64, ``(M, L)``.
        attention_mask (Tensor): ``(M, L)``, 1 at the real tokens, which come
            first.
        max_texts (int): Texts of a batch at most.
        max_padding (float): Share of a batch's text tokens that may be
            padding. Defaults to 0.05.

    Returns:
        list[TextBatch]: From the shortest texts to the longest; each text is
        in exactly one batch.

    Raises:
        ValueError: If ``max_texts`` is not positive, ``max_padding`` is not
            in 0...1, a text is empty, or padding comes before a token.

    Example:
        >>> ids = torch.tensor([[2, 7, 8, 3], [2, 3, 0, 0]])
        >>> [b.input_ids.tolist() for b in make_text_batches(ids, ids > 0, 8)]
        [[[2, 3]], [[2, 7, 8, 3]]]
    """
    if max_texts < 1:
        raise ValueError(f'max_texts must be at least 1, but got {max_texts}.')
    if not 0 <= max_padding <= 1:
        raise ValueError(
            f'max_padding is a share, 0...1, but got {max_padding}.'
        )
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
    """Number of tokens of each text.

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
    """First and last (excluded) place of each batch of sorted lengths."""
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
