# Copyright (c) clipbert_mm contributors.
"""Tests of reading with PyAV: damage, and the frames it skips."""

import ctypes
import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.options import ReadOptions
from clipbert_mm.media.readers.pyav_reader import PyAVReader
from tests.toolbox.numbered_video import number_of, write_numbered


def test_pyav__frames_that_cannot_be_decoded(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 60, gop=30)
    content = bytearray(path.read_bytes())
    start = content.index(b'mdat')
    middle = start + (content.index(b'moov') - start) // 2
    content[middle : content.index(b'moov')] = bytes(
        content.index(b'moov') - middle
    )
    path.write_bytes(bytes(content))
    reader = PyAVReader(io.BytesIO(path.read_bytes()), str(path))
    assert number_of(reader.get_batch([5]).asnumpy()[0]) == 5
    with pytest.raises(MediaError, match=r"a.mp4': it is damaged: FFmpeg re"):
        reader.get_batch([5, 58])
    reader = PyAVReader(
        io.BytesIO(path.read_bytes()), str(path), ReadOptions(on_damage='use')
    )
    with pytest.raises(MediaError, match=r"a.mp4': PyAV cannot decode it"):
        reader.get_batch([5, 58])


@pytest.mark.parametrize(
    'options, number, most',
    [
        (dict(), 90, 79),  # skips frames that no other depends on
        (dict(bf='0', gop=30), 110, 30),  # starts at the key frame before
    ],
)
def test_pyav__decodes_few_frames(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    number: int,
    most: int,
) -> None:
    """This makes it fast, and must not change the pixels."""
    path = write_numbered(tmp_path / 'a.mp4', 120, **options)
    decoded = []
    reader = PyAVReader(io.BytesIO(path.read_bytes()), str(path))
    search = reader._search

    def counting(*args: Any, **kwargs: Any) -> None:
        search(*args, **kwargs)
        decoded.append(reader._cursor._number)

    monkeypatch.setattr(reader, '_search', counting)
    got = reader.get_batch([number]).asnumpy()
    assert 0 < decoded[-1] <= most
    with av.open(str(path)) as container:
        for i, frame in enumerate(container.decode(video=0)):
            if i == number:
                expected = frame.to_ndarray(format='rgb24')
    np.testing.assert_array_equal(got[0], expected)


class _Allocated(ctypes.Structure):
    """What glibc's ``mallinfo2`` returns."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *('arena', 'ordblks', 'smblks', 'hblks', 'hblkhd'),
            *('usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost'),
        )
    ]


def allocated() -> int:
    """Return the number of bytes that are allocated outside of Python."""
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _Allocated
    info = library.mallinfo2()
    return info.uordblks + info.hblkhd


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), 'mallinfo2'),
    reason='needs glibc 2.33, which counts its memory',
)
def test_pyav__seeking_keeps_no_memory(tmp_path: Path) -> None:
    """A demuxer that is left early lost 150 bytes at each seek."""
    path = write_numbered(tmp_path / 'a.mp4', 40, gop=10)
    with PyAVReader(path.open('rb'), str(path)) as reader:

        def seek(number: int) -> None:
            for _ in range(number):
                reader.get_batch([35])
                reader.get_batch([5])

        seek(100)
        before = allocated()
        seek(200)
        assert allocated() - before < 20_000  # was 60,000
