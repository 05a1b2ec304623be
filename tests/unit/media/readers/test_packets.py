# Copyright (c) clipbert_mm contributors.
"""Tests of reading the packets of videos that other libraries decode."""

import io
from pathlib import Path

import pytest

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import MediaLimits
from clipbert_mm.media.options import DEFAULTS
from clipbert_mm.media.readers.packets import read_packets
from tests.toolbox.numbered_video import write_numbered


def test_read_packets__of_a_video(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / 'a.mkv', 30, gop=10)
    with (
        path.open('rb') as file,
        read_packets(file, 'a', DEFAULTS) as (container, stream, index),
    ):
        assert container.format.name == 'matroska,webm'
        assert (stream.width, len(index.stamps)) == (160, 30)
        assert len(index.key_stamps) == 3


def test_read_packets__damaged_or_above_a_limit(tmp_path: Path) -> None:
    content = write_numbered(tmp_path / 'a.mkv', 30, gop=10).read_bytes()
    half = io.BytesIO(content[: len(content) // 2])
    with (
        pytest.raises(MediaError, match='it is damaged: FFmpeg reports "matr'),
        read_packets(half, 'a', DEFAULTS),
    ):
        raise AssertionError('it must not be entered')
    used = DEFAULTS._replace(on_damage='use')
    with read_packets(half, 'a', used) as packets:
        assert 0 < len(packets[2].stamps) < 30
    limited = DEFAULTS._replace(limits=MediaLimits(frames=29))
    with (
        pytest.raises(MediaError, match='it has 30 frames or more'),
        read_packets(io.BytesIO(content), 'a', limited),
    ):
        raise AssertionError('it must not be entered')
