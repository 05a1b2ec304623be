# Copyright (c) clipbert_mm contributors.
"""Tests of loading converted files the way the notes of the report say."""

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from transformers import BertConfig, BertForPreTraining

from clipbert_mm.weights import (
    convert_bert,
    convert_detectron2,
    convert_official,
)
from tests.parity.helpers import BERT, model_cfg
from tests.toolbox import reference_data


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmaction')


def save(state_dict, path) -> str:
    torch.save(dict(state_dict=state_dict, meta={}), path)
    return str(path)


@pytest.mark.slow
def test_load_converted__pretrained_model_for_another_task(tmp_path, capsys):
    state, report = convert_official(
        reference_data.official_state_dict('pretrain')
    )
    assert 'newly initialised' in report.to_text()
    model = MODELS.build(model_cfg('ret_ce'))
    before = model.head.classifier[2].weight.clone()
    load_checkpoint(model, save(state, tmp_path / 'pretrained.pth'))
    own = model.state_dict()
    shared = [name for name in state if name in own]
    assert len(shared) == len(own) - 4
    assert all(torch.equal(own[name], state[name]) for name in shared)
    assert torch.equal(model.head.classifier[2].weight, before)


@pytest.mark.slow
def test_load_converted__all_tensors_of_pretraining(tmp_path):
    state, _ = convert_official(reference_data.official_state_dict('pretrain'))
    model = MODELS.build(model_cfg('pretrain'))
    load_checkpoint(
        model, save(state, tmp_path / 'pretrained.pth'), strict=True
    )
    assert torch.equal(model.task.mlm.bias, state['task.mlm.bias'])
    assert model.state_dict().keys() == state.keys()


@pytest.mark.slow
def test_load_converted__other_number_of_outputs(tmp_path):
    state, _ = convert_official(reference_data.official_state_dict('ret_ce'))
    model = MODELS.build(model_cfg('ret_rank'))
    before = model.head.classifier[2].weight.clone()
    load_checkpoint(model, save(state, tmp_path / 'retrieval.pth'))
    assert torch.equal(model.head.classifier[2].weight, before)
    assert torch.equal(
        model.head.classifier[0].weight, state['head.classifier.0.weight']
    )


@pytest.mark.slow
def test_load_converted__backbone_of_detectron2(tmp_path):
    prefix = 'cnn.feature.'
    state, report = convert_detectron2(
        {
            name[len(prefix) :]: value
            for name, value in reference_data.official_state_dict(
                'ret_ce'
            ).items()
            if name.startswith(prefix)
        }
    )
    assert "prefix='backbone.'" in report.notes[0]
    path = save(state, tmp_path / 'r50.pth')
    backbone = MODELS.build(
        dict(
            type='ResNet50Grid',
            init_cfg=dict(
                type='Pretrained', checkpoint=path, prefix='backbone.'
            ),
        )
    )
    backbone.init_weights()
    own = backbone.state_dict(prefix='backbone.')
    assert own.keys() == state.keys()
    assert all(torch.equal(own[name], state[name]) for name in own)


def test_load_converted__bert_into_head_and_task(tmp_path):
    bert = BertForPreTraining(BertConfig(**BERT))
    state, report = convert_bert(bert.state_dict(), heads='pretrain')
    assert "prefix='head.'" in report.notes[0]
    path = save(state, tmp_path / 'bert.pth')
    head = MODELS.build(
        dict(
            type='BertCrossModalHead',
            bert=BERT,
            classifier='linear',
            init_cfg=dict(type='Pretrained', checkpoint=path, prefix='head.'),
        )
    )
    head.init_weights()
    assert torch.equal(
        head.word_embeddings, bert.bert.embeddings.word_embeddings.weight
    )
    assert torch.equal(
        head.classifier.weight, bert.cls.seq_relationship.weight
    )
    task = MODELS.build(
        dict(
            type='PretrainTask',
            bert=BERT,
            init_cfg=dict(type='Pretrained', checkpoint=path, prefix='task.'),
        )
    )
    task.init_weights()
    assert torch.equal(
        task.mlm.transform.dense.weight,
        bert.cls.predictions.transform.dense.weight,
    )


@pytest.mark.slow
@pytest.mark.parametrize('name', ['qa_open', 'vqa_bce'])
def test_load_converted__question_answering(tmp_path, name):
    state, _ = convert_official(reference_data.official_state_dict(name))
    model = MODELS.build(model_cfg(name))
    path = save(state, tmp_path / 'official.pth')
    load_checkpoint(model, path, strict=True)
    own = model.state_dict()
    # The official file has no answers: those of the config stay.
    assert own.keys() - state.keys() <= {'task.vocabulary'}
    assert all(torch.equal(own[key], state[key]) for key in state)


def answers(number: int) -> list[str]:
    return [str(index) for index in range(number)]


@pytest.mark.slow
@pytest.mark.parametrize(
    'model, name, num_classes, task',
    [
        ('pretrain', 'pretrain', 2, None),
        ('retrieval_ce', 'ret_ce', 2, None),
        ('retrieval_rank', 'ret_rank', 1, None),
        (
            'qa_msrvtt',
            'ret_ce',
            1500,
            dict(type='OpenEndedQATask', vocabulary=answers(1500)),
        ),
        (
            'qa_tgif_frameqa',
            'ret_ce',
            1540,
            dict(type='OpenEndedQATask', vocabulary=answers(1540)),
        ),
        ('qa_tgif_action_mc', 'ret_ce', 1, dict(type='MultipleChoiceTask')),
        ('qa_tgif_action_mc', 'ret_ce', 1, dict(type='CountTask')),
        (
            'vqa',
            'ret_ce',
            3129,
            dict(type='VQATask', vocabulary=answers(3129)),
        ),
    ],
)
def test_load_converted__full_size_fits_the_model(
    model, name, num_classes, task
):
    state, report = convert_official(
        {
            key: torch.zeros(1).expand(shape)
            for key, shape in reference_data.full_size_shapes(model).items()
        }
    )
    assert report.sizes.get('num_outputs', 2) == num_classes
    cfg = model_cfg(name, dict(hidden_size=768, vocab_size=30522))
    cfg['head']['num_classes'] = num_classes
    cfg['task'] = task or cfg['task']
    with torch.device('meta'):  # no memory
        own = MODELS.build(cfg).state_dict()
    assert {
        key: value.shape
        for key, value in own.items()
        if key != 'task.vocabulary'
    } == {key: value.shape for key, value in state.items()}
