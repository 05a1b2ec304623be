# Copyright (c) clipbert_mm contributors.
"""Counted operations against those that PyTorch counts."""

import pytest
import torch
from mmaction.registry import MODELS
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from clipbert_mm.gallery.cost import (
    clip_cost,
    pair_flops,
    scoring_cost,
    seconds_left,
)
from clipbert_mm.models.pair_scorer import PairScorer
from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.tiny_models import (
    all_states,
    clipbert_config,
    tiny_clipbert,
)


def counted_pair(
    head: nn.Module, length: int, num_cells: int, cls_only: bool
) -> int:
    """Operations of one pair; tensors without values show all products."""
    head = head.to('meta')
    ids = torch.ones(1, 1, length, dtype=torch.long, device='meta')
    grid = torch.empty(1, 1, 1, num_cells, head.hidden_size, device='meta')
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        if cls_only:
            head(grid, ids, ids)
        else:
            states = all_states(head, grid, ids, ids)
            head.classifier(head.bert['pooler'](states))
    return counter.get_total_flops()


@pytest.mark.parametrize('cls_only', [True, False])
@pytest.mark.parametrize(
    'bert, classifier',
    [
        (
            dict(
                hidden_size=48,
                num_hidden_layers=3,
                num_attention_heads=4,
                intermediate_size=80,
                vocab_size=9,
            ),
            'mlp',
        ),
        (
            dict(
                hidden_size=32,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=32,
                vocab_size=9,
            ),
            'linear',
        ),
    ],
)
def test_pair_flops__equal_those_of_pytorch(
    bert: dict, classifier: str, cls_only: bool
) -> None:
    head = MODELS.build(
        dict(
            type='BertCrossModalHead',
            bert=bert,
            classifier=classifier,
            num_classes=3,
        )
    ).eval()
    own = pair_flops(head, 7, 10, cls_only)
    assert own == counted_pair(head, 7, 10, cls_only)


def test_pair_flops__of_bert_base_by_hand() -> None:
    with torch.device('meta'):
        head = MODELS.build(dict(type='BertCrossModalHead', bert={}))
    # Of the reference: 12 layers, 69 tokens, 12 * 768^2 weights each.
    layers = 12 * 69 * (12 * 768**2 + 2 * 69 * 768)
    ends = 768**2 + 768 * 1536 + 1536 * 2
    assert pair_flops(head, 20, 49, cls_only=False) == 2 * (layers + ends)


@pytest.mark.parametrize('clips', [False, True])
def test_clip_cost__equals_that_of_pytorch(clips: bool) -> None:
    cfg = clipbert_config()
    if clips:
        cfg = clipbert_config(
            neck=dict(in_channels=128, temporal_fusion='conv3d'),
            backbone_input='clips',
        )
        cfg['backbone'] = dict(
            type='mmaction.ResNet3dSlowOnly',
            depth=18,
            pretrained=None,
            base_channels=16,
        )
    model = MODELS.build(cfg).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    cost = clip_cost(model, (2, 64, 96))
    seen: list[Tensor] = []
    hook = model.neck.register_forward_pre_hook(
        lambda _, args: seen.append(args[0])
    )
    frames = torch.zeros(1, 1, 3, 2, 64, 96)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        grid = model.extract_grid(frames)
    hook.remove()
    assert cost.flops == counter.get_total_flops()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.neck(seen[0])
    assert cost.neck_flops == counter.get_total_flops() > 0
    assert cost.num_cells == grid.shape[2] * grid.shape[3]
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_clip_cost__joined_frames_have_cells_of_their_own() -> None:
    mean, joined = (
        clip_cost(tiny_clipbert(neck=dict(temporal_fusion=kind)), (3, 64, 64))
        for kind in ('mean', 'join')
    )
    assert joined.num_cells == 3 * mean.num_cells
    assert joined.flops == mean.flops


@pytest.mark.slow
def test_clip_cost__compiles_nothing() -> None:

    def refuse(*_: object) -> None:
        raise AssertionError('compiled')

    model = tiny_clipbert().eval()
    cost = clip_cost(model, (2, 32, 32))
    model.backbone.compile(backend=refuse)
    assert clip_cost(model, (2, 32, 32)) == cost
    with pytest.raises(Exception, match='compiled'):
        model.extract_grid(torch.zeros(1, 1, 3, 2, 32, 32))


def test_scoring_cost__equals_what_the_scorer_runs() -> None:
    lengths = torch.tensor([3, 5, 3, 2])
    mask = (torch.arange(5) < lengths[:, None]).long()
    model = tiny_clipbert().eval()
    cost = scoring_cost(model, lengths, 2, 3, (2, 32, 32))
    assert cost.passes == 2 * 4 * 3
    assert '24 passes' in cost.describe()
    # Attention that PyTorch fuses on a CPU is not in its count.
    bank = TextBank(mask, mask)
    scorer = PairScorer(model.to('meta'), bank, 65536)
    with FlopCounterMode(display=False) as counter:
        visual = scorer.encode_clips(
            torch.empty(2, 3, 3, 2, 32, 32, device='meta')
        )
        for i, row in enumerate(mask):
            head = model.head
            text = head.embed_texts(row[None, None, : lengths[i]].to('meta'))
            with torch.no_grad():
                head.match(text, None, visual)
    assert cost.flops == counter.get_total_flops()


def test_seconds_left__at_the_measured_rate() -> None:
    assert seconds_left(10, 1000, 5.0) == pytest.approx(495)
    assert seconds_left(1000, 1000, 5.0) == 0
    with pytest.raises(ValueError, match='done must be > 0, but got 0'):
        seconds_left(0, 1000, 5.0)
