# Copyright (c) clipbert_mm contributors.
"""Models for the tests of weights."""

import pytest
from mmengine.registry import init_default_scope
from torch import nn
from transformers import TvpForVideoGrounding

from tests.toolbox.small_tvp import clipbert_of, make_tvp
from tests.toolbox.tiny_models import tiny_clipbert


@pytest.fixture(scope='session')
def clipbert() -> nn.Module:
    """Tiny ClipBERT with all kinds of tensors, not to be changed."""
    init_default_scope('mmaction')
    return tiny_clipbert().eval()


@pytest.fixture(scope='session')
def tvp() -> TvpForVideoGrounding:
    """Small TVP, not to be changed."""
    return make_tvp()


@pytest.fixture(scope='session')
def clipbert_of_tvp(tvp) -> nn.Module:
    """ClipBERT with the converted weights of TVP, not to be changed."""
    return clipbert_of(tvp)
