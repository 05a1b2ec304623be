# Copyright (c) clipbert_mm contributors.
"""Tests of the hook that watches the processes of a run."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from mmaction.registry import HOOKS
from mmengine.config import ConfigDict
from mmengine.logging import MMLogger
from torch.distributed import TCPStore

from clipbert_mm.engine import rank_watch_hook
from clipbert_mm.engine.rank_watch_hook import RankWatchHook


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> TCPStore:
    """Store of a run of two processes, as torchrun provides it."""
    store = TCPStore('127.0.0.1', 0, is_master=True)
    monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
    monkeypatch.setenv('MASTER_PORT', str(store.port))
    monkeypatch.setattr(rank_watch_hook, 'get_dist_info', lambda: (0, 2))
    return store


def runner_of(**dist_cfg: Any) -> SimpleNamespace:
    return SimpleNamespace(
        cfg=ConfigDict(env_cfg=dict(dist_cfg=dist_cfg)),
        iter=6,
        logger=MMLogger.get_current_instance(),
    )


def hook_of(runner: SimpleNamespace) -> RankWatchHook:
    hook = HOOKS.build(dict(type='RankWatchHook'))
    assert isinstance(hook, RankWatchHook)
    hook.before_run(runner)
    return hook


def test_hook__notes_where_the_process_is(store: TCPStore) -> None:
    runner = runner_of(timeout=60)
    hook = hook_of(runner)
    watch = hook._watch
    assert watch is not None
    hook.before_train_iter(runner, 2)
    assert watch.place == 'train iteration 7'  # of the run, not of the epoch
    hook.after_train_iter(runner, 2)
    assert watch.place == 'what follows train iteration 7'
    hook.before_test_iter(runner, 2)
    assert watch.place == 'test iteration 3'
    hook.after_val_iter(runner, 0)
    assert watch.place == 'what follows val iteration 1'
    hook.after_run(runner)
    assert hook._watch is None


def test_hook__thread_ends_with_the_run(store: TCPStore) -> None:
    before = set(threading.enumerate())
    runner = runner_of(timeout=60)
    hook = hook_of(runner)
    (thread,) = set(threading.enumerate()) - before
    hook.after_run(runner)
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    'dist_cfg, timeout', [({}, 1800), (dict(timeout=90), 90)]
)
def test_hook__timeout_of_the_process_group(
    store: TCPStore, dist_cfg: dict, timeout: float
) -> None:
    runner = runner_of(**dist_cfg)
    hook = hook_of(runner)
    assert hook._watch is not None
    assert hook._watch._limit == pytest.approx(0.9 * timeout)
    hook.after_run(runner)


def test_hook__one_process_needs_no_watch() -> None:
    runner = runner_of(timeout=60)
    hook = hook_of(runner)
    assert hook._watch is None
    hook.before_train_iter(runner, 0)
    hook.after_run(runner)


def test_hook__without_an_address_of_the_store(
    store: TCPStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv('MASTER_ADDR')
    assert hook_of(runner_of())._watch is None
