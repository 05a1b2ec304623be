# Copyright (c) clipbert_mm contributors.
"""Tests of results that appear when they are complete."""

import errno
import os
import pickle
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from clipbert_mm.media.compression.output import WriteError, write_whole


def test_write_whole__appears_when_complete(tmp_path: Path) -> None:
    target = tmp_path / 'deep' / 'a.mp4'
    with write_whole(target) as output:
        output.write(b'1234')
        assert not target.exists()
        output.clear()
        output.write(b'56')
    assert target.read_bytes() == b'56'
    with suppress(KeyError), write_whole(target) as output:
        output.write(b'78')
        raise KeyError
    assert target.read_bytes() == b'56'
    assert os.listdir(target.parent) == ['a.mp4']


def test_write_whole__a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / 'a').mkdir()
    with (
        pytest.raises(WriteError, match='cannot be written: Is a directory'),
        write_whole(tmp_path / 'a') as output,
    ):
        output.write(b'1')
    assert os.listdir(tmp_path) == ['a']


def test_write_whole__a_failure_that_the_caller_hides(tmp_path: Path) -> None:
    target = tmp_path / 'a'
    with (
        pytest.raises(WriteError, match='cannot be written: File too large'),
        file_size_limit(1000),
        write_whole(target) as output,
        suppress(WriteError),
    ):
        output.write(bytes(10**6))
    assert os.listdir(tmp_path) == []


@contextmanager
def file_size_limit(num_bytes: int) -> Iterator[None]:
    """Let the system refuse to write longer files."""
    earlier = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, earlier[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, earlier)


def test_write_error__lasting(tmp_path: Path) -> None:
    full = WriteError(tmp_path, OSError(errno.ENOSPC, 'No space left'))
    assert pickle.loads(pickle.dumps(full)).is_lasting
    long = WriteError(tmp_path, OSError(errno.ENAMETOOLONG, 'Too long'))
    assert not long.is_lasting
