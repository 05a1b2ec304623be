# Copyright (c) clipbert_mm contributors.
"""A vocabulary and the warnings logged, for the tests of all rooms."""

import logging
from collections.abc import Iterator

import pytest
from mmengine.logging import MMLogger

from tests.toolbox.vocabulary import write_vocabulary

WORDS = (
    'a man woman dog cat car is plays playing running red blue green the '
    'guitar ball in on two people video of ##s ##ing .'
).split()


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
