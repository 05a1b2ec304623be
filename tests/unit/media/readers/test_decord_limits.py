# Copyright (c) clipbert_mm contributors.
"""Tests of the comparison of decord's time stamps with those of packets."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from clipbert_mm.media.options import DEFAULTS
from clipbert_mm.media.packet_index import PacketIndex
from clipbert_mm.media.readers.decord_limits import (
    check_for_decord,
    compare_frames,
)
from tests.toolbox.media import write_video
from tests.toolbox.remuxing import remux

STAMPS = np.array([0, 40, 80, 120, 140])  # milliseconds, a variable rate
INDEX = PacketIndex(
    STAMPS, STAMPS, np.full(5, 40), STAMPS[:1], 0.001, 25.0, counted=False
)
SECONDS = STAMPS / 1000


def test_compare_frames__equal_but_for_an_offset() -> None:
    for offset in (0.0, 2.0, -1.5):
        assert compare_frames(SECONDS + offset, INDEX) == ''
    # A tolerance of half the shortest frame, 20 ms.
    near = SECONDS + np.array([0, 0.009, -0.009, 0.009, -0.009])
    assert compare_frames(near, INDEX) == ''


@pytest.mark.parametrize(
    'starts, difference',
    [
        (SECONDS[:4], 'decord finds 4 frames, but PyAV 5'),
        (SECONDS[[0, 2, 1, 3, 4]], 'its time stamps do not ascend'),
        (SECONDS[[0, 1, 1, 3, 4]], 'its time stamps do not ascend'),
        ([0, 0.04, np.nan, 0.12, 0.14], 'its time stamps do not ascend'),
        ([0, 0.04, 0.08, 0.12, np.inf], 'its time stamps do not ascend'),
        (
            [0, 0.04, 0.08, 0.12, 0.152],
            'decord reports other time stamps than PyAV',
        ),
        (SECONDS * 2, 'decord reports other time stamps than PyAV'),
    ],
)
def test_compare_frames__differences(
    starts: np.ndarray, difference: str
) -> None:
    assert compare_frames(np.array(starts), INDEX) == difference


def test_compare_frames__of_one_frame() -> None:
    one = INDEX._replace(
        stamps=STAMPS[:1], times=STAMPS[:1], durations=np.array([40])
    )
    assert compare_frames(np.array([7.0]), one) == ''


@pytest.mark.parametrize(
    'suffix, refusal',
    [
        ('mp4', ''),
        ('mkv', ''),
        ('ts', 'decord cannot seek in MPEG-TS (MPEG-2 Transport Stream)'),
    ],
)
def test_check_for_decord__of_a_container(
    tmp_path: Path, suffix: str, refusal: str
) -> None:
    source = write_video(tmp_path / 'a.mp4', 8)
    path = remux(source, tmp_path / f'b.{suffix}')
    with path.open('rb') as file:
        found = check_for_decord(file, str(path), DEFAULTS)
    assert found.refusal == refusal
    assert len(found.packets.stamps) == 8


def test_check_for_decord__of_no_video() -> None:
    with pytest.raises(av.error.FFmpegError):
        check_for_decord(io.BytesIO(b'not a video'), 'a', DEFAULTS)
