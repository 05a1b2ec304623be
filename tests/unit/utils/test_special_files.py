# Copyright (c) clipbert_mm contributors.
"""Tests of what is no regular file."""

import os
import socket
from pathlib import Path

import pytest

from clipbert_mm.utils.special_files import endless_kind, special_kind


def test_special_kind__of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    Path('file').touch()
    os.mkfifo('pipe')
    with socket.socket(socket.AF_UNIX) as server:
        server.bind('socket')
    for path, kind in (
        ('file', None),
        ('.', 'a folder'),
        ('pipe', 'a named pipe'),
        ('socket', 'a socket'),
        ('/dev/null', 'a device'),
    ):
        assert special_kind(os.stat(path)) == kind
        assert endless_kind(path) == kind


def test_endless_kind__a_pipe_between_two_programs_ends() -> None:
    source, target = os.pipe()
    try:
        assert special_kind(os.fstat(source)) == 'a named pipe'
        assert endless_kind(f'/dev/fd/{source}') is None
    finally:
        os.close(source)
        os.close(target)
