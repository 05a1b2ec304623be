# Copyright (c) clipbert_mm contributors.
"""Models for the tests of weights."""

import pytest
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from torch import nn
from transformers import TvpForVideoGrounding

from clipbert_mm.weights import convert_tvp
from tests.toolbox.small_tvp import SIZES, make_tvp
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
    init_default_scope('mmaction')
    model = MODELS.build(
        dict(
            type='ClipBERT',
            backbone=dict(type='ResNet50Grid'),
            neck=dict(type='GridEncoder', out_channels=32),
            head=dict(type='BertCrossModalHead', bert=SIZES),
            consensus=dict(type='ConsensusAggregator'),
            task=dict(type='RetrievalTask'),
        )
    )
    state, _ = convert_tvp(tvp.state_dict())
    result = model.load_state_dict(state, strict=False)
    assert result.unexpected_keys == []
    assert all(n.startswith('head.classifier.') for n in result.missing_keys)
    return model.eval()
