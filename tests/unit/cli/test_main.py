# Copyright (c) clipbert_mm contributors.
"""Tests of the command line before its work starts."""

import json
import subprocess
import sys

import pytest

from clipbert_mm.cli import main
from clipbert_mm.version import __version__
from tests.toolbox.processes import run_python

COMMANDS = [command.name or '' for command in main.app.registered_commands]
HEAVY = ('torch', 'mmengine', 'mmaction', 'transformers', 'numpy')
# Runs the command, then lists which of the heavy modules were imported.
SPY = """
import json, sys
from clipbert_mm.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(json.dumps([code, [m for m in {heavy} if m in sys.modules]]))
"""


def run_main(*words: str) -> subprocess.CompletedProcess:
    return run_python('-m', main.__name__, *words)


@pytest.mark.slow
@pytest.mark.parametrize('command', ['', *COMMANDS])
def test_help__shows_examples_without_heavy_imports(command: str) -> None:
    words = [command, '--help'] if command else ['--help']
    result = run_python('-c', SPY.format(heavy=HEAVY), *words)
    text, _, last = result.stdout.rstrip().rpartition('\n')
    assert json.loads(last) == [0, []], result.stderr
    assert 'sage: clipbert-mm' in text
    # in the usage, and in an example
    assert text.count(f'clipbert-mm {command}'.rstrip()) >= 2


def test_help__names_every_command_and_status() -> None:
    text = run_main('--help').stdout
    assert set(COMMANDS) >= {
        *('demo', 'score', 'rank', 'ask', 'describe', 'export'),
        *('convert', 'check', 'compress', 'quickstart', 'doctor'),
    }
    for command in COMMANDS:
        assert f'\n  {command} ' in text
    assert 'Exit status: 0 success, 1 failure, 2 wrong usage, 3' in text


def test_main__version() -> None:
    assert run_main('--version').stdout == f'clipbert_mm {__version__}\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    'words, message',
    [
        (('rnak', 'a.mp4', 'a dog'), "No such command 'rnak'"),
        (('rank', 'no.mp4', 'a dog'), "VIDEO: 'no.mp4' does not exist."),
        (('rank', 'no*.mp4', 'a dog'), "'no*.mp4' is a pattern that no file"),
        (('rank', 'http://x/a.mp4', 'a dog'), 'is an address; download'),
        (('rank', '.', ' '), "TEXT: must not be empty, but is ' '."),
        (('rank', '.', 'a dog', '--top-k', '0'), "'--top-k'"),
        (('rank', '.', 'a dog', '--min-score', '1.5'), "'--min-score'"),
        (('rank', '.', 'a dog', '--save-clips', ''), '--save-clips: must be'),
        (
            ('rank', '.', 'a dog', '--save-clips', f'{__file__}/x'),
            '--save-clips: --save-clips must be a folder, but',
        ),
        (('rank', '.', 'a dog', '--unrelated', 'no'), "--unrelated: 'no' doe"),
        (('describe', '.', 'a', '--min-score', 'x'), "'--min-score'"),
        (('score', '.'), "'--text'"),
        (('score', '.', '--text', 'a', ''), '--text: must not be empty'),
        (('describe', 'no.mp4', 'a dog'), "'no.mp4' does not exist"),
        (('ask', '.', ''), 'QUESTION: must not be empty'),
        (('ask', '.', 'what', '--options', 'a'), 'needs two or more'),
        (('demo', ''), 'must not be empty'),
        (('export',), 'the following arguments are required: config'),
        (('convert', 'imagenet'), "invalid choice: 'imagenet'"),
        (('check',), 'the following arguments are required: config'),
        (('compress', 'a'), 'the following arguments are required: target'),
        (('quickstart', '--task', 'chess'), "invalid choice: 'chess'"),
        (('doctor', '--no'), '--no'),
    ],
)
def test_main__wrong_usage(words: tuple[str, ...], message: str) -> None:
    result = run_main(*words)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stdout == ''
    assert 'Traceback' not in result.stderr


def test_main__name_that_is_no_text() -> None:
    name = b'caf\xe9<script>\n.mp4'
    result = subprocess.run(
        [sys.executable, '-m', main.__name__, 'rank', name, 'a dog'],
        capture_output=True,
    )
    assert result.returncode == 2
    assert b"'caf\\udce9<script>\\n.mp4' does not exist." in result.stderr
