# Copyright (c) clipbert_mm contributors.
"""Tests of the key table of Hugging Face's BERT, on its own models."""

import pytest
import torch
from transformers import BertConfig, BertForPreTraining, BertModel

from clipbert_mm.weights import ConversionError, convert_bert, revert_bert
from tests.toolbox.tiny_models import BERT

LAYERS = 2


@pytest.fixture(scope='module')
def config() -> BertConfig:
    return BertConfig(
        hidden_size=8,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=20,
        max_position_embeddings=12,
    )


@pytest.fixture(scope='module')
def pretrained(config) -> BertForPreTraining:
    torch.manual_seed(0)
    return BertForPreTraining(config)


def to_old_names(state):
    """Give LayerNorms the names of the published bert-base-uncased."""
    return {
        name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace(
            'LayerNorm.bias', 'LayerNorm.beta'
        ): value
        for name, value in state.items()
    }


def test_convert_bert__every_tensor_of_a_bare_model_is_used(config):
    state = BertModel(config).state_dict()
    new, report = convert_bert(state)
    assert len(new) == len(state) == 5 + 16 * LAYERS + 2
    for name, value in state.items():
        assert torch.equal(new[f'head.bert.{name}'], value)
    assert report.sizes == dict(
        vocab_size=20,
        hidden_size=8,
        max_position_embeddings=12,
        type_vocab_size=2,
        intermediate_size=16,
    )


def test_convert_bert__result_loads_into_bert_model(config, pretrained):
    new, _ = convert_bert(pretrained.state_dict())
    model = BertModel(config)
    prefix = 'head.bert.'
    assert all(name.startswith(prefix) for name in new)
    model.load_state_dict(
        {name.removeprefix(prefix): value for name, value in new.items()},
        strict=True,
    )
    assert torch.equal(
        model.pooler.dense.weight, pretrained.bert.pooler.dense.weight
    )


def test_convert_bert__heads_are_dropped_with_a_reason(pretrained):
    new, report = convert_bert(pretrained.state_dict())
    assert "heads='pretrain'" in report.dropped['cls.predictions.bias']
    assert 'tied' in report.dropped['cls.predictions.decoder.weight']
    assert not any(name.startswith('task.') for name in new)


def test_convert_bert__heads_are_used_on_request(pretrained):
    state = pretrained.state_dict()
    new, report = convert_bert(state, heads='pretrain')
    assert torch.equal(
        new['task.mlm.transform.dense.weight'],
        state['cls.predictions.transform.dense.weight'],
    )
    assert torch.equal(
        new['head.classifier.weight'], state['cls.seq_relationship.weight']
    )
    assert set(report.dropped) == {
        'cls.predictions.decoder.weight',
        'cls.predictions.decoder.bias',
    }
    assert any('Label 0 means a true pair' in note for note in report.notes)


@pytest.mark.parametrize('heads', ['drop', 'pretrain'])
def test_convert_bert__old_layer_norm_names(pretrained, heads):
    state = pretrained.state_dict()
    old, _ = convert_bert(to_old_names(state), heads)
    new, _ = convert_bert(state, heads)
    assert old.keys() == new.keys()
    assert all(torch.equal(old[name], new[name]) for name in new)


def test_convert_bert__asking_for_absent_heads_raises(config):
    with pytest.raises(ConversionError, match='missing: cls.predictions.bias'):
        convert_bert(BertModel(config).state_dict(), heads='pretrain')


def test_convert_bert__position_ids_are_dropped(pretrained):
    state = dict(pretrained.state_dict())
    state['bert.embeddings.position_ids'] = torch.arange(12).view(1, 12)
    _, report = convert_bert(state)
    assert 'constant' in report.dropped['bert.embeddings.position_ids']


def test_convert_bert__another_family_raises(config):
    state = BertModel(config).state_dict()
    renamed = {f'roberta.{name}': value for name, value in state.items()}
    with pytest.raises(ConversionError, match='unknown: roberta.embeddings'):
        convert_bert(renamed)


def test_convert_bert__wrong_option_raises(pretrained):
    with pytest.raises(ValueError, match="but got 'keep'"):
        convert_bert(pretrained.state_dict(), heads='keep')


@pytest.mark.parametrize(
    'heads, model_class',
    [('drop', BertModel), ('pretrain', BertForPreTraining)],
)
def test_revert_bert__round_trip_keeps_every_bit(heads, model_class):
    torch.manual_seed(0)
    state = model_class(BertConfig(**BERT)).state_dict()
    new, _ = convert_bert(state, heads)
    back, report = revert_bert(new, heads)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in back)
    assert len(report.copied) == (2 if heads == 'pretrain' else 0)


def test_revert_bert__the_rest_of_clipbert_is_dropped(clipbert):
    back, report = revert_bert(clipbert.state_dict())
    assert back.keys() == clipbert.head.bert.state_dict().keys()
    assert 'not of BERT' in report.dropped['neck.conv.weight']
    assert 'a task' in report.dropped['head.classifier.2.bias']


def test_revert_bert__asking_for_absent_heads_raises(clipbert):
    with pytest.raises(ConversionError, match='missing: task.mlm.bias'):
        revert_bert(clipbert.state_dict(), heads='pretrain')
    with pytest.raises(ValueError, match="but got 'keep'"):
        revert_bert(clipbert.state_dict(), heads='keep')
