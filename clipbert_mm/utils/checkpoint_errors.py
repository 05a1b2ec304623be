# Copyright (c) clipbert_mm contributors.
"""Explain why a file cannot be read as a checkpoint."""

import re
import zipfile
from pathlib import Path

from .file_heads import HEAD_BYTES, describe_wrong_file

_ZIP = b'PK\x03\x04'
_MOST_MEMBERS = 3


class CheckpointFileError(ValueError):
    """Checkpoint file that cannot be read, or not without risk."""


def is_safetensors(head: bytes) -> bool:
    r"""Return whether a file begins as safetensors do.

    Args:
        head (bytes): First bytes of the file.

    Returns:
        bool: True if the length of a header and the header follow.

    Example:
        >>> is_safetensors(b'\x02\0\0\0\0\0\0\0{}')
        True
    """
    return head[8:9] == b'{' and head[4:8] == bytes(4)


def explain_checkpoint(path: Path, error: str) -> str:
    """Explain why a file cannot be read and what to do.

    PyTorch's own texts advise to run the code in the file, so they are not
    repeated.

    Args:
        path (Path): The file.
        error (str): Text of the reader's error.

    Returns:
        str: Message.
    """
    with path.open('rb') as file:
        head = file.read(HEAD_BYTES)
    wrong = (
        _describe_zip(path)
        if head.startswith(_ZIP)
        else describe_wrong_file(head)
    )
    if wrong is not None:
        return f'{path} is not a checkpoint. It is {wrong}.'
    found = re.search(r'GLOBAL (\S+)', error)
    if found:
        return (
            f'{path} does not hold tensors alone: it needs {found.group(1)}. '
            'Reading it could run code of whoever made the file. If you trust '
            'it, load it yourself with the program that wrote it, and save '
            'only its state dict with torch.save.'
        )
    return (
        f'{path} is damaged or not a checkpoint: {_reason(error)}. Copy or '
        'download it again.'
    )


def _describe_zip(path: Path) -> str | None:
    """Describe an archive that PyTorch did not write, or not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return (
            'a truncated ZIP archive, which is what a copy or download that '
            'stopped leaves of a checkpoint; copy or download it again'
        )
    if any(name.endswith('/constants.pkl') for name in names):
        return 'a TorchScript model; save its state_dict() with torch.save'
    if any(name.endswith('/data.pkl') for name in names):
        return None
    shown = ', '.join(map(repr, names[:_MOST_MEMBERS])) or 'nothing'
    return (
        f'a ZIP archive of {shown}; unpack it and pass the checkpoint that '
        'it may contain'
    )


def _reason(error: str) -> str:
    """Return the cause in the text of an error, without advice."""
    refused = re.search(r'WeightsUnpickler error: *\n?(.+)', error)
    if refused:
        error = refused.group(1)
    elif 'weights_only' in error:
        error = 'it is no pickle of tensors'
    line = error.strip().partition('\n')[0].rstrip('.')
    return line or 'unexpected end of file'
