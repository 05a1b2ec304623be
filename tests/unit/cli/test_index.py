# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm index`, in this process."""

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
