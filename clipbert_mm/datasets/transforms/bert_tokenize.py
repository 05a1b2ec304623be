# Copyright (c) clipbert_mm contributors.
"""Tokenisation of texts into WordPiece ids."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.datasets.tokenizer import load_tokenizer
from clipbert_mm.utils.checks import check_integer


@TRANSFORMS.register_module()
class BertTokenize(BaseTransform):
    """Tokenisation of the texts of an item as ``[CLS] text [SEP]``.

    Section "Implementation Details" of the paper: WordPiece of
    bert-base-uncased. Texts are cut to ``max_txt_len`` and keep their
    ``[SEP]``.

    Differs from reference: padded to the longest text of the item (the data
    preprocessor then pads to the longest of the batch) instead of to
    ``max_txt_len``. Masked positions contribute nothing, so the numbers are
    the same and cheaper.

    Required Keys:

        - texts (list[str]): M texts

    Added Keys:

        - input_ids (np.ndarray): shape ``(M, L)``, int64
        - attention_mask (np.ndarray): shape ``(M, L)``, int64, 1 for a token
          and 0 for padding

    Args:
        tokenizer (str): Folder with a ``vocab.txt``, or name on the Hugging
            Face hub; see :func:`load_tokenizer`.
        max_txt_len (int): Maximum number of tokens of a text, ``[CLS]`` and
            ``[SEP]`` included.

    Raises:
        ValueError: If ``max_txt_len`` leaves no room for a word.

    Example:
        >>> tokenize = BertTokenize(
        ...     'bert-base-uncased', max_txt_len=20)  # doctest: +SKIP
        >>> tokenize(dict(texts=['a man']))['input_ids']  # doctest: +SKIP
        array([[ 101, 1037, 2158,  102]])
    """

    def __init__(self, tokenizer: str, max_txt_len: int) -> None:
        # [CLS], a token and [SEP]
        check_integer('max_txt_len', max_txt_len, 3)
        self.name = tokenizer
        self.tokenizer = self._load(tokenizer)
        self.max_txt_len = max_txt_len

    @staticmethod
    def _load(name: str) -> Any:
        return load_tokenizer(name)

    def tokenize(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Tokenise texts, padded to the longest of them.

        Args:
            texts (Sequence[str]): One or more texts.

        Returns:
            dict[str, np.ndarray]: ``input_ids`` and ``attention_mask``.

        Shape:
            - input_ids: ``(M, L)``, int64
            - attention_mask: ``(M, L)``, int64
        """
        # Truncation and padding are settings of the tokenizer, which all
        # threads share, so both are done here.
        tokens = self.tokenizer(
            list(texts),
            return_token_type_ids=False,
            return_attention_mask=False,
            verbose=False,
        )
        rows = [self._cut(row) for row in tokens['input_ids']]
        lengths = np.array([len(row) for row in rows])
        mask = np.arange(lengths.max()) < lengths[:, None]
        ids = np.full(mask.shape, self.tokenizer.pad_token_id, np.int64)
        ids[mask] = np.concatenate(rows)
        return dict(input_ids=ids, attention_mask=mask.astype(np.int64))

    def _cut(self, ids: list[int]) -> list[int]:
        """Cut a text to ``max_txt_len`` tokens and keep its ``[SEP]``."""
        if len(ids) <= self.max_txt_len:
            return ids
        return [*ids[: self.max_txt_len - 1], ids[-1]]

    def count_longer(self, texts: Sequence[str]) -> int:
        """Return how many texts are longer than ``max_txt_len`` tokens.

        Args:
            texts (Sequence[str]): The texts.

        Returns:
            int: Number of texts that :meth:`tokenize` would cut.
        """
        # Every token has a character or more, except two special ones.
        texts = [t for t in texts if len(t) > self.max_txt_len - 2]
        if not texts:
            return 0
        tokens = self.tokenizer(
            texts,
            return_token_type_ids=False,
            return_attention_mask=False,
            verbose=False,
        )
        return sum(len(ids) > self.max_txt_len for ids in tokens['input_ids'])

    def transform(self, results: dict) -> dict:
        """Add the tokens of ``texts``.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        results.update(self.tokenize(results['texts']))
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(tokenizer={self.name!r}, '
            f'max_txt_len={self.max_txt_len})'
        )
