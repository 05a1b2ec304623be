# Copyright (c) clipbert_mm contributors.
"""The corpus that the training tests share."""

from pathlib import Path

import pytest

from tests.toolbox.shrink import make_corpus


@pytest.fixture(scope='session')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real videos with captions and a vocabulary."""
    return make_corpus(tmp_path_factory.mktemp('corpus'))
