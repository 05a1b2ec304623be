# Copyright (c) clipbert_mm contributors.
"""Tests of the settings of a corpus and of the command made of them."""

import dataclasses
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from clipbert_mm.quickstart.corpus.settings import check_ranges, run_writer


@dataclasses.dataclass(frozen=True)
class Numbers:
    seed: int = 0
    per_item: int = 3


@pytest.mark.parametrize('seed, size', [(0, 1), (9, 5)])
def test_check_ranges__ends_are_valid(seed: int, size: int) -> None:
    check_ranges(SimpleNamespace(seed=seed, size=size), seed=9, size=5)


@pytest.mark.parametrize(
    'name, value, least',
    [
        ('seed', -1, 0),
        ('seed', 10, 0),
        ('size', 0, 1),
        ('size', 6, 1),
        ('size', 2.0, 1),
        ('size', '2', 1),
    ],
)
def test_check_ranges__whole_message(
    name: str, value: Any, least: int
) -> None:
    values = SimpleNamespace(**{'seed': 0, 'size': 1, name: value})
    most = dict(seed=9, size=5)
    with pytest.raises(
        ValueError,
        match=rf'^{name} must be an integer in \[{least}, {most[name]}\], '
        rf'but got {value!r}\.$',
    ):
        check_ranges(values, **most)


@pytest.mark.parametrize('wrote', [True, False])
def test_run_writer__options_are_the_fields(
    wrote: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls: list[tuple] = []

    def generate(*args: Any) -> bool:
        calls.append(args)
        return wrote

    def run(*options: str) -> None:
        monkeypatch.setattr(sys, 'argv', ['corpus', *options])
        run_writer('Write.', Numbers, generate, 'the numbers')

    run('folder')
    run('folder', '--per-item', '7', '--seed', '1', '--processes', '4')
    assert calls == [
        ('folder', Numbers(), 2),
        ('folder', Numbers(seed=1, per_item=7), 4),
    ]
    verb = 'wrote' if wrote else 'found'
    assert capsys.readouterr().out == f'{verb} the numbers in folder\n' * 2


def test_run_writer__defaults_are_in_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, 'argv', ['corpus', '--help'])
    with pytest.raises(SystemExit):
        run_writer('Write.', Numbers, lambda *_: True, 'the numbers')
    shown = capsys.readouterr().out
    assert 'default: 3' in shown
    assert 'Write.' in shown
