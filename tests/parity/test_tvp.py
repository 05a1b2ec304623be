# Copyright (c) clipbert_mm contributors.
"""Tests that ClipBERT computes what TVP does, with its converted weights."""

import copy
import inspect

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn
from transformers import (
    ResNetBackbone,
    ResNetConfig,
    TvpForVideoGrounding,
)

from tests.toolbox.small_tvp import SIZES, clipbert_of, make_tvp
from tests.toolbox.tiny_models import all_states

try:  # transformers 4 has one that needs no torchvision
    from transformers.models.tvp.image_processing_pil_tvp import (
        TvpImageProcessorPil as TvpImageProcessor,
    )
except ImportError:
    from transformers import TvpImageProcessor


@pytest.fixture(scope='module')
def tvp() -> TvpForVideoGrounding:
    """Small TVP, not to be changed."""
    return make_tvp()


@pytest.fixture(scope='module')
def clipbert_of_tvp(tvp) -> nn.Module:
    """ClipBERT with the converted weights of TVP, not to be changed."""
    return clipbert_of(tvp)


@pytest.fixture(scope='module')
def clip() -> Tensor:
    """As TVP takes it, one at a time: ``(1, T, 3, H, W)``."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(1, 2, 3, 64, 64, generator=generator)


@pytest.mark.slow
@torch.no_grad()
def test_convert_tvp__backbone_gives_the_same_stages(
    tvp, clipbert_of_tvp, clip
):
    # In double: our norms are folded into the convolutions.
    theirs = copy.deepcopy(tvp.model.vision_model.backbone).double()
    ours = copy.deepcopy(clipbert_of_tvp.backbone).double()
    images = clip[0].double()
    expected = theirs(images, output_hidden_states=True).hidden_states
    found = []
    stages = ['stem', *ours.stage_names]
    for name in stages:
        ours.get_submodule(name).register_forward_hook(
            lambda _, inputs, output: found.append(output)
        )
    ours(images)
    assert found[-1].shape == (2, 2048, 2, 2)
    for name, states, theirs_there in zip(
        stages, found, expected, strict=True
    ):
        torch.testing.assert_close(
            states, theirs_there, rtol=1e-5, atol=1e-5, msg=name
        )


@pytest.mark.slow
@torch.no_grad()
def test_convert_tvp__stride_in_the_3x3_gives_other_features(
    tvp, clipbert_of_tvp, clip
):
    images = clip[0]
    other = ResNetBackbone(ResNetConfig(out_features=['stage4'])).eval()
    other.load_state_dict(tvp.model.vision_model.backbone.state_dict())
    expected = other(images).feature_maps[0]
    found = clipbert_of_tvp.backbone(images)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() > 0.1 * expected.abs().max()


@pytest.mark.slow
@torch.no_grad()
def test_convert_tvp__grid_and_its_embedding(tvp, clipbert_of_tvp, clip):
    theirs = copy.deepcopy(tvp.model).double()
    ours = copy.deepcopy(clipbert_of_tvp).double()
    clip = clip.double()
    grids = theirs.vision_model(clip)
    grid = ours.extract_grid(clip.transpose(1, 2)[:, None])
    torch.testing.assert_close(grid[:, 0], grids.mean(1), rtol=1e-5, atol=1e-5)
    expected = theirs.visual_embeddings(grids)
    assert expected.std() > 0.1
    torch.testing.assert_close(
        ours.head.grid_embedding(grid)[:, 0], expected, rtol=0, atol=1e-5
    )


@pytest.mark.slow
@torch.no_grad()
def test_convert_tvp__encoder_and_pooler(tvp, clipbert_of_tvp):
    theirs = tvp.model
    ids = torch.randint(
        1, 50, (1, 6), generator=torch.Generator().manual_seed(2)
    )
    mask = torch.tensor([[1, 1, 1, 1, 0, 0]])
    grids = torch.randn(
        1, 1, 3, 4, 32, generator=torch.Generator().manual_seed(3)
    )
    visual = theirs.visual_embeddings(grids)
    states = torch.cat([theirs.embeddings(input_ids=ids), visual], 1)
    hidden = torch.cat([1 - mask, torch.zeros(1, visual.shape[1])], 1)
    options = dict(
        attention_mask=hidden[:, None, None] * -10000.0, return_dict=True
    )
    # Transformers 4 asks for one head mask for each layer.
    if 'head_mask' in inspect.signature(theirs.encoder.forward).parameters:
        options['head_mask'] = [None] * SIZES['num_hidden_layers']
    expected = theirs.encoder(states, **options).last_hidden_state
    found = all_states(clipbert_of_tvp.head, grids, ids[None], mask[None])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(
        clipbert_of_tvp.head.bert['pooler'](found),
        theirs.pooler(expected),
        rtol=0,
        atol=1e-5,
    )


def test_convert_tvp__note_on_pixels_gives_those_of_tvp():
    side = dict(height=64, width=64)
    processor = TvpImageProcessor(
        image_mean=[0.4, 0.5, 0.6],
        image_std=[0.2, 0.3, 0.25],
        size=dict(longest_edge=64),
        crop_size=side,
        pad_size=side,
    )
    rgb = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    expected = processor([[rgb]], return_tensors='pt')['pixel_values'][0, 0]
    preprocessor = MODELS.build(
        dict(
            type='VideoTextDataPreprocessor',
            mean=[255 * m for m in processor.image_mean[::-1]],
            std=[255 * s for s in processor.image_std[::-1]],
            bgr=True,
        )
    )
    clip = torch.from_numpy(rgb).permute(2, 0, 1)[None, :, None]
    text = torch.ones(1, 1, dtype=torch.long)
    batch = preprocessor(
        dict(
            inputs=dict(imgs=[clip], input_ids=[text], attention_mask=[text]),
            data_samples=[ActionDataSample()],
        )
    )
    found = batch['inputs']['imgs'][0, 0, :, 0]
    torch.testing.assert_close(found, expected.float(), rtol=0, atol=1e-5)
