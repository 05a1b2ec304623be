# Copyright (c) clipbert_mm contributors.
"""Files of a store are compared with their claims before memory is taken."""

import io
import json
import random
import resource
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipbert_mm.gallery.store_file import RowShape, read_meta, read_row

SHAPE = RowShape(num_texts=9, num_clips=2, num_classes=3)
INDS = np.array([1, 4, 6])
LOGITS = np.arange(18, dtype=np.float32).reshape(3, 2, 3)


def write(path: Path, **changes: Any) -> Path:
    arrays = dict(text_inds=INDS, clip_logits=LOGITS)
    arrays.update(changes)
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return path


def header(shape: tuple[int, ...], dtype: str) -> bytes:
    text = repr(dict(descr=dtype, fortran_order=False, shape=shape)) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text.encode()


def write_members(
    path: Path, method: int = zipfile.ZIP_STORED, **members: bytes
) -> Path:
    with zipfile.ZipFile(path, 'w', method) as archive:
        for name, content in members.items():
            archive.writestr(f'{name}.npy', content)
    return path


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize('logits', [LOGITS, np.asfortranarray(LOGITS)])
def test_read_row__as_written(tmp_path: Path, logits: np.ndarray) -> None:
    row = read_row(write(tmp_path / 'a.npz', clip_logits=logits), SHAPE)
    np.testing.assert_array_equal(row.text_inds.numpy(), INDS)
    np.testing.assert_array_equal(row.clip_logits.numpy(), LOGITS)
    row.clip_logits[0] = 1  # is memory of its own


def test_read_row__without_texts(tmp_path: Path) -> None:
    path = write(
        tmp_path / 'a.npz',
        text_inds=INDS[:0],
        clip_logits=LOGITS[:0],
    )
    assert len(read_row(path, SHAPE).text_inds) == 0


@pytest.mark.parametrize(
    'shape',
    [(10**12,), (2**63,), (10**30,), (-3,), (10**6, 10**6), (4,), (2,)],
)
def test_read_row__claims_more_or_less_than_there_is(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    """With 2 GiB of address space more than this process already has."""
    path = write_members(
        tmp_path / 'a.npz',
        text_inds=header(shape, '<i8') + INDS.tobytes(),
        clip_logits=npy(LOGITS),
    )
    assert path.stat().st_size < 1000
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path('/proc/self/statm').read_text().split()[0])
    resource.setrlimit(
        resource.RLIMIT_AS,
        (pages * resource.getpagesize() + (2 << 30), limits[1]),
    )
    try:
        with pytest.raises(
            ValueError, match=r'claims -?\d+ bytes, but 24 are'
        ):
            read_row(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(text_inds=INDS[:2]), 'there are 2 texts, but logits of 3'),
        (dict(text_inds=INDS[None]), r'1 and 3 dimensions, .* \(1, 3\)'),
        (dict(clip_logits=LOGITS[0]), r'1 and 3 dimensions, .* \(2, 3\)'),
        (dict(clip_logits=LOGITS[:, :1]), '2 clips and 3 classes, .* 1 and 3'),
        (dict(clip_logits=LOGITS[..., :1]), '2 clips and 3 cl.* of 2 and 1'),
        (dict(clip_logits=LOGITS.astype('f8')), 'must be float32, but is flo'),
        (dict(text_inds=INDS.astype('i4')), 'must be int64, but is int32'),
        (dict(text_inds=INDS - 2), 'must be ascending indices'),
        (dict(text_inds=INDS[::-1].copy()), 'must be ascending indices'),
        (dict(text_inds=np.array([1, 1, 2])), 'must be ascending indices'),
        (dict(text_inds=INDS + 3), 'must be below 9, but the last is 9'),
        (dict(text_inds=None), 'expected the members'),
        (dict(other=INDS), 'expected the members'),
        (dict(text_inds=np.array([None])), 'must be int64, but is object'),
    ],
)
def test_read_row__another_shape(
    tmp_path: Path, changes: dict, message: str
) -> None:
    path = write(tmp_path / '000003.npz', **changes)
    with pytest.raises(
        ValueError, match=f'000003.npz is damaged: .*{message}.*Delete it'
    ):
        read_row(path, SHAPE)


def test_read_row__compressed(tmp_path: Path) -> None:
    """A few bytes may hold gigabytes of zeros."""
    zeros = np.zeros((1, 1, 10**6), np.float32)
    path = write_members(
        tmp_path / 'a.npz',
        zipfile.ZIP_DEFLATED,
        text_inds=npy(INDS[:1]),
        clip_logits=npy(zeros),
    )
    with pytest.raises(ValueError, match=r'text_inds.npy is compressed'):
        read_row(path)


def test_read_row__damaged_bytes(tmp_path: Path) -> None:
    content = write(tmp_path / 'a.npz').read_bytes()
    rng = random.Random(0)
    refused = 0
    for attempt in range(400):
        damaged = bytearray(content)
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        if attempt % 4 == 0:
            damaged = damaged[: rng.randrange(len(damaged))]
        (tmp_path / 'b.npz').write_bytes(damaged)
        try:
            read_row(tmp_path / 'b.npz', SHAPE)
        except ValueError:
            refused += 1
    assert refused > 300


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'[1]',
        b'{',
        b'\xff\xfe',
        b'{"a": 1, "a": 2}',
        b'{"a":' * 100000 + b'1' + b'}' * 100000,
        b'{"a": ' + b'9' * 5000 + b'}',
    ],
)
def test_read_meta__damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'meta.json'
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=f'{path} is damaged: .*Name another store'
    ):
        read_meta(path)


def test_read_meta__size_is_bounded(tmp_path: Path) -> None:
    with (tmp_path / 'meta.json').open('wb') as file:
        file.truncate(1 << 40)  # takes no space
    with pytest.raises(ValueError, match='it has 1099511627776 bytes'):
        read_meta(tmp_path / 'meta.json')


def test_read_meta__as_written(tmp_path: Path) -> None:
    found = dict(weights='aa', clips=[0, 1], model=dict(neck=dict(pool=2)))
    (tmp_path / 'meta.json').write_text(json.dumps(found))
    assert read_meta(tmp_path / 'meta.json') == found
