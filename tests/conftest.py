# Copyright (c) clipbert_mm contributors.
"""Conditions under which every test starts, and fixtures of many."""

import gc
import logging
import os
from collections.abc import Iterator
from itertools import chain

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope

import clipbert_mm
from tests.toolbox.vocabulary import write_vocabulary

WORDS = (
    'a man woman dog cat car is plays playing running red blue green the '
    'guitar ball in on two people video of ##s ##ing .'
).split()

LONG = ('tests/docs/', 'tests/end_to_end/')  # whole runs


def pytest_report_header() -> str:
    """Return the version under test, for the head of the report."""
    return f'clipbert_mm {clipbert_mm.__version__}'


@pytest.hookimpl(trylast=True)  # the tests that are left
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each process begin with whole runs, and end with short tests.

    Every process of pytest-xdist gets one piece of the list, of equal length,
    and takes from others when it has none left: a long test must not be last.
    """
    processes = int(os.environ.get('PYTEST_XDIST_WORKER_COUNT', '1'))
    runs: dict[str, list[pytest.Item]] = {}
    short: list[pytest.Item] = []
    for item in items:
        module = item.nodeid.partition('::')[0]
        if module.startswith(LONG):
            runs.setdefault(module, []).append(item)
        else:
            short.append(item)
    ordered: list[pytest.Item] = []
    for process in range(processes):
        left = len(items) - len(ordered)
        piece = list(chain(*list(runs.values())[process::processes]))
        room = max(left // (processes - process) - len(piece), 0)
        ordered += piece + short[:room]
        del short[:room]
    items[:] = ordered + short


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave out of garbage collections what is there before the first test.

    MMEngine collects for every dataset, which takes a third of a second with
    the objects of all imported modules and tests.
    """
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Clear the default scope, as at the start of a process.

    MMEngine keeps the scope of the last runner for the whole process, and
    ``MODELS.build`` then looks in the registry of that scope.
    """
    DefaultScope._instance_dict.clear()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Give the process its ordinary priority again.

    As root, the AV1 encoder SVT-AV1 makes the process that calls it a
    real-time one, before which no other gets the processor.
    """
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture(scope='session')
def vocab_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the vocab.txt of a BERT."""
    return write_vocabulary(tmp_path_factory.mktemp('bert'), WORDS)


@pytest.fixture
def warnings_logged() -> Iterator[list[str]]:
    """Collect the warnings that this process logs during a test."""
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger = MMLogger.get_current_instance()
    listener = Listener(logging.WARNING)
    logger.addHandler(listener)
    yield messages
    logger.removeHandler(listener)
