# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm serve` before it serves."""

import socket
from pathlib import Path

import pytest

from tests.toolbox.indexing import run

from .conftest import Indexed


def test_serve__what_prevents_it(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run('serve', tmp_path) == 1
    assert 'there is no index in' in capsys.readouterr().err
    assert run('serve', indexed.folder, '--port', 70000) == 2
    capsys.readouterr()
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        assert run('serve', indexed.folder, '--port', port) == 1
    assert 'in use' in capsys.readouterr().err


@pytest.mark.slow
def test_serve__options_of_ray(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ('serve', indexed.folder)
    assert run(*words, '--engine', 'other') == 2
    for option, value in (('--replicas', 2), ('--address', 'auto')):
        assert run(*words, option, value) == 2
        assert 'needs --engine ray' in capsys.readouterr().err
    pytest.importorskip('ray.serve', reason='the extra ray is not installed')
    assert run('serve', tmp_path, '--engine', 'ray') == 1
    assert 'there is no index in' in capsys.readouterr().err
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        assert run(*words, '--engine', 'ray', '--port', port) == 1
    assert 'in use' in capsys.readouterr().err
