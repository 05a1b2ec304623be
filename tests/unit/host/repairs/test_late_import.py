# Copyright (c) clipbert_mm contributors.
"""Tests of modules that are repaired when they are imported."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clipbert_mm.host.repairs.late_import import (
    LateFinder,
    promise_at_import,
    run_at_import,
)


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that counts how often it is executed."""
    name = f'late_{tmp_path.name}'
    (tmp_path / f'{name}.py').write_text('count = 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    LateFinder.of_process().runs.pop(name, None)
    sys.modules.pop(name, None)


def test_run_at_import__runs_once_and_hides_its_loader(name: str) -> None:
    seen = []

    def run(module, execute):
        execute(module)
        seen.append(module.count)
        module.count = 2

    run_at_import(name, run)
    assert importlib.util.find_spec(name).origin.endswith(f'{name}.py')
    assert not seen  # a search imports nothing
    module = importlib.import_module(name)
    assert importlib.import_module(name).count == 2
    assert seen == [1]
    assert module.__loader__ is module.__spec__.loader
    assert type(module.__loader__).__name__ == 'SourceFileLoader'
    assert importlib.reload(module).count == 2
    assert seen == [1, 1]


def test_run_at_import__a_later_function_replaces_an_earlier(
    name: str,
) -> None:
    run_at_import(name, lambda module, execute: None)
    run_at_import(name, lambda module, execute: execute(module))
    assert importlib.import_module(name).count == 1
    finders = [f for f in sys.meta_path if isinstance(f, LateFinder)]
    assert len(finders) == 1


def test_run_at_import__errors_are_those_of_the_module(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / f'{name}.py').write_text('1 / 0\n')
    run_at_import(name, lambda module, execute: execute(module))
    with pytest.raises(ZeroDivisionError):
        importlib.import_module(name)
    assert name not in sys.modules
    run_at_import('late_but_nowhere', lambda module, execute: None)
    with pytest.raises(ModuleNotFoundError, match='late_but_nowhere'):
        importlib.import_module('late_but_nowhere')
    del LateFinder.of_process().runs['late_but_nowhere']


def test_promise_at_import__only_the_names_that_are_promised(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / f'{name}.py').write_text(
        'from fractions import Fraction\n'
        'from decimal import Decimal, getcontext\n'
    )
    promise_at_import(name, 'fractions', Fraction='promised')
    promise_at_import('late_other', 'decimal', Decimal='promised')
    module = importlib.import_module(name)
    assert module.Fraction == 'promised'
    assert module.Decimal.__module__ == 'decimal'  # another module's promise
    promise_at_import(name, 'decimal', Decimal='promised')
    module = importlib.reload(module)
    assert module.Fraction(1, 2) + module.Fraction(1, 2) == 1
    assert module.Decimal.__module__ == 'decimal'  # of two names, one promised
    del LateFinder.of_process().runs['late_other']
