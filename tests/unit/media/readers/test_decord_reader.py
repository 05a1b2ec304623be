# Copyright (c) clipbert_mm contributors.
"""Tests of reading with decord: its errors, and overlapping clips."""

import io
from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.readers import decord_limits
from clipbert_mm.media.readers.decord_reader import DecordReader
from tests.toolbox.media import index_of, write_gif, write_video


@pytest.fixture
def reader(tmp_path: Path) -> DecordReader:
    path = write_video(tmp_path / 'a.mp4', 30)
    return DecordReader(io.BytesIO(path.read_bytes()), str(path))


def test_decord__errors_without_time_and_line_of_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = write_gif(tmp_path / 'a.gif').read_bytes()
    monkeypatch.setattr(decord_limits, '_CONTAINERS', ('gif',))
    monkeypatch.setattr(decord_limits, '_CODECS', ('gif',))
    with pytest.raises(
        MediaError,
        match=r"^cannot use 'a.gif': decord cannot decode it: \[BytesIO\] "
        "Failed to measure duration/frame-count.*set decoder='pyav'",
    ):
        DecordReader(io.BytesIO(content), 'a.gif')


def test_decord__mistakes_in_the_code_stay_what_they_are(
    reader: DecordReader,
) -> None:
    with pytest.raises(IndexError, match='Out of bound indices'):
        reader.get_batch([30])


def test_decord__each_frame_is_decoded_once_and_forwards(
    reader: DecordReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    get_batch = reader._reader.get_batch

    def recorded(indices: np.ndarray) -> object:
        asked.append(list(indices))
        return get_batch(indices)

    monkeypatch.setattr(reader._reader, 'get_batch', recorded)
    wanted = [4, 28, 2, 26, 4, 28]
    frames = reader.get_batch(wanted).asnumpy()
    assert [index_of(frame) for frame in frames] == wanted
    assert asked == [[2, 4, 26, 28]]


def test_decord__ordered_frames_are_not_copied(
    reader: DecordReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = reader._reader.get_batch([1, 5])
    frames = batch.asnumpy()
    monkeypatch.setattr(batch, 'asnumpy', lambda: frames, raising=False)
    monkeypatch.setattr(reader._reader, 'get_batch', lambda indices: batch)
    assert reader.get_batch([1, 5]).asnumpy() is frames
