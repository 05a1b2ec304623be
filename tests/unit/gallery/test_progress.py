# Copyright (c) clipbert_mm contributors.
"""Progress of a pass: the time left is logged once."""

import pytest

from clipbert_mm.gallery import progress
from clipbert_mm.gallery.progress import PassProgress


@pytest.mark.parametrize(
    'sizes, seconds', [([1] * 9, 12), ([2, 2, 2, 3], 8), ([9], 0)]
)
def test_progress__logs_the_time_left_once(
    sizes: list[int], seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, 'perf_counter', lambda: now)
    lines: list[str] = []
    bar = PassProgress(9, lines.append)
    now = 6.0
    for size in sizes:
        bar.update(size)
    (line,) = lines
    assert line.startswith(f'About {seconds} s left of this pass')


def test_progress__other_processes_are_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, 'is_main_process', lambda: False)
    lines: list[str] = []
    bar = PassProgress(4, lines.append)
    bar.update(4)
    assert lines == []
    assert capsys.readouterr().out == ''
