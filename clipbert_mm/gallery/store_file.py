# Copyright (c) clipbert_mm contributors.
"""Read a file of a score store, of which nothing is believed unchecked."""

import math
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch
from numpy.lib import format as npy_format
from torch import Tensor

from clipbert_mm.annotations.strict_json import StrictJSONError, decode_all

# Far more than any fingerprint takes.
_MOST_META_BYTES = 16 << 20

_DTYPES: dict[str, np.dtype] = dict(
    text_inds=np.dtype('<i8'), clip_logits=np.dtype('<f4')
)
_READERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}


class VideoLogits(NamedTuple):
    """Logits of some clips of one video with some texts."""

    text_inds: Tensor  # (m, ), int64, ascending indices in the text bank
    clip_logits: Tensor  # (m, c, K), float32


class RowShape(NamedTuple):
    """Sizes that the logits of every video of a run have.

    Args:
        num_texts (int): M.
        num_clips (int): Number of clips of the pass.
        num_classes (int): K.
    """

    num_texts: int
    num_clips: int
    num_classes: int


def read_row(path: Path, shape: RowShape | None = None) -> VideoLogits:
    """Read the logits of a video.

    Sizes are compared with those of the file before memory is taken.

    Args:
        path (Path): File that ``np.savez`` wrote.
        shape (RowShape | None): Sizes to expect. Defaults to None: any.

    Returns:
        VideoLogits: The logits.

    Raises:
        ValueError: If the file is damaged or of another shape.
    """
    with path.open('rb') as file:
        try:
            arrays = _read_arrays(file)
            _check_row(arrays['text_inds'], arrays['clip_logits'], shape)
        except Exception as error:  # the reader of archives raises many kinds
            raise ValueError(
                f'{path} is damaged: {error}. Delete it, and the video will '
                'be scored again.'
            ) from error
    return VideoLogits(
        torch.from_numpy(arrays['text_inds']),
        torch.from_numpy(arrays['clip_logits']),
    )


def _read_arrays(file: BinaryIO) -> dict[str, np.ndarray]:
    """Read both arrays of a video."""
    with zipfile.ZipFile(file) as archive:
        names = sorted(archive.namelist())
        wanted = sorted(f'{name}.npy' for name in _DTYPES)
        if names != wanted:
            raise ValueError(
                f'expected the members {wanted}, but got {names[:4]}'
            )
        return {
            name: _read_array(archive, f'{name}.npy', dtype)
            for name, dtype in _DTYPES.items()
        }


def _read_array(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype
) -> np.ndarray:
    """Read an array that takes exactly the bytes of its member."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f'{name} is compressed')
    with archive.open(info) as file:
        version = npy_format.read_magic(file)
        if version not in _READERS:
            raise ValueError(f'{name} has the unknown version {version}')
        shape, by_column, found = _READERS[version](file)
        if found != dtype:
            raise ValueError(f'{name} must be {dtype}, but is {found}')
        # Python's integers do not overflow.
        size = math.prod(shape) * dtype.itemsize
        left = min(info.file_size, info.compress_size) - file.tell()
        if min(shape, default=0) < 0 or size != left:
            raise ValueError(
                f'{name} claims {size} bytes, but {left} are there'
            )
        content = file.read(size)
    array = np.frombuffer(content, dtype).reshape(
        shape, order='F' if by_column else 'C'
    )
    return np.array(array)  # writable


def _check_row(
    text_inds: np.ndarray, clip_logits: np.ndarray, shape: RowShape | None
) -> None:
    """Raise unless both arrays fit each other and the run."""
    if text_inds.ndim != 1 or clip_logits.ndim != 3:
        raise ValueError(
            f'text_inds and clip_logits must have 1 and 3 dimensions, but '
            f'have the shapes {text_inds.shape} and {clip_logits.shape}'
        )
    if len(text_inds) != len(clip_logits):
        raise ValueError(
            f'there are {len(text_inds)} texts, but logits of '
            f'{len(clip_logits)}'
        )
    if (np.diff(text_inds) <= 0).any() or (text_inds < 0).any():
        raise ValueError('text_inds must be ascending indices')
    if shape is None:
        return
    found = clip_logits.shape[1:]
    if found != (shape.num_clips, shape.num_classes):
        raise ValueError(
            f'logits must be of {shape.num_clips} clips and '
            f'{shape.num_classes} classes, but are of {found[0]} and '
            f'{found[1]}'
        )
    if len(text_inds) and text_inds[-1] >= shape.num_texts:
        raise ValueError(
            f'text_inds must be below {shape.num_texts}, but the last is '
            f'{text_inds[-1]}'
        )


def read_meta(path: Path) -> dict[str, Any]:
    """Read the fingerprint of a store.

    Args:
        path (Path): ``meta.json`` of the store.

    Returns:
        dict[str, Any]: The fingerprint.

    Raises:
        ValueError: If the file is damaged.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_META_BYTES:
            raise ValueError(f'it has {size} bytes')
        found = decode_all(path.read_text(encoding='utf-8'))
        if not isinstance(found, dict):
            raise ValueError(f'it holds a {type(found).__name__}')
    except (StrictJSONError, ValueError) as error:
        raise ValueError(
            f'{path} is damaged: {error}. Name another store, or delete the '
            'folder.'
        ) from error
    return found
