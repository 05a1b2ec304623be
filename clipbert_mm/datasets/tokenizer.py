# Copyright (c) clipbert_mm contributors.
"""BERT's WordPiece tokenizer, from a local folder or from the hub."""

import functools
import logging
import os
import os.path as osp
import re

from huggingface_hub import snapshot_download
from mmengine.logging import print_log
from transformers import BertTokenizerFast  # type: ignore[attr-defined]

from clipbert_mm.utils.error_text import describe

_FILES = (
    'vocab.txt',
    'tokenizer.json',
    'tokenizer_config.json',
    'special_tokens_map.json',
)
_CAPITAL = re.compile('[A-Z]')
_BRACKETS = re.compile(r'\[.*\]')  # such as [unused1]
_SPECIAL_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


@functools.cache
def load_tokenizer(name_or_path: str) -> BertTokenizerFast:
    """Load a tokenizer, once per argument.

    An existing folder is read without touching the network. The hub is asked
    only for a name whose files are not in the local cache.

    Args:
        name_or_path (str): Folder with a ``vocab.txt`` (one WordPiece per
            line) or a ``tokenizer.json``, or name on the Hugging Face hub
            such as ``'bert-base-uncased'``.

    Returns:
        BertTokenizerFast: The tokenizer.

    Raises:
        FileNotFoundError: If the folder has no vocabulary.
        OSError: If the hub cannot be reached or does not know the name.
        ValueError: If a file is damaged, or the vocabulary lacks a special
            token of BERT, or is cased while texts are lower-cased.

    Example:
        >>> tokenizer = load_tokenizer('bert-base-uncased')  # doctest: +SKIP
        >>> tokenizer('a man').input_ids  # doctest: +SKIP
        [101, 1037, 2158, 102]
    """
    # The tokenizer's threads do not pay off for a few short texts, and they
    # warn about every fork of a data loader's workers.
    os.environ.setdefault('TOKENIZERS_PARALLELISM', 'false')
    folder = name_or_path
    if not osp.isdir(folder):
        folder = _folder_of_hub_name(name_or_path)
    if not _has_vocabulary(folder):
        raise FileNotFoundError(
            f'tokenizer={name_or_path!r} must be a folder with a vocab.txt '
            'or a tokenizer.json, but it has only '
            f'{sorted(os.listdir(folder))}. Pass the folder of a BERT model.'
        )
    tokenizer = _read_tokenizer(folder, name_or_path)
    _check_special_tokens(tokenizer, name_or_path)
    _check_case(tokenizer, name_or_path)
    return tokenizer


def _read_tokenizer(folder: str, name: str) -> BertTokenizerFast:
    try:
        return BertTokenizerFast.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # of a library that documents none
        raise ValueError(
            f'tokenizer={name!r} has a damaged file ({describe(error)}). Copy '
            f'or download {sorted(os.listdir(folder))} again.'
        ) from error


def _has_vocabulary(folder: str) -> bool:
    return any(
        osp.isfile(osp.join(folder, name))
        for name in ('vocab.txt', 'tokenizer.json')
    )


def _folder_of_hub_name(name: str) -> str:
    """Return the folder of a hub name in the cache, after downloading it."""
    try:
        folder = snapshot_download(
            name, allow_patterns=list(_FILES), local_files_only=True
        )
        if _has_vocabulary(folder):
            return folder
    except (OSError, ValueError):
        pass  # not in the cache, or not a valid name: reported below
    try:
        return snapshot_download(name, allow_patterns=list(_FILES))
    except Exception as error:  # the hub's client raises many kinds
        reason = str(error).strip().partition('\n')[0]
        raise OSError(
            f'tokenizer={name!r} is neither a local folder nor a name that '
            'could be downloaded from the Hugging Face hub '
            f'({type(error).__name__}: {reason}). Download the model once on '
            'a machine with network access, and pass its folder, with a '
            "vocab.txt in it, e.g. tokenizer='data/bert-base-uncased'."
        ) from error


def _check_special_tokens(tokenizer: BertTokenizerFast, name: str) -> None:
    """Raise if a special token would get a new id past the embeddings."""
    vocabulary = tokenizer.get_vocab()
    missing = [
        token
        for token in _SPECIAL_TOKENS
        if vocabulary.get(token, len(vocabulary)) >= tokenizer.vocab_size
    ]
    if missing:
        raise ValueError(
            f'The vocabulary of tokenizer={name!r} must have the special '
            f'tokens {_SPECIAL_TOKENS}, but it lacks {missing}. Add each as '
            'a line of its vocab.txt (and a row of the word embeddings).'
        )


def _check_case(tokenizer: BertTokenizerFast, name: str) -> None:
    """Raise if words with capitals are out of reach of every text.

    Transformers lower-cases texts unless ``tokenizer_config.json`` says
    otherwise, also for the vocabulary of a cased BERT.
    """
    normalizer = tokenizer.backend_tokenizer.normalizer
    lowers = normalizer is not None and normalizer.normalize_str('A') == 'a'
    words = tokenizer.get_vocab().keys() - set(tokenizer.all_special_tokens)
    cased = sorted(
        word
        for word in words
        if _CAPITAL.search(word) and not _BRACKETS.fullmatch(word)
    )
    if lowers and cased:
        raise ValueError(
            f'tokenizer={name!r} lower-cases texts, but {len(cased)} words of '
            f'its vocabulary have capitals, such as {cased[0]!r}, so it is '
            'that of a cased BERT. Write {"do_lower_case": false} into its '
            'tokenizer_config.json.'
        )
    if not lowers and not cased and any(word.isalpha() for word in words):
        print_log(
            f'tokenizer={name!r} keeps capitals, but no word of its '
            'vocabulary has any: words with capitals are unknown to it. For '
            'an uncased BERT write {"do_lower_case": true} into its '
            'tokenizer_config.json.',
            'current',
            logging.WARNING,
        )
