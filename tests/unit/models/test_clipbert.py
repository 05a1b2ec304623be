# Copyright (c) clipbert_mm contributors.
"""The assembled model: modes, budgets, 2D and 3D backbones, bad videos."""

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.tiny_models import (
    BERT,
    clipbert_config,
    samples,
    tiny_clipbert,
    tiny_inputs,
)

LABELS = [[1, 0, 0, 0], [0, 0, 1, 0]]


def test_clipbert__tensor_mode_gives_clip_logits() -> None:
    logits = tiny_clipbert()(tiny_inputs())
    assert logits.shape == (2, 4, 3, 2)


def test_clipbert__loss_is_cross_entropy_of_the_consensus() -> None:
    model, inputs = tiny_clipbert(), tiny_inputs()
    loss = model(inputs, samples(LABELS), mode='loss')['loss_itm']
    video = torch.logsumexp(model(inputs), 2)
    naive = (
        -video.log_softmax(-1)
        .gather(-1, torch.tensor(LABELS)[..., None])
        .mean()
    )
    torch.testing.assert_close(loss, naive)


def test_clipbert__every_trainable_parameter_gets_a_gradient() -> None:
    model = tiny_clipbert()
    model(tiny_inputs(), samples(LABELS), mode='loss')['loss_itm'].backward()
    for name, param in model.named_parameters():
        assert torch.isfinite(param.grad).all(), name
        if not name.endswith('key.bias'):  # exactly 0 by softmax's symmetry
            assert param.grad.abs().sum() > 0, name


def test_clipbert__a_video_alone_equals_the_video_in_a_batch() -> None:
    model, inputs = tiny_clipbert().eval(), tiny_inputs()
    batch = model(inputs)
    for i in range(2):
        alone = model({k: v[i : i + 1] for k, v in inputs.items()})
        torch.testing.assert_close(batch[i : i + 1], alone)


def naive_scores(model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
    """Match scores ``(N, M)``, one pair of a clip and a text at a time."""
    scores = torch.empty(inputs['input_ids'].shape[:2])
    for n, text in np.ndindex(*scores.shape):
        length = int(inputs['attention_mask'][n, text].sum())
        ids = inputs['input_ids'][n, text, :length][None, None]
        total = torch.zeros(2)
        for clip in inputs['imgs'][n]:
            logits = model(
                dict(
                    imgs=clip[None, None],
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                )
            )
            total += logits[0, 0, 0].exp()  # log-sum-exp over the clips
        scores[n, text] = total[1] / total.sum()
    return scores


def test_clipbert__joined_single_frames_score_as_their_mean() -> None:
    inputs = tiny_inputs(num_frames=1)
    joined, mean = (
        tiny_clipbert(neck=dict(temporal_fusion=fusion)).eval()
        for fusion in ('join', 'mean')
    )
    assert torch.equal(joined(inputs), mean(inputs))


def test_clipbert__joined_frames_are_read_one_after_another() -> None:
    model = tiny_clipbert(neck=dict(temporal_fusion='join')).eval()
    inputs = tiny_inputs()
    grids = [
        model.extract_grid(inputs['imgs'][:, :, :, frame : frame + 1])
        for frame in range(2)
    ]
    tokens = [model.head.grid_embedding(grid) for grid in grids]
    visual = model.encode_clips(inputs['imgs'])
    torch.testing.assert_close(visual, torch.cat(tokens, 2))
    text = model.embed_texts(inputs['input_ids'])
    mask = inputs['attention_mask'].bool()
    torch.testing.assert_close(
        model(inputs), model.match(text, mask, torch.cat(tokens, 2))
    )
    assert not torch.allclose(
        model(inputs), tiny_clipbert().eval()(inputs), atol=1e-3
    )


@pytest.mark.parametrize('fusion', ['mean', 'join'])
@pytest.mark.parametrize('budget', [1, 60, 170, 65536])
def test_clipbert__predictions_by_a_naive_loop(
    budget: int, fusion: str
) -> None:
    inputs = tiny_inputs()
    model = tiny_clipbert(
        token_budget=budget, neck=dict(temporal_fusion=fusion)
    ).eval()
    predicted = model(inputs, samples(LABELS), mode='predict')
    torch.testing.assert_close(
        torch.stack([s.match_score for s in predicted]),
        naive_scores(model, inputs),
    )


@pytest.mark.parametrize('budget', [1, 60, 65536])
def test_clipbert__text_bank_serves_videos_without_texts(
    budget: int,
) -> None:
    model, inputs = tiny_clipbert(token_budget=budget).eval(), tiny_inputs()
    frames = dict(imgs=inputs['imgs'])
    with pytest.raises(ValueError, match='TextBankHook'):
        model(frames, samples(LABELS), mode='predict')
    texts = {k: inputs[k][0] for k in ('input_ids', 'attention_mask')}
    got = model(
        frames,
        samples(LABELS),
        mode='predict',
        text_bank=TextBank.from_tokens(texts),
    )
    every = {k: v[None].expand(2, -1, -1) for k, v in texts.items()}
    torch.testing.assert_close(
        torch.stack([s.match_score for s in got]),
        naive_scores(model, {**frames, **every}),
    )


def test_clipbert__unreadable_videos_score_minus_infinity() -> None:
    model, inputs = tiny_clipbert().eval(), tiny_inputs()
    bad = ActionDataSample(metainfo=dict(video_id='bad'))
    bad.set_field('no such file', 'load_error')
    good = samples(LABELS)
    bank = TextBank(inputs['input_ids'][0], inputs['attention_mask'][0])
    items = dict(
        inputs={
            k: [v[0], torch.empty(0), v[1]]
            for k, v in dict(imgs=inputs['imgs'].clamp(0, 255).byte()).items()
        },
        data_samples=[good[0], bad, good[1]],
        text_bank=bank,
    )
    predicted = model.test_step(items)
    assert torch.isneginf(predicted[1].match_score).all()
    only = model.test_step(
        dict(
            inputs=dict(imgs=[items['inputs']['imgs'][2]]),
            data_samples=samples(LABELS[1:]),
            text_bank=bank,
        )
    )
    torch.testing.assert_close(predicted[2].match_score, only[0].match_score)
    assert predicted[2].video_id == 'video1'
    alone = model.test_step(
        dict(
            inputs=dict(imgs=[torch.empty(0)]),
            data_samples=[bad],
            text_bank=bank,
        )
    )
    assert torch.isneginf(alone[0].match_score).all()


@pytest.mark.parametrize(
    'backbone, channels, size',
    [
        (
            dict(
                type='mmaction.ResNet',
                depth=18,
                num_stages=2,
                strides=(1, 2),
                dilations=(1, 1),
                out_indices=(1,),
            ),
            128,
            32,
        ),
        (dict(type='mmaction.MobileNetV2', widen_factor=0.25), 1280, 64),
    ],
)
def test_clipbert__2d_backbones_of_the_host(
    backbone: dict, channels: int, size: int
) -> None:
    cfg = clipbert_config(neck=dict(in_channels=channels))
    cfg['backbone'] = backbone
    model = MODELS.build(cfg)
    inputs = tiny_inputs()
    inputs['imgs'] = torch.randn(2, 3, 3, 2, size, size)
    model(inputs, samples(LABELS), mode='loss')['loss_itm'].backward()
    assert next(model.backbone.parameters()).grad.abs().sum() > 0


def test_clipbert__3d_backbone_of_the_host() -> None:
    cfg = clipbert_config(
        neck=dict(in_channels=128, temporal_fusion='conv3d'),
        backbone_input='clips',
    )
    cfg['backbone'] = dict(
        type='mmaction.ResNet3dSlowOnly',
        depth=18,
        pretrained=None,
        base_channels=16,
        conv1_kernel=(1, 7, 7),
        conv1_stride_t=1,
        pool1_stride_t=1,
        inflate=(0, 0, 1, 1),
        norm_eval=False,
    )
    model = MODELS.build(cfg)
    inputs = tiny_inputs()
    inputs['imgs'] = torch.randn(2, 3, 3, 4, 64, 64)
    model(inputs, samples(LABELS), mode='loss')['loss_itm'].backward()
    assert next(model.backbone.parameters()).grad.abs().sum() > 0


def test_clipbert__frozen_backbone_is_not_trained() -> None:
    model = tiny_clipbert(frozen_backbone=True).train()
    model(tiny_inputs(), samples(LABELS), mode='loss')['loss_itm'].backward()
    assert all(p.grad is None for p in model.backbone.parameters())
    assert model.neck.conv.weight.grad.abs().sum() > 0
    assert not model.backbone.training


def test_clipbert__checkpoint_of_another_width_is_refused() -> None:
    state = tiny_clipbert().state_dict()
    wider = tiny_clipbert(
        neck=dict(out_channels=16),
        head=dict(
            bert=dict(
                vocab_size=20,
                hidden_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=16,
                max_position_embeddings=16,
            )
        ),
    )
    with pytest.raises(ValueError, match=r'\(8, 16, 3, 3\) in the checkpoint'):
        wider.load_state_dict(state)


def test_clipbert__checkpoint_without_backbone_is_refused() -> None:
    model = tiny_clipbert()
    state = {
        k: v
        for k, v in model.state_dict().items()
        if not k.startswith('backbone')
    }
    with pytest.raises(ValueError, match='stem.conv1.weight: not in'):
        model.load_state_dict(state)


def test_clipbert__another_number_of_classes_starts_anew() -> None:
    state = tiny_clipbert().state_dict()
    ranked = tiny_clipbert(
        head=dict(num_classes=1),
        task=dict(loss_type='rank'),
        consensus=dict(aggregation='mean'),
    )
    before = ranked.head.classifier[2].weight.clone()
    ranked.load_state_dict(state, strict=False)
    assert torch.equal(ranked.head.classifier[2].weight, before)
    assert torch.equal(
        ranked.head.classifier[0].weight, state['head.classifier.0.weight']
    )


@pytest.mark.parametrize(
    'parts, message',
    [
        (dict(backbone_input='videos'), "'videos'"),
        (dict(token_budget=0), 'got 0'),
        (dict(neck=dict(out_channels=4)), 'out_channels is 4.*hidden_size 8'),
        (dict(head=dict(num_classes=3)), 'num_classes=2, but got 3'),
        (dict(head=dict(num_classes=1), task=dict(loss_type='rank')), "'lse'"),
        (dict(task=dict(loss_type='mse')), "'mse'"),
        (
            dict(
                task=dict(type='PretrainTask', bert=dict(BERT, vocab_size=9))
            ),
            r'\(20, 8\).*\(9, 8\)',
        ),
        (
            dict(
                head=dict(num_classes=1),
                task=dict(type='PretrainTask', bert=BERT),
            ),
            'got 1',
        ),
        (dict(head=dict(tipo='x')), 'tipo'),
    ],
)
def test_clipbert__wrong_options(parts: dict, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        tiny_clipbert(**parts)


@pytest.mark.parametrize('task', ['RetrievalTask', 'PretrainTask'])
def test_clipbert__bf16_loss_is_near_that_of_float32(task: str) -> None:
    options = dict(bert=BERT) if task == 'PretrainTask' else {}
    model = tiny_clipbert(task=dict(type=task, **options))
    batch = samples(LABELS)
    for sample in batch:
        sample.set_field(torch.full((4, 5), 7), 'mlm_labels')
    losses = []
    for enabled in (False, True):
        with torch.autocast('cpu', torch.bfloat16, enabled=enabled):
            losses.append(
                sum(model(tiny_inputs(), batch, mode='loss').values())
            )
    losses[1].backward()
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=0.03)
    assert losses[0].item() != losses[1].item()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_clipbert__bf16_scores_are_float32() -> None:
    model = tiny_clipbert().eval()
    with torch.autocast('cpu', torch.bfloat16):
        sample = model(tiny_inputs(), samples(LABELS), mode='predict')[0]
    assert sample.match_score.dtype == torch.float32


def test_clipbert__unknown_mode() -> None:
    with pytest.raises(ValueError, match="'train'"):
        tiny_clipbert()(tiny_inputs(), mode='train')
    with pytest.raises(ValueError, match=r'\(2, 3, 2, 32, 32\)'):
        tiny_clipbert().extract_grid(torch.zeros(2, 3, 2, 32, 32))


def test_clipbert__one_pass_for_all_clips_and_texts() -> None:
    model = tiny_clipbert().train()
    seen: dict[str, list] = {}
    parts = dict(
        backbone=model.backbone,
        layer=model.head.bert['encoder'].layer[0].intermediate,
        texts=model.head.bert['embeddings'],
        grids=model.head.grid_embedding,
    )
    for name, part in parts.items():
        part.register_forward_pre_hook(
            lambda _, args, name=name: seen.setdefault(name, []).append(
                tuple(args[0].shape)
            )
        )
    model.loss(tiny_inputs(), samples(LABELS))
    videos, clips, texts, frames, length, cells = 2, 3, 4, 2, 5, 4
    assert seen == dict(
        backbone=[(videos * clips * frames, 3, 32, 32)],
        layer=[(videos * clips * texts, length + cells, 8)],
        texts=[(videos * texts, length)],
        grids=[(videos, clips, 2, 2, 8)],
    )


def test_clipbert__channels_last_frames_are_not_copied() -> None:
    model = tiny_clipbert().train()
    inputs = tiny_inputs()
    memory = inputs['imgs'].permute(0, 1, 3, 4, 5, 2).contiguous()
    inputs['imgs'] = memory.permute(0, 1, 5, 2, 3, 4)
    seen: list[Tensor] = []
    model.backbone.register_forward_pre_hook(
        lambda _, args: seen.append(args[0])
    )
    model.loss(inputs, samples(LABELS))
    assert seen[0].data_ptr() == memory.data_ptr()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
