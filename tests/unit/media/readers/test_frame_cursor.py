# Copyright (c) clipbert_mm contributors.
"""Tests of the place from which frames are decoded."""

from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.media.options import DEFAULTS
from clipbert_mm.media.readers.frame_cursor import FrameCursor
from tests.toolbox.numbered_video import number_of, write_numbered


@pytest.mark.parametrize(
    'name, options',
    [
        ('a.mp4', dict(gop=10)),
        ('a.ts', dict(gop=10)),
        ('a.mpg', dict(codec='mpeg2video', gop=10, bf='2')),
        ('b.ts', dict(codec='mpeg4', gop=10, bf='2')),
    ],
)
def test_cursor__begins_at_the_key_frame_before(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    """Some demuxers land between key frames, or behind the right one."""
    path = write_numbered(tmp_path / name, 60, **options)
    with path.open('rb') as file:
        cursor = FrameCursor(file, str(path), DEFAULTS)
        index = cursor.index
        keys = set(index.key_stamps.tolist())
        assert len(keys) >= 6
        for number in (5, 57, 30, 12, 59, 0):
            stamp = int(index.stamps[number])
            cursor.go_before(stamp)
            shown = {}
            for i, packet in enumerate(cursor.packets()):
                assert i or packet.pts in keys
                for at, frame in cursor.decode(packet):
                    shown[at] = number_of(frame.to_ndarray(format='rgb24'))
                if stamp in shown:
                    break
            assert shown[stamp] == number
            assert len(shown) <= 14
        cursor.close()


def test_cursor__goes_on_if_that_is_shorter(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 40, gop=20, bf='0')
    with path.open('rb') as file:
        cursor = FrameCursor(file, str(path), DEFAULTS)
        stamps = cursor.index.stamps.tolist()
        cursor.go_before(stamps[5])
        packets = cursor.packets()
        decoded = [cursor.decode(next(packets)) for _ in range(6)]
        assert [stamp for pairs in decoded for stamp, _ in pairs][-1] < 10**9
        cursor.go_before(stamps[15])
        first = next(cursor.packets())
        assert first.pts == stamps[6]
        cursor.go_before(stamps[25])  # another group of pictures
        assert next(cursor.packets()).pts == stamps[20]
        cursor.close()
