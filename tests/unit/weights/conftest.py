# Copyright (c) clipbert_mm contributors.
"""Models that the tests of weights share."""

import pytest
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from torch import nn
from transformers import TvpForVideoGrounding

from clipbert_mm.weights import convert_tvp
from tests.toolbox.small_tvp import SIZES, make_tvp


@pytest.fixture(scope='session')
def tvp() -> TvpForVideoGrounding:
    """Not to be changed."""
    return make_tvp()


@pytest.fixture(scope='session')
def clipbert_of_tvp(tvp) -> nn.Module:
    """ClipBERT with the weights of TVP, converted."""
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
