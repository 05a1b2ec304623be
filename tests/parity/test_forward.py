# Copyright (c) clipbert_mm contributors.
"""Outputs of every stage equal those of the reference."""

import pytest
import torch
from torch import Tensor

from tests.parity.helpers import (
    OutputRecorder,
    assert_close,
    make_batch,
    make_output,
    statistics,
)
from tests.toolbox import reference_data
from tests.toolbox.tiny_models import all_states

STAGES = ['stem', 'res2', 'res3', 'res4', 'res5']
MODULES = [
    *(f'backbone.{stage}' for stage in STAGES),
    'neck.conv',
    'head.grid_embedding',
    'head.bert.embeddings',
    'head.bert.encoder.layer.0.output',
    'head.bert.encoder.layer.1.output',
    'head.bert.pooler',
]

CASES = [
    ('ret_ce', 'ret_ce', 6.0),
    ('ret_ce_160x96_1frm', 'ret_ce', 6.0),
    ('ret_ce_gain1', 'ret_ce', 1.0),
    ('ret_rank', 'ret_rank', 6.0),
    ('ret_rank_group2', 'ret_rank', 6.0),
]


def run(model, case: str) -> tuple[Tensor, OutputRecorder]:
    """Return the logits of all pairs of video and caption, and the outputs."""
    counts = reference_data.load_json()['cases'][case]['n_examples_list']
    logits = []
    with OutputRecorder(model, MODULES) as outputs, torch.no_grad():
        for video in range(len(counts)):
            batch = make_batch(model, case, video)
            # (N = 1, M, C = 1, K)
            logits.append(model(batch['inputs'], mode='tensor')[0, :, 0])
    return torch.cat(logits), outputs


def repeat_by_texts(visual: Tensor, case: str) -> Tensor:
    """Repeat the visual tokens of each video for each of its captions."""
    counts = reference_data.load_json()['cases'][case]['n_examples_list']
    return visual.flatten(0, 1).repeat_interleave(torch.tensor(counts), 0)


@pytest.mark.parametrize('case, name, gain', CASES)
def test_forward__logits_and_pooled(load_reference_model, case, name, gain):
    logits, outputs = run(load_reference_model(name, gain), case)
    assert_close(logits, f'{case}/logits', 1e-5)
    assert_close(outputs['head.bert.pooler'], f'{case}/pooled_output', 1e-5)


@pytest.mark.parametrize('case', ['ret_ce', 'ret_ce_160x96_1frm'])
def test_forward__cnn_statistics(load_reference_model, case):
    model = load_reference_model('ret_ce')
    _, outputs = run(model, case)
    shapes = reference_data.load_json()['cnn_shapes']
    stored = {f'backbone.{stage}': f'cnn_{stage}' for stage in STAGES}
    stored['neck.conv'] = 'grid_conv'
    for module, key in stored.items():
        name = f'{case}/{key}'
        assert list(outputs[module].shape) == shapes[name]
        largest = abs(reference_data.array(f'{name}_stats')).max()
        assert_close(
            statistics(outputs[module]), f'{name}_stats', 3e-6 * largest
        )


@pytest.mark.parametrize('case', ['ret_ce', 'ret_ce_160x96_1frm'])
def test_forward__grid_of_each_frame(load_reference_model, case):
    model = load_reference_model('ret_ce')
    settings = reference_data.load_json()['cases'][case]
    grids = []
    for video in range(len(settings['n_examples_list'])):
        # Clips of one frame each: a model pools the frames of a clip.
        batch = make_batch(model, case, video, clip_len=1)
        with torch.no_grad():
            grids.append(model.extract_grid(batch['inputs']['imgs']))
    assert_close(torch.cat(grids), f'{case}/grid', 3e-5)


@pytest.mark.parametrize(
    'case, name, gain',
    [
        ('ret_ce', 'ret_ce', 6.0),
        ('ret_ce_160x96_1frm', 'ret_ce', 6.0),
        ('ret_ce_gain1', 'ret_ce', 1.0),
    ],
)
def test_forward__visual_embeddings(load_reference_model, case, name, gain):
    _, outputs = run(load_reference_model(name, gain), case)
    visual = repeat_by_texts(outputs['head.grid_embedding'], case)
    assert_close(visual, f'{case}/visual_embeddings', 3e-5)


def test_forward__text_embeddings_and_hidden_states(load_reference_model):
    _, outputs = run(load_reference_model('ret_ce'), 'ret_ce')
    assert_close(
        outputs['head.bert.embeddings'], 'ret_ce/text_embeddings', 3e-5
    )
    for layer in range(2):
        states = outputs[f'head.bert.encoder.layer.{layer}.output']
        assert_close(states[:, 0], f'ret_ce/layer{layer}_cls', 3e-5)


def test_forward__sequence_output(load_reference_model):
    model = load_reference_model('ret_ce')
    states = []
    for video in range(2):
        inputs = make_batch(model, 'ret_ce', video)['inputs']
        with torch.no_grad():
            states.append(
                all_states(
                    model.head,
                    model.extract_grid(inputs['imgs']),
                    inputs['input_ids'],
                    inputs['attention_mask'],
                )
            )
    assert_close(torch.cat(states), 'ret_ce/sequence_output', 3e-5)


@pytest.mark.parametrize(
    'case, gain',
    [('ret_ce', 6.0), ('ret_ce_160x96_1frm', 6.0), ('ret_ce_gain1', 1.0)],
)
def test_forward__cross_entropy_of_each_pair(load_reference_model, case, gain):
    model = load_reference_model('ret_ce', gain)
    logits, _ = run(model, case)
    labels = reference_data.array(f'{case}/in_labels')
    losses = []
    for pair, label in zip(logits, labels, strict=True):
        output = make_output(pair[None, None])
        sample = make_batch(model, case, 0)['data_samples'][0]
        sample.set_field([label], 'text_labels')
        losses.append(model.task.loss(output, [sample])['loss_itm'])
    assert_close(torch.stack(losses), f'{case}/loss', 1e-5)


def test_forward__rank_loss_of_the_batch(load_reference_model):
    model = load_reference_model('ret_rank')
    batch = make_batch(
        model, 'ret_rank', text_labels=torch.tensor([1, 0, 0] * 2)
    )
    with torch.no_grad():
        loss = model(**batch, mode='loss')['loss_itm']
    expected = reference_data.array('ret_rank/loss').mean()
    assert loss.item() == pytest.approx(expected, abs=1e-5)


def test_forward__rank_loss_with_several_own_captions(load_reference_model):
    # In the reference only the first caption matches. Here every caption of
    # the video does: naive loop over matching and other captions.
    model = load_reference_model('ret_rank')
    labels = [1, 0, 1, 0]
    batch = make_batch(
        model, 'ret_rank_group2', text_labels=torch.tensor(labels * 2)
    )
    with torch.no_grad():
        loss = model(**batch, mode='loss')['loss_itm']
    scores = reference_data.tensor('ret_rank_group2/logits').sigmoid()
    hinges = []
    for video in scores.view(2, 4).tolist():
        own, foreign = video[0::2], video[1::2]
        hinges += [max(0.0, 0.2 + f - o) for o in own for f in foreign]
    assert len(hinges) == 8
    assert loss.item() == pytest.approx(sum(hinges) / 8, abs=1e-5)
    of_reference = reference_data.array('ret_rank_group2/loss').mean()
    assert abs(loss.item() - of_reference) > 1e-3


def test_forward__batch_of_two_videos_equals_each_alone(load_reference_model):
    model = load_reference_model('ret_rank')
    batch = make_batch(model, 'ret_rank')
    with torch.no_grad():
        logits = model(batch['inputs'], mode='tensor')
    assert_close(logits.flatten(0, 2), 'ret_rank/logits', 1e-5)
