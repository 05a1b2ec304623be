# Copyright (c) clipbert_mm contributors.
"""The registry scope of the datasets' tests."""

import pytest
from mmengine.registry import init_default_scope


@pytest.fixture(autouse=True)
def mmaction_scope() -> None:
    """Let pipelines name MMAction2's transforms and ours."""
    init_default_scope('mmaction')
