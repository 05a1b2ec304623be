# Copyright (c) clipbert_mm contributors.
"""Tests of the converters as commands."""

import argparse
import io
import subprocess
import sys
from pathlib import Path

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.command_line import (
    add_output_options,
    positive,
    run,
)
from clipbert_mm.annotations.official.conversion import Conversion
from clipbert_mm.cli.convert import DATASETS
from tests.toolbox.converting import TOOLS


@pytest.mark.slow
@pytest.mark.parametrize('dataset', DATASETS)
def test_help__imports_nothing_heavy(dataset, tmp_path) -> None:
    result = subprocess.run(
        [
            sys.executable,
            '-X',
            'importtime',
            str(TOOLS / dataset / 'convert.py'),
            '--help',
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0
    assert result.stdout.startswith('usage: convert.py')
    imported = {
        line.split('|')[-1].strip() for line in result.stderr.splitlines()
    }
    assert 'clipbert_mm.annotations.official.conversion' in imported
    assert not imported & {'torch', 'numpy', 'mmengine'}


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_output_options(parser)
    return parser.parse_args(arguments)


def test_output_options(capsys: pytest.CaptureFixture[str]) -> None:
    args = parse('--out', 'a')
    assert vars(args) == dict(
        out='a', overwrite=False, allow_leaks=False, json=False
    )
    args = parse('--out', 'a', '--overwrite', '--allow-leaks')
    assert vars(args) == dict(
        out='a', overwrite=True, allow_leaks=True, json=False
    )
    with pytest.raises(SystemExit):
        parse('--overwrite')
    assert 'required: --out' in capsys.readouterr().err


@pytest.mark.parametrize('text', ['1', '1500', '007'])
def test_positive(text: str) -> None:
    assert positive(text) == int(text)


@pytest.mark.parametrize('text', ['0', '-1', '1.5', '', ' 1', 'ten', '9' * 19])
def test_positive__of_something_else(text: str) -> None:
    with pytest.raises(
        argparse.ArgumentTypeError,
        match=f'^expected an integer >= 1, but got {text!r}$',
    ):
        positive(text)


def test_run__prints_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = parse('--out', str(tmp_path))
    assert run(Conversion, args) == 0
    captured = capsys.readouterr()
    assert captured.out == f'{Conversion(args).report()}\n'
    assert captured.err == ''


@pytest.mark.parametrize(
    'error', [AnnotationError('a.json:3: no.'), FileNotFoundError('no file')]
)
def test_run__prints_the_error_alone(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    def convert(args: argparse.Namespace) -> Conversion:
        raise error

    assert run(convert, parse('--out', 'a')) == 1
    assert capsys.readouterr() == ('', f'{error}\n')


def test_run__mistakes_of_the_code_are_not_hidden() -> None:
    def convert(args: argparse.Namespace) -> Conversion:
        raise KeyError('x')

    with pytest.raises(KeyError):
        run(convert, parse('--out', 'a'))


def test_run__on_a_terminal_of_few_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding='ascii')
    monkeypatch.setattr(sys, 'stdout', terminal)
    assert run(Conversion, parse('--out', 'caf\u00e9')) == 0
    terminal.flush()
    assert written.getvalue().endswith(b'written to caf\\xe9\n')
