# Copyright (c) clipbert_mm contributors.
"""Tests of the key table of the official checkpoints."""

import pytest
import torch

from clipbert_mm.weights import (
    ConversionError,
    convert_official,
    revert_official,
)
from tests.toolbox import reference_data

pytestmark = pytest.mark.slow  # states of full size

MODELS = (
    'pretrain',
    'retrieval_ce',
    'retrieval_rank',
    'qa_msrvtt',
    'qa_tgif_frameqa',
    'qa_tgif_action_mc',
    'vqa',
)

SMALL_MODELS = ('ret_ce', 'ret_rank', 'qa_open', 'vqa_bce', 'mc5', 'pretrain')

# Tensors of the detector, and the position table that is never used.
NUM_DROPPED = 20 + 1


def full_size_state(model: str) -> dict[str, torch.Tensor]:
    """Make a checkpoint of full size that takes no memory."""
    return {
        name: torch.zeros(1).expand(shape)
        for name, shape in reference_data.full_size_shapes(model).items()
    }


@pytest.mark.parametrize('model', MODELS)
def test_convert_official__full_size_is_fully_accounted_for(model):
    state = full_size_state(model)
    new, report = convert_official(state)
    tied = 2 if model == 'pretrain' else 0
    assert len(state) == (500 if model == 'pretrain' else 495)
    assert len(report.dropped) == NUM_DROPPED + tied
    assert len(report.used) == len(new) == len(state) - NUM_DROPPED - tied
    assert set(report.used) | set(report.dropped) == set(state)
    assert report.sizes['hidden_size'] == 768
    assert report.sizes['vocab_size'] == 30522


def test_convert_official__shapes_do_not_change():
    state = full_size_state('retrieval_ce')
    new, report = convert_official(state)
    for source, target in report.used.items():
        assert new[target].shape == state[source].shape


@pytest.mark.parametrize(
    'source, target',
    [
        (
            'cnn.feature.backbone.stem.conv1.weight',
            'backbone.stem.conv1.weight',
        ),
        (
            'cnn.feature.backbone.res4.5.conv2.norm.running_var',
            'backbone.res4.5.conv2.norm.running_var',
        ),
        ('cnn.grid_encoder.0.weight', 'neck.conv.weight'),
        (
            'transformer.bert.encoder.layer.11.output.LayerNorm.bias',
            'head.bert.encoder.layer.11.output.LayerNorm.bias',
        ),
        (
            'transformer.bert.visual_embeddings.row_position_embeddings.weight',
            'head.grid_embedding.row_position_embeddings.weight',
        ),
        (
            'transformer.cls.predictions.transform.dense.weight',
            'task.mlm.transform.dense.weight',
        ),
        ('transformer.cls.predictions.bias', 'task.mlm.bias'),
        ('transformer.cls.seq_relationship.weight', 'head.classifier.weight'),
    ],
)
def test_convert_official__names(source, target):
    _, report = convert_official(full_size_state('pretrain'))
    assert report.used[source] == target


def test_convert_official__every_drop_has_a_reason():
    _, report = convert_official(full_size_state('pretrain'))
    reasons = report.dropped
    assert 'detector' in reasons['cnn.feature.roi_heads.box_head.fc1.weight']
    assert (
        'never used'
        in reasons[
            'transformer.bert.visual_embeddings.position_embeddings.weight'
        ]
    )
    assert 'tied' in reasons['transformer.cls.predictions.decoder.weight']
    assert 'tied' in reasons['transformer.cls.predictions.decoder.bias']


def test_convert_official__pretraining_head_is_announced():
    _, report = convert_official(full_size_state('pretrain'))
    note = report.notes[1]
    assert 'newly initialised head.classifier.*' in note


def test_convert_official__outputs_of_the_classifier_are_announced():
    _, report = convert_official(full_size_state('vqa'))
    assert 'head.classifier has 3129 outputs' in report.notes[1]


def test_convert_official__checkpoint_without_head_is_announced():
    state = {
        name: value
        for name, value in full_size_state('retrieval_ce').items()
        if not name.startswith('transformer.classifier.')
    }
    new, report = convert_official(state)
    assert 'the checkpoint has no head' in report.notes[1]
    assert not any(name.startswith('head.classifier') for name in new)


def test_convert_official__half_of_a_head_raises():
    state = full_size_state('retrieval_ce')
    del state['transformer.classifier.2.bias']
    with pytest.raises(
        ConversionError, match='missing: transformer.classifier.2.bias'
    ):
        convert_official(state)


def test_convert_official__a_missing_layer_raises():
    state = {
        name: value
        for name, value in full_size_state('retrieval_ce').items()
        if '.layer.3.' not in name
    }
    with pytest.raises(ConversionError, match='16 differences') as caught:
        convert_official(state)
    assert 'encoder.layer.3.attention.self.query.weight' in str(caught.value)


def test_convert_official__another_cnn_raises():
    state = full_size_state('retrieval_ce')
    state['cnn.feature.backbone.res3.4.conv1.weight'] = torch.zeros(1)
    with pytest.raises(ConversionError, match=r'unknown: .*res3\.4'):
        convert_official(state)


def test_convert_official__untied_decoder_raises():
    state = reference_data.official_state_dict('pretrain')
    name = 'transformer.cls.predictions.decoder.weight'
    state[name] = state[name] + 1
    with pytest.raises(ConversionError, match=f'mismatched: {name}'):
        convert_official(state)


def test_convert_official__small_model_keeps_every_value():
    state = reference_data.official_state_dict('ret_ce')
    new, report = convert_official(state)
    for source, target in report.used.items():
        assert torch.equal(new[target], state[source])
    assert report.sizes['num_outputs'] == 2


def test_reference_data__weights_equal_the_recorded_checks():
    state = reference_data.official_state_dict('ret_ce', detector=True)
    checks = reference_data.load_json()['checks']
    for name, check in checks['fill_check_small_ret_gain6'].items():
        assert list(state[name].shape) == check['shape']
        assert state[name].flatten()[:3].tolist() == check['first3']
    total = sum(
        value.double().sum().item()
        for name, value in state.items()
        if 'cell_anchors' not in name
    )
    expected = reference_data.load_json()['state_dict_small'][
        'sum_of_all_values_gain6'
    ]['ret_ce']
    assert total == pytest.approx(expected, abs=1e-4)


def test_reference_data__pixels_equal_the_recorded_checks():
    check = reference_data.load_json()['checks']['pixels_check'][
        'pixels(101,2,2,128,192)'
    ]
    value = reference_data.pixels(101, 2, 2, 128, 192)
    assert int(value.sum(dtype='int64')) == check['sum']
    assert value.flatten()[:5].tolist() == check['first']


@pytest.mark.parametrize('model', SMALL_MODELS)
def test_revert_official__round_trip_keeps_every_bit(model):
    state = reference_data.official_state_dict(model)
    new, _forward = convert_official(state)
    back, report = revert_official(new)
    # All but the detector and the table that is never used.
    assert back.keys() | report.absent.keys() == state.keys()
    assert len(report.absent) == 20 + 1
    assert all(torch.equal(back[name], state[name]) for name in back)
    again, _ = convert_official(back)
    assert again.keys() == new.keys()


def test_revert_official__tied_decoder_is_written():
    new, _ = convert_official(reference_data.official_state_dict('pretrain'))
    back, report = revert_official(new)
    prefix = 'transformer.cls.predictions.decoder.'
    words = 'transformer.bert.embeddings.word_embeddings.weight'
    assert report.copied[f'{prefix}weight'] == words
    assert torch.equal(back[f'{prefix}weight'], back[words])
    assert back[f'{prefix}weight'] is not back[words]
    assert f'copied: {words} -> {prefix}weight' in report.to_text()


def test_revert_official__report_lists_what_cannot_be_made():
    new, _ = convert_official(reference_data.official_state_dict('ret_ce'))
    _, report = revert_official(new)
    text = report.to_text()
    assert 'absent 20: part of the detector' in text
    assert '  cnn.feature.roi_heads.box_head.fc1.weight' in text
    assert len(report.to_dict()['absent']) == 21


@pytest.mark.parametrize('name', ['neck.temporal.weight', 'head.odd'])
def test_revert_official__tensor_without_a_place_raises(name):
    new, _ = convert_official(reference_data.official_state_dict('ret_ce'))
    with pytest.raises(ConversionError, match=f'unknown: {name}'):
        revert_official({**new, name: torch.zeros(1)})


def test_revert_official__another_backbone_raises(clipbert):
    with pytest.raises(ConversionError, match='missing: backbone.res5'):
        revert_official(clipbert.state_dict())


def test_revert_official__answers_and_counters_are_dropped():
    new, _ = convert_official(reference_data.official_state_dict('qa_open'))
    new['task.vocabulary'] = torch.zeros(9, dtype=torch.uint8)
    new['backbone.res2.0.conv1.norm.num_batches_tracked'] = torch.tensor(7)
    _, report = revert_official(new)
    assert 'next to the checkpoint' in report.dropped['task.vocabulary']
    assert len(report.dropped) == 2
