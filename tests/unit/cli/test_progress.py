# Copyright (c) clipbert_mm contributors.
"""Tests of the progress bar of a command."""

import pytest

from clipbert_mm.cli.progress import progress_bar


def test_progress_bar__on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv('FORCE_COLOR', raising=False)
    with progress_bar('Working') as progress:
        assert progress is None
    assert capsys.readouterr().err == ''
    monkeypatch.setenv('FORCE_COLOR', '1')  # rich: this is a terminal
    with progress_bar('Working') as progress:
        progress(1, 2)
    assert 'Working' in capsys.readouterr().err
