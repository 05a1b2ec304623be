# Copyright (c) clipbert_mm contributors.
"""Small vocabularies of BERT."""

from collections.abc import Sequence
from pathlib import Path

SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


def write_vocabulary(folder: Path, words: Sequence[str]) -> str:
    """Write a vocab.txt of the special tokens and some words.

    Args:
        folder (Path): Folder of the tokenizer. Created if missing.
        words (Sequence[str]): Words and word pieces after the special tokens.

    Returns:
        str: The folder, as ``load_tokenizer`` takes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'vocab.txt').write_text('\n'.join([*SPECIAL, *words]))
    return str(folder)
