# Copyright (c) clipbert_mm contributors.
"""Turn texts into WordPiece ids."""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.datasets.tokenizer import load_tokenizer


@TRANSFORMS.register_module()
class BertTokenize(BaseTransform):
    """Tokenise the texts of an item as ``[CLS] text [SEP]``.

    Section "Implementation Details" of the paper: WordPiece of
    bert-base-uncased. Texts are cut to ``max_txt_len`` and keep their
    ``[SEP]``.

    Differs from reference: padded to the longest text of the item (the data
    preprocessor then pads to the longest of the batch) instead of to
    ``max_txt_len``. Masked positions contribute nothing, so the numbers are
    the same and cheaper.

    Required Keys:

        - texts (list[str]): num_texts texts

    Added Keys:

        - input_ids (np.ndarray): shape ``(num_texts, L)``, int64
        - attention_mask (np.ndarray): shape ``(num_texts, L)``, int64, 1 for
          a token and 0 for padding

    Args:
        tokenizer (str): A folder with a ``vocab.txt``, or a name on the
            Hugging Face hub; see :func:`load_tokenizer`.
        max_txt_len (int): Most tokens of a text, with ``[CLS]`` and
            ``[SEP]``.

    Raises:
        ValueError: If ``max_txt_len`` leaves no room for a word.

    Example:
        >>> tokenize = BertTokenize('data/bert-base-uncased', max_txt_len=20)
        >>> tokenize(dict(texts=['a man', 'dogs']))['input_ids'].tolist()
        [[101, 1037, 2158, 102], [101, 6077, 102, 0]]
    """

    def __init__(self, tokenizer: str, max_txt_len: int) -> None:
        if not isinstance(max_txt_len, int) or max_txt_len < 3:
            raise ValueError(
                'max_txt_len must be a whole number >= 3 ([CLS], a token, '
                f'[SEP]), but got {max_txt_len!r}.'
            )
        self.name = tokenizer
        self.tokenizer = load_tokenizer(tokenizer)
        self.max_txt_len = max_txt_len

    def tokenize(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Tokenise texts, padded to the longest of them.

        Args:
            texts (Sequence[str]): At least one text.

        Returns:
            dict[str, np.ndarray]: ``input_ids`` and ``attention_mask``.

        Shape:
            - input_ids: ``(len(texts), L)``, int64
            - attention_mask: ``(len(texts), L)``, int64
        """
        # Truncation and padding are settings of the tokenizer, which all
        # threads share: both are done here.
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
        """How many texts are longer than ``max_txt_len`` tokens.

        Args:
            texts (Sequence[str]): The texts.

        Returns:
            int: The number of texts that :meth:`tokenize` would cut.
        """
        # A token has at least one character, and two tokens are special.
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
