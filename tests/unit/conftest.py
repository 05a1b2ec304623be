# Copyright (c) clipbert_mm contributors.
"""A vocabulary and the warnings logged, for the tests of all rooms."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.logging import MMLogger

WORDS = (
    'a man woman dog cat car is plays playing running red blue green the '
    'guitar ball in on two people video of ##s ##ing .'
).split()
SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']


@pytest.fixture(scope='session')
def vocab_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the vocab.txt of a BERT."""
    folder = tmp_path_factory.mktemp('bert')
    Path(folder, 'vocab.txt').write_text('\n'.join(SPECIAL + WORDS))
    return str(folder)


@pytest.fixture
def warnings_logged() -> Iterator[list[str]]:
    """The warnings that this process logs during a test."""
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger = MMLogger.get_current_instance()
    listener = Listener(logging.WARNING)
    logger.addHandler(listener)
    yield messages
    logger.removeHandler(listener)
