# Copyright (c) clipbert_mm contributors.
"""Tests of which errors are about a medium, with those of real decoders."""

import pickle
from pathlib import Path

import decord
import pytest

from clipbert_mm.media.errors import (
    MediaError,
    is_decord_error,
    is_media_error,
)


def test_media_error__message_and_parts() -> None:
    error = MediaError("it's.mp4", 'it is empty')
    assert str(error) == 'cannot use "it\'s.mp4": it is empty'
    assert (error.filename, error.reason) == ("it's.mp4", 'it is empty')


def test_media_error__travels_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(MediaError('a.mp4', 'it is empty')))
    assert isinstance(error, MediaError)
    assert str(error) == "cannot use 'a.mp4': it is empty"


def error_of_decord(path: Path) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        decord.VideoReader(str(path))
    return raised.value


def test_is_media_error__those_of_decord(tmp_path: Path) -> None:
    text = tmp_path / 'text.mp4'
    text.write_text('not a video')
    for path in (text, tmp_path / 'missing.mp4'):
        error = error_of_decord(path)
        assert is_decord_error(error), repr(error)
        assert is_media_error(error)


def test_is_media_error__class_of_decord() -> None:
    error = decord.DECORDError('Unable to handle EOF')
    assert is_decord_error(error)
    assert is_media_error(error)


@pytest.mark.parametrize(
    'error, about_media',
    [
        (MediaError('a.mp4', 'it is empty'), True),
        (FileNotFoundError('a.mp4'), True),
        (PermissionError('a.mp4'), True),
        (AssertionError('Invalid frame count: 0'), True),
        (RuntimeError('Error reading a.mp4...'), True),
        (RuntimeError('CUDA out of memory'), False),
        (RuntimeError('while Error reading'), False),
        (AssertionError('Error reading '), False),
        (ValueError('Error reading a.mp4'), False),
        (KeyError('imgs'), False),
        (MemoryError(), False),
    ],
)
def test_is_media_error__others(error: Exception, about_media: bool) -> None:
    assert is_media_error(error) is about_media
