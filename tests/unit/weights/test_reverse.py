# Copyright (c) clipbert_mm contributors.
"""Tests of the way back: from our names to those of other programs."""

import pytest
import torch
from mmengine.registry import init_default_scope
from transformers import BertConfig, BertForPreTraining, BertModel

from clipbert_mm.weights import (
    ConversionError,
    bert_options,
    convert_bert,
    convert_official,
    revert_bert,
    revert_official,
    save_bert_directory,
)
from clipbert_mm.weights.image_resnet import image_resnet_rules
from clipbert_mm.weights.reverse_table import invert_rules
from tests.toolbox import reference_data
from tests.toolbox.tiny_models import (
    BERT,
    all_states,
    tiny_clipbert,
    tiny_inputs,
)

SMALL_MODELS = ('ret_ce', 'ret_rank', 'qa_open', 'vqa_bce', 'mc5', 'pretrain')


@pytest.fixture(scope='module')
def clipbert():
    init_default_scope('mmaction')
    return tiny_clipbert().eval()


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


@torch.no_grad()
def test_save_bert_directory__transformers_reads_the_same_model(
    clipbert, tmp_path
):
    back, report = revert_bert(clipbert.state_dict())
    vocabulary = tmp_path / 'words.txt'
    vocabulary.write_text('[PAD]\n')
    save_bert_directory(
        tmp_path / 'bert', back, bert_options(BERT), report.sizes, vocabulary
    )
    assert (tmp_path / 'bert' / 'vocab.txt').read_text() == '[PAD]\n'
    bert, info = BertModel.from_pretrained(
        tmp_path / 'bert', output_loading_info=True
    )
    assert not any(info[key] for key in ('missing_keys', 'unexpected_keys'))
    inputs = tiny_inputs(num_videos=1)
    ids, mask = inputs['input_ids'], inputs['attention_mask']
    expected = bert.eval()(ids[0], mask[0]).last_hidden_state
    states = all_states(clipbert.head, torch.zeros(1, 1, 0, 0, 8), ids, mask)
    assert expected.std() > 0.1
    real = mask[0].bool()
    torch.testing.assert_close(states[real], expected[real], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    'option, size', [('hidden_size', 12), ('num_hidden_layers', 3)]
)
def test_save_bert_directory__other_config_raises(
    clipbert, tmp_path, option, size
):
    back, report = revert_bert(clipbert.state_dict())
    options = bert_options({**BERT, option: size})
    with pytest.raises(
        ConversionError,
        match=f'{option} is {BERT[option]} in the checkpoint but {size}',
    ):
        save_bert_directory(tmp_path / 'bert', back, options, report.sizes)
    assert not (tmp_path / 'bert').exists()


def test_save_bert_directory__missing_vocabulary_raises(clipbert, tmp_path):
    back, report = revert_bert(clipbert.state_dict())
    with pytest.raises(FileNotFoundError, match='absent.txt is not a file'):
        save_bert_directory(
            tmp_path / 'bert',
            back,
            bert_options(BERT),
            report.sizes,
            tmp_path / 'absent.txt',
        )


def test_bert_options__folder_and_dict_say_the_same(tmp_path):
    BertConfig(**BERT).save_pretrained(tmp_path)
    options = bert_options(str(tmp_path))
    assert options == bert_options(BERT)
    assert options['hidden_dropout_prob'] == 0
    assert options['layer_norm_eps'] == 1e-12


def test_bert_options__missing_folder_says_what_to_set(tmp_path):
    with pytest.raises(OSError, match='absent.*set head.bert'):
        bert_options(str(tmp_path / 'absent'))


def test_invert_rules__changed_values_raise():
    with pytest.raises(ValueError, match=r"\['conv1.weight'\] do"):
        invert_rules(image_resnet_rules(['conv1.weight']))
