# Copyright (c) clipbert_mm contributors.
"""Tests of what surrounds the work of a command."""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest
import typer

from clipbert_mm.cli.running import (
    CommandError,
    Outcome,
    Status,
    run,
    run_lines,
)
from clipbert_mm.utils.warning import warn_caller
from tests.toolbox.processes import run_python


def status_of(work, as_json: bool = False, debug: bool = False) -> int:
    with pytest.raises(typer.Exit) as exit_:
        run(work, as_json, debug)
    return exit_.value.exit_code


def failing(error: BaseException):
    def work() -> Outcome:
        raise error

    return work


def test_run__prints_a_table_or_json(capsys) -> None:
    def work() -> Outcome:
        sys.stdout.write('loading\n')
        return Outcome(dict(a=[1]), 'a text', Status.NOTHING_MATCHED)

    assert status_of(work) == 3
    assert capsys.readouterr() == ('a text\n', 'loading\n')
    assert status_of(work, as_json=True) == 3
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == (dict(a=[1]), 'loading\n')


@pytest.mark.parametrize(
    'error, status, line',
    [
        (ValueError('a\nb'), 1, 'error: a b'),
        (
            FileNotFoundError(2, 'No such', 'x\n'),
            1,
            "[Errno 2] No such: 'x\\n'",
        ),
        (KeyError('a'), 1, "KeyError: 'a'. Run the command with --debug"),
        (ValueError(), 1, 'ValueError: . Run the command with --debug'),
        (KeyboardInterrupt(), 130, 'stopped'),
        (CommandError('bad', Status.UNREADABLE, {}), 4, 'error: bad'),
    ],
)
def test_run__errors_are_one_line(
    capsys, error: BaseException, status: int, line: str
) -> None:
    assert status_of(failing(error)) == status
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('clipbert-mm: ')
    assert line in err
    assert err.count('\n') == 1


def test_run__debug_shows_where(capsys) -> None:
    assert status_of(failing(ValueError('a')), debug=True) == 1
    err = capsys.readouterr().err
    assert 'Traceback (most recent call last)' in err
    assert err.endswith('\nclipbert-mm: error: a\n')


def test_run__document_of_an_error(capsys) -> None:
    error = CommandError('bad', Status.UNREADABLE, dict(skipped=['a']))
    assert status_of(failing(error), as_json=True) == 4
    assert json.loads(capsys.readouterr().out) == dict(skipped=['a'])
    assert status_of(failing(ValueError('a')), as_json=True) == 1
    assert capsys.readouterr().out == ''


def test_run__wrong_usage_is_left_to_typer() -> None:
    with pytest.raises(typer.BadParameter, match='a'):
        run(failing(typer.BadParameter('a')), False, False)


def test_run__warnings_for_the_user_once(capsys) -> None:
    def work() -> Outcome:
        warn_caller('first\n  second')
        warn_caller('first\n  second')
        warnings.warn('of a library', UserWarning, stacklevel=1)
        return Outcome({}, 'text')

    assert status_of(work) == 0
    assert capsys.readouterr().err == 'clipbert-mm: warning: first second\n'


CLOSED = """
import os, sys
from clipbert_mm.cli.running import Outcome, run
import typer
{close}
try:
    run(lambda: Outcome(dict(a=list(range(10 ** 6))), 'text'), {json}, False)
except typer.Exit as end:
    sys.exit(end.exit_code)
"""
# A pipe whose reader is gone; no standard output at all.
GONE = 'ends = os.pipe(); os.close(ends[0]); os.dup2(ends[1], 1)'
NONE = 'sys.stdout.close(); sys.stdout = None'


@pytest.mark.slow
@pytest.mark.parametrize('close', [GONE, NONE])
@pytest.mark.parametrize('as_json', [True, False])
def test_run__closed_output(close: str, as_json: bool) -> None:
    result = run_python('-c', CLOSED.format(close=close, json=as_json))
    assert (result.returncode, result.stderr) == (0, '')


def lines_status(work) -> int:
    with pytest.raises(typer.Exit) as exit_:
        run_lines(work, False)
    return exit_.value.exit_code


def test_run_lines__prints_each_when_it_is_found(capsys) -> None:
    def work() -> Iterator[str]:
        sys.stdout.write('loading\n')
        yield 'one\ntwo'
        assert capsys.readouterr() == ('one\\ntwo\n', 'loading\n')
        yield 'three'
        raise KeyboardInterrupt

    assert lines_status(work) == 130
    assert capsys.readouterr() == ('three\n', 'clipbert-mm: stopped\n')
    assert lines_status(lambda: iter(())) == 3
    assert lines_status(lambda: iter('a')) == 0
    assert lines_status(failing(ValueError('bad'))) == 1


def test_run_lines__ends_when_its_reader_does() -> None:
    program = (
        'import itertools\n'
        'from clipbert_mm.cli.running import run_lines\n'
        "run_lines(lambda: itertools.repeat('a line'), False)\n"
    )
    process = subprocess.Popen(
        [sys.executable, '-c', program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == 'a line\n'
    process.stdout.close()
    assert process.wait(60) is not None
    assert 'BrokenPipe' not in process.stderr.read()
    process.stderr.close()
