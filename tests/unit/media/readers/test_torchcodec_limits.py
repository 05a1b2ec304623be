# Copyright (c) clipbert_mm contributors.
"""Tests of the forms that torchcodec reads wrongly."""

from pathlib import Path

import pytest

from clipbert_mm.media.options import DEFAULTS
from clipbert_mm.media.readers.packets import read_packets
from clipbert_mm.media.readers.torchcodec_limits import torchcodec_refusal
from tests.toolbox.numbered_video import write_numbered
from tests.toolbox.remuxing import remux


@pytest.mark.parametrize(
    'name, start, refusal',
    [
        ('b.mkv', None, ''),
        ('b.ts', None, 'torchcodec cannot seek in MPEG-TS'),
        ('b.mp4', 0.5, 'torchcodec shows frames that its edit list hides'),
        ('b.wmv', None, 'torchcodec takes its B-frames for their neighbours'),
    ],
)
def test_torchcodec_refusal(
    tmp_path: Path, name: str, start: float | None, refusal: str
) -> None:
    source = write_numbered(tmp_path / 'a.mp4', 30)
    path = remux(source, tmp_path / name, start=start)
    with (
        path.open('rb') as file,
        read_packets(file, str(path), DEFAULTS) as packets,
    ):
        found = torchcodec_refusal(*packets)
        # A reason for every refusal, and none without.
        assert bool(found) == bool(refusal)
        assert found.startswith(refusal)
