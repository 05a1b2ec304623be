# Copyright (c) clipbert_mm contributors.
"""The tokenised texts that videos are scored against."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class TextBank:
    """Tokens of the texts that every video of a test is scored with.

    A bank is an input of scoring, and no model keeps one: calls with
    different texts can share a model, also at the same time. It stays on the
    CPU, whatever the device of the model.

    Args:
        input_ids (Tensor): int64, ``(M, L)``.
        attention_mask (Tensor): ``(M, L)``, 1 at tokens and 0 at padding.

    Raises:
        ValueError: If the shapes are not equal and two-dimensional.

    Example:
        >>> ids = torch.tensor([[2, 7, 8, 3], [2, 3, 0, 0]])
        >>> bank = TextBank(ids, (ids > 0).long())
        >>> len(bank), bank.select(torch.tensor([1])).input_ids.tolist()
        (2, [[2, 3, 0, 0]])
    """

    input_ids: Tensor
    attention_mask: Tensor

    def __post_init__(self) -> None:
        shapes = tuple(self.input_ids.shape), tuple(self.attention_mask.shape)
        if shapes[0] != shapes[1] or len(shapes[0]) != 2:
            raise ValueError(
                'input_ids and attention_mask of a TextBank must both have '
                f'the shape (texts, tokens), but got {shapes[0]} and '
                f'{shapes[1]}.'
            )

    @classmethod
    def from_tokens(
        cls, tokens: Mapping[str, Tensor] | Mapping[str, np.ndarray]
    ) -> 'TextBank':
        """Make a bank from what a tokenizer returns.

        Args:
            tokens (Mapping[str, Tensor] | Mapping[str, np.ndarray]):
                ``input_ids`` and ``attention_mask`` ``(M, L)``, tensors or
                arrays.

        Returns:
            TextBank: Bank that shares their memory.
        """
        return cls(
            torch.as_tensor(tokens['input_ids']),
            torch.as_tensor(tokens['attention_mask']),
        )

    def __len__(self) -> int:
        return len(self.input_ids)

    def select(self, text_inds: Tensor) -> 'TextBank':
        """Return a bank of some texts.

        Args:
            text_inds (Tensor): int64 ``(m, )``, indices of the texts.

        Returns:
            TextBank: Bank of ``m`` texts, in the order of the indices.
        """
        return TextBank(
            self.input_ids[text_inds], self.attention_mask[text_inds]
        )

    def lengths(self) -> Tensor:
        """Return the number of tokens of each text.

        Returns:
            Tensor: int64, ``(M, )``.
        """
        return self.attention_mask.sum(-1)
