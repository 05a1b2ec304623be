# Copyright (c) clipbert_mm contributors.
"""Masking of tokens for masked language modelling."""

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.datasets.tokenizer import load_tokenizer
from clipbert_mm.utils.checks import check_bool

IGNORED_LABEL = -100


def mask_tokens(
    input_ids: np.ndarray,
    candidates: np.ndarray,
    mask_prob: float,
    mask_id: int,
    vocab_size: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Replace some tokens and return the original ones as labels.

    A fraction ``mask_prob`` of the candidates is predicted: 80 % of these
    become ``mask_id``, 10 % a random token of the whole vocabulary, and 10 %
    stay.

    Args:
        input_ids (np.ndarray): Token ids; not modified.
        candidates (np.ndarray): True where a token may be predicted.
        mask_prob (float): Fraction of the candidates to predict.
        mask_id (int): Id of ``[MASK]``.
        vocab_size (int): Number of tokens of the vocabulary.
        rng (np.random.Generator): Source of randomness.

    Returns:
        tuple[np.ndarray, np.ndarray]: New ids, and labels: the old id of a
        token to predict, else ``-100``.

    Shape:
        - input_ids, candidates: ``(M, L)``
        - return: two of ``(M, L)``, dtype of ``input_ids``

    Example:
        >>> ids = np.array([[2, 7, 8, 3]])
        >>> rng = np.random.default_rng(0)
        >>> mask_tokens(ids, ids > 4, 0.0, 4, 10, rng)[1].tolist()
        [[-100, -100, -100, -100]]
    """
    shape = input_ids.shape
    chosen = candidates & (rng.random(shape) < mask_prob)
    action = rng.random(shape)
    random_ids = rng.integers(vocab_size, size=shape, dtype=input_ids.dtype)
    labels = np.where(chosen, input_ids, IGNORED_LABEL)
    masked_ids = np.where(chosen & (action < 0.8), mask_id, input_ids)
    masked_ids = np.where(
        chosen & (action >= 0.8) & (action < 0.9), random_ids, masked_ids
    )
    return masked_ids.astype(input_ids.dtype), labels.astype(input_ids.dtype)


@TRANSFORMS.register_module()
class MaskTokens(BaseTransform):
    """Masking of words for masked language modelling.

    Section "Pre-training" of the paper, with BERT's 80/10/10 rule. All draws
    come from the generator of the item.

    Required Keys:

        - input_ids (np.ndarray): shape ``(M, L)``, int64
        - attention_mask (np.ndarray): shape ``(M, L)``, int64
        - rng (np.random.Generator)

    Modified Keys:

        - input_ids (np.ndarray): new array with tokens replaced

    Added Keys:

        - mlm_labels (np.ndarray): shape ``(M, L)``, int64, the
          token to predict, or -100

    Args:
        tokenizer (str): Tokenizer of ``BertTokenize``.
        mask_prob (float): Fraction of the words to predict, in (0, 1].
            Defaults to 0.15.
        mask_special_tokens (bool): Whether to mask special tokens such as
            ``[CLS]`` and ``[SEP]`` too. The reference does so by accident,
            due to the version of its tokenizer. Padding is never masked.
            Defaults to False.

    Raises:
        ValueError: If ``mask_prob`` is not in (0, 1].

    Example:
        >>> mask = MaskTokens('bert-base-uncased')  # doctest: +SKIP
        >>> item = dict(
        ...     input_ids=np.array([[101, 1037, 2158, 102]]),
        ...     attention_mask=np.array([[1, 1, 1, 1]]),
        ...     rng=np.random.default_rng(0))
        >>> mask(item)['mlm_labels'].shape  # doctest: +SKIP
        (1, 4)
    """

    def __init__(
        self,
        tokenizer: str,
        mask_prob: float = 0.15,
        mask_special_tokens: bool = False,
    ) -> None:
        if not 0 < mask_prob <= 1:
            raise ValueError(
                f'mask_prob must be in (0, 1], but got {mask_prob!r}.'
            )
        check_bool('mask_special_tokens', mask_special_tokens)
        self.name = tokenizer
        self.mask_prob = mask_prob
        self.mask_special_tokens = mask_special_tokens
        loaded = load_tokenizer(tokenizer)
        self.mask_id = loaded.mask_token_id
        self.vocab_size = len(loaded)
        self.special_ids = np.array(sorted(loaded.all_special_ids))

    def transform(self, results: dict) -> dict:
        """Mask ``input_ids`` and add ``mlm_labels``.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        input_ids = results['input_ids']
        candidates = results['attention_mask'] == 1
        if not self.mask_special_tokens:
            candidates &= ~np.isin(input_ids, self.special_ids)
        results['input_ids'], results['mlm_labels'] = mask_tokens(
            input_ids,
            candidates,
            self.mask_prob,
            self.mask_id,
            self.vocab_size,
            results['rng'],
        )
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(tokenizer={self.name!r}, '
            f'mask_prob={self.mask_prob}, '
            f'mask_special_tokens={self.mask_special_tokens})'
        )
