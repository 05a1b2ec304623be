# Copyright (c) clipbert_mm contributors.
"""Tests of the hook that shares the marks of unreadable files."""

from types import SimpleNamespace
from typing import Any

import pytest
from mmaction.registry import HOOKS

from clipbert_mm.datasets.bad_media import BadMediaLog
from clipbert_mm.engine.bad_media_hook import BadMediaHook

NAMES = ['a.mp4', 'b.mp4', 'c.mp4']


class CountedLog(BadMediaLog):
    """A log that counts how often its marks are exchanged."""

    merged = 0

    def merge_processes(self) -> None:
        self.merged += 1
        super().merge_processes()


def after_epoch(dataset: Any) -> None:
    loader = SimpleNamespace(dataset=dataset)
    hook = HOOKS.build(dict(type='BadMediaHook'))
    assert isinstance(hook, BadMediaHook)
    hook.after_train_epoch(SimpleNamespace(train_dataloader=loader))


def test_hook__exchanges_the_marks_of_every_member() -> None:
    logs = [CountedLog(NAMES, 0.5) for _ in range(2)]
    members = [SimpleNamespace(bad_media=log) for log in logs]
    after_epoch(members[0])
    assert [log.merged for log in logs] == [1, 0]
    after_epoch(SimpleNamespace(datasets=[*members, SimpleNamespace()]))
    assert [log.merged for log in logs] == [2, 1]


def test_hook__ends_training_if_too_many_are_marked() -> None:
    log = BadMediaLog(NAMES, 0.5)
    log.report(1, OSError('gone'))
    after_epoch(SimpleNamespace(bad_media=log))
    log._is_bad[2] = True  # by another process
    with pytest.raises(
        RuntimeError,
        match=r'2 of 3 media cannot be used, more than '
        r"bad_media.max_fraction=0.5: \['b.mp4', 'c.mp4'\]. The last reason "
        'is reported above',
    ):
        after_epoch(SimpleNamespace(bad_media=log))


def test_hook__datasets_without_marks_are_left_alone() -> None:
    after_epoch(SimpleNamespace())
    after_epoch([1, 2])
