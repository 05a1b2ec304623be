# Copyright (c) clipbert_mm contributors.
"""Tests of tables for people."""

from rich.console import Console

from clipbert_mm.cli.tables import clip_bars, make_table


def test_make_table__shows_names_as_they_are() -> None:
    console = Console(width=200)
    cells = ['[red]a[/red].mp4', 'b\x1b[31m\n.mp4', 'c\udce9.mp4']
    with console.capture() as capture:
        console.print(make_table('[bold]', ['video'], [[c] for c in cells]))
    text = capture.get()
    for shown in ('[bold]', *cells[:1], 'b\\x1b[31m\\n.mp4', 'c\\udce9.mp4'):
        assert shown in text


def test_clip_bars__grow_with_the_score() -> None:
    scores = [i / 20 for i in range(21)]
    bars = clip_bars([(i, i + 1, score) for i, score in enumerate(scores)])
    assert list(bars) == sorted(bars)
    assert (bars[0], bars[-1], len(set(bars))) == ('▁', '█', 8)
