# Copyright (c) clipbert_mm contributors.
"""Tests of the commands that the quickstart runs and suggests."""

import importlib.util
import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from clipbert_mm.quickstart import commands


@pytest.mark.slow
def test_run_command__failure_shows_the_log(tmp_path: Path) -> None:
    config = tmp_path / 'config.py'
    config.write_text('model = dict(type="NoSuchModel")')
    with pytest.raises(SystemExit, match='ended with status 1.*log.txt'):
        commands.run_command('train', [str(config)])


def test_command_line__one_process_or_several() -> None:
    module = ['-m', 'clipbert_mm.cli.test', 'a.py', 'a.pth']
    found = commands.command_line('test', 'a.py', 'a.pth')
    assert found == [sys.executable, *module]
    found = commands.command_line('test', 'a.py', 'a.pth', processes=2)
    assert found[1:4] == ['-m', 'torch.distributed.run', '--nproc_per_node=2']
    assert found[-5:] == [*module, '--launcher=pytorch']


def test_suggestions__name_modules_and_quote() -> None:
    query = "a 'big' ring"
    asking = commands.suggest('quickstart', '--query', query, '--top', 2)
    training = commands.suggest_training().replace('\\\n', '').splitlines()
    for line in (asking, training[0], training[-1]):
        words = shlex.split(line)
        assert words[0] == sys.executable
        modules = [b for a, b in pairwise(words) if a == '-m']
        assert all(importlib.util.find_spec(name) for name in modules)
    assert shlex.split(asking)[-4:] == ['--query', query, '--top', '2']
