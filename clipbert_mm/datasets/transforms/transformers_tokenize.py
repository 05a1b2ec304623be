# Copyright (c) clipbert_mm contributors.
"""Tokenisation of texts by the tokenizer of any model of transformers."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmaction.registry import TRANSFORMS
from tokenizers import normalizers
from transformers import AutoTokenizer

from clipbert_mm.utils.checks import check_choice
from clipbert_mm.utils.error_text import first_line

from .bert_tokenize import BertTokenize

PADDINGS = ('longest', 'max_length')


@functools.cache
def load_any_tokenizer(name_or_path: str) -> Any:
    """Load the tokenizer of a model, once per argument.

    No code of a repository is run. Gemma's tokenizer, which only SigLIP 2
    has here, lower-cases its texts, because SigLIP 2 was trained that way;
    transformers does so only for checkpoints without a fixed resolution
    (https://github.com/huggingface/transformers/pull/43101).

    Args:
        name_or_path (str): Folder, or name on the Hugging Face hub.

    Returns:
        PreTrainedTokenizerBase: The tokenizer.

    Raises:
        OSError: If there is no tokenizer.

    Example:
        >>> load_any_tokenizer(
        ...     'openai/clip-vit-base-patch32').eos_token  # doctest: +SKIP
        '<|endoftext|>'
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            name_or_path, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise OSError(
            f'tokenizer={name_or_path!r} is neither a folder with the '
            'tokenizer of a model nor a name that could be downloaded from '
            f'the Hugging Face hub ({first_line(error)}). Without a network '
            'pass the folder of the model, with its tokenizer.json.'
        ) from error
    if type(tokenizer).__name__.startswith('Gemma'):
        backend = tokenizer.backend_tokenizer
        backend.normalizer = normalizers.Sequence(
            [normalizers.Lowercase(), backend.normalizer]
        )
    return tokenizer


@TRANSFORMS.register_module()
class TransformersTokenize(BertTokenize):
    """Tokenisation of the texts of an item as a model was trained with.

    For the tokenizers of CLIP, SigLIP, BLIP, ViLT and others; keys and shapes
    are those of :class:`BertTokenize`. Texts are cut to ``max_txt_len`` and
    keep their last token.

    Args:
        tokenizer (str): Folder, or name on the Hugging Face hub, of a model.
        max_txt_len (int): Maximum number of tokens of a text, those at its
            start and end included.
        padding (str): ``'longest'``: to the longest text of the item, and the
            mask shows the padding; ``'max_length'``: to ``max_txt_len``, and
            the model reads the padding (SigLIP). Defaults to ``'longest'``.

    Raises:
        OSError: If there is no tokenizer.
        ValueError: If an option is out of range, or the tokenizer has no
            token for padding.

    Example:
        >>> tokenize = TransformersTokenize(
        ...     'openai/clip-vit-base-patch32', 77)  # doctest: +SKIP
    """

    def __init__(
        self, tokenizer: str, max_txt_len: int, padding: str = 'longest'
    ) -> None:
        check_choice('padding', padding, PADDINGS)
        super().__init__(tokenizer, max_txt_len)
        self.padding = padding
        if self.tokenizer.pad_token_id is None:
            raise ValueError(
                f'tokenizer={tokenizer!r} must have a token for padding, but '
                'has none. Set pad_token in its tokenizer_config.json.'
            )

    @staticmethod
    def _load(name: str) -> Any:
        return load_any_tokenizer(name)

    def tokenize(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Tokenise texts; see :meth:`BertTokenize.tokenize`."""
        tokens = super().tokenize(texts)
        if self.padding == 'longest':
            return tokens
        ids = tokens['input_ids']
        padded = np.full(
            (len(ids), self.max_txt_len), self.tokenizer.pad_token_id, np.int64
        )
        padded[:, : ids.shape[1]] = ids
        return dict(input_ids=padded, attention_mask=np.ones_like(padded))

    def __repr__(self) -> str:
        return f'{super().__repr__()[:-1]}, padding={self.padding!r})'
