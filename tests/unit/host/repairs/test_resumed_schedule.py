# Copyright (c) clipbert_mm contributors.
"""Tests of the settings of a run; test_resumed_state.py runs schedules."""

from pathlib import Path

from clipbert_mm.host.repairs.resumed_schedule import (
    is_replayable,
    run_settings,
    schedules_of,
)
from tests.toolbox.tiny_training import tiny_runner


def test_run_settings(tmp_path: Path):
    runner = tiny_runner(tmp_path, 3, batch_size=4, lr=0.2)
    runner.train()
    assert run_settings(runner) == dict(
        epochs=3,
        iterations=6,
        batch_size=4,
        processes=1,
        learning_rate=0.2,
    )


def test_schedules_of__and_is_replayable(tmp_path: Path):
    waiting = dict(type='ReduceOnPlateauLR', monitor='acc', rule='greater')
    runner = tiny_runner(
        tmp_path,
        1,
        scores=[dict(acc=1)],
        schedules=[dict(type='ConstantLR'), waiting],
    )
    assert schedules_of(runner) == []  # not built yet
    runner.train()
    assert list(map(is_replayable, schedules_of(runner))) == [True, False]
