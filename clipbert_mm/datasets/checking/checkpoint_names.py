# Copyright (c) clipbert_mm contributors.
"""Names of the tensors of a checkpoint, without its weights if possible."""

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import safe_open

from clipbert_mm.utils.checkpoint_file import WRAPPERS, load_checkpoint_file
from clipbert_mm.utils.error_text import describe
from clipbert_mm.utils.file_heads import HEAD_BYTES, describe_wrong_file
from clipbert_mm.utils.weight_names import strip_wrappers


def read_names(path: str) -> tuple[list[str] | None, str | None]:
    """Read the names of the tensors of a checkpoint.

    Args:
        path (str): Path of the file.

    Returns:
        tuple[list[str] | None, str | None]: Names without the prefixes of
        wrappers, None if they cannot be read; and the reason. Both are None
        for an address, which is downloaded when it is needed.
    """
    if '://' in path:
        return None, None
    file = Path(path).expanduser()
    if not file.exists():
        return None, (
            f'there is no file {path!r}. Correct the path, or write it with '
            '`python tools/convert_weights.py`.'
        )
    if not file.is_file():
        return None, f'{path!r} is not a file. Name a checkpoint file.'
    try:
        with file.open('rb') as opened:
            head = opened.read(HEAD_BYTES)
        if not zipfile.is_zipfile(file):  # torch.save writes ZIP archives
            wrong = describe_wrong_file(head)
            if wrong is not None:
                return None, f'{path!r} is no checkpoint: it is {wrong}.'
        return [strip_wrappers(name) for name in _names(file)], None
    except Exception as error:  # a damaged file raises many kinds
        return None, f'{path!r} cannot be read: {describe(error)}'


def _names(file: Path) -> list[str]:
    if file.suffix == '.safetensors':
        with safe_open(file, framework='pt') as content:
            return list(content.keys())
    if file.suffix == '.pkl' or not zipfile.is_zipfile(file):
        return list(load_checkpoint_file(file))
    # Mapped, so that only what is read comes from the disk.
    content = torch.load(file, 'cpu', weights_only=True, mmap=True)
    if not isinstance(content, Mapping):
        raise ValueError(
            f'expected tensors by name, but it holds {type(content).__name__}.'
        )
    for key in WRAPPERS:
        if isinstance(content.get(key), Mapping):
            return list(content[key])
    return list(content)


def examples(names: Collection[str]) -> list[str]:
    """Return two of the names, for messages.

    Args:
        names (Collection[str]): Names of tensors.

    Returns:
        list[str]: The first two in alphabetical order.

    Example:
        >>> examples(['c', 'b', 'a'])
        ['a', 'b']
    """
    return sorted(names)[:2]
