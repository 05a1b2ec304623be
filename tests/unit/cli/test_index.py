# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm index`, in this process."""

import json
from pathlib import Path

import pytest

from tests.toolbox.indexing import NUMBER, run

from .conftest import Indexed


def test_index__says_what_has_changed(indexed: Indexed) -> None:
    printed = indexed.printed
    assert printed['index'] == str(indexed.folder)
    assert (printed['added'], printed['same']) == (NUMBER + 1, 0)
    (unreadable,) = printed['unreadable']
    assert Path(unreadable['video']).name == 'page.mp4'
    assert 'it is a web page' in unreadable['reason']
    assert printed['bytes_per_hour'] > 0


def test_index__again_and_with_other_options(
    indexed: Indexed, capsys: pytest.CaptureFixture
) -> None:
    folder = indexed.folder
    assert run('index', indexed.videos, '--out', folder) == 0
    assert '0 added, 0 changed, 0 moved, 0 removed, 5 same' in (
        capsys.readouterr().out
    )
    assert run('index', indexed.videos, '--out', folder, '--clips', 8) == 1
    assert 'has --clips 3, but got 8' in capsys.readouterr().err
    assert (
        run('index', indexed.videos, '--out', indexed.videos / 'page.mp4') == 2
    )
    assert run('index', '/none', '--out', folder) == 2


def test_index__engines(
    indexed: Indexed, capsys: pytest.CaptureFixture
) -> None:
    words = ('index', indexed.videos, '--out', indexed.folder)
    assert run(*words, '--engine', 'spark') == 1
    assert "engine must be one of ['local', 'ray']" in capsys.readouterr().err
    assert run(*words, '--address', 'auto') == 1
    assert "address='auto' needs engine='ray'" in capsys.readouterr().err


def test_index__shards(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ('index', indexed.videos, '--out', indexed.folder, '--shard')
    same = 0
    for shard in ('1/2', '2/2'):
        assert run(*words, shard, '--json') == 0
        same += json.loads(capsys.readouterr().out)['same']
    assert same == NUMBER + 1
    assert run(*words, 'one') == 2
    assert "expected I/N, as 1/8, but got 'one'" in capsys.readouterr().err
    assert run(*words, '3/2') == 1
    assert 'must be one of 1 to 2' in capsys.readouterr().err
    none = tmp_path / 'none'
    assert run(*words[:3], none, '--shard', '1/2') == 1
    assert 'there is no index in' in capsys.readouterr().err
    assert not none.exists()
