# Copyright (c) clipbert_mm contributors.
"""Commands that are killed while they write lose nothing.

More kills: ``python -m tools.benchmarks.kills.every_command --kills 20``.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.benchmarks.kills.commands import Command
from tools.benchmarks.kills.every_command import kill_command, make_commands

pytestmark = pytest.mark.slow

Makers = dict[str, Callable[[Path], Command]]


@pytest.fixture(scope='module')
def commands(tmp_path_factory: pytest.TempPathFactory) -> Makers:
    """The commands, and what they read."""
    return make_commands(tmp_path_factory.mktemp('commands'))


@pytest.mark.parametrize(
    'name, kills',
    [
        ('train', 2),
        ('test', 1),
        ('test all pairs', 3),
        ('compress', 2),
        ('convert', 2),
        ('export', 2),
    ],
)
def test_killed_command__ends_with_the_results_of_one_that_was_not(
    commands: Makers, tmp_path: Path, name: str, kills: int
) -> None:
    counts = kill_command(commands[name], tmp_path, kills, random.Random(0))
    assert counts.total() == kills
