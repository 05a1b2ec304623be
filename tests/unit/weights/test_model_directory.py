# Copyright (c) clipbert_mm contributors.
"""Tests of reading and writing model directories of Hugging Face."""

import pytest
import torch
from huggingface_hub.errors import EntryNotFoundError
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining, BertModel

from clipbert_mm.weights import (
    ConversionError,
    bert_options,
    convert_bert,
    load_model_directory,
    model_directory,
    revert_bert,
    save_bert_directory,
)
from tests.toolbox.tiny_models import BERT, all_states, tiny_inputs


def test_load_model_directory__safetensors_come_first(tmp_path):
    save_file({'a': torch.ones(1)}, tmp_path / 'model.safetensors')
    torch.save({'a': torch.zeros(1)}, tmp_path / 'pytorch_model.bin')
    assert load_model_directory(tmp_path)['a'] == 1
    assert load_model_directory(tmp_path / 'pytorch_model.bin')['a'] == 0


@pytest.mark.parametrize('name', ['nobody/no-such-tvp', './no/such/folder'])
def test_load_model_directory__without_network_says_what_to_pass(
    monkeypatch, name
):
    # Refuses every request at once; a dead network is asked several times.
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    with pytest.raises(
        OSError, match=f"'{name}' is neither.*pass the directory of a"
    ):
        load_model_directory(name)


def test_load_model_directory__name_of_the_hub(monkeypatch, tmp_path):
    asked = []

    def download(name, file_name):
        asked.append((name, file_name))
        if file_name == 'model.safetensors':
            raise EntryNotFoundError('there is no such file')
        torch.save({'a': torch.zeros(1)}, tmp_path / file_name)
        return str(tmp_path / file_name)

    monkeypatch.setattr(model_directory, 'hf_hub_download', download)
    assert list(load_model_directory('someone/tvp')) == ['a']
    assert asked == [
        ('someone/tvp', 'model.safetensors'),
        ('someone/tvp', 'pytorch_model.bin'),
    ]


@pytest.mark.parametrize(
    'file_name', ['model.safetensors', 'pytorch_model.bin']
)
def test_load_model_directory__reads_what_transformers_writes(
    tmp_path, file_name
):
    pretrained = BertForPreTraining(BertConfig(**BERT))
    if file_name == 'model.safetensors':
        pretrained.save_pretrained(tmp_path)
    else:
        torch.save(pretrained.state_dict(), tmp_path / file_name)
    assert (tmp_path / file_name).is_file()
    new, _ = convert_bert(load_model_directory(tmp_path), heads='pretrain')
    assert torch.equal(
        new['head.bert.embeddings.word_embeddings.weight'],
        pretrained.bert.embeddings.word_embeddings.weight,
    )


def test_load_model_directory__empty_directory_raises(tmp_path):
    with pytest.raises(FileNotFoundError, match='model.safetensors'):
        load_model_directory(tmp_path)


def test_bert_options__folder_and_dict_say_the_same(tmp_path):
    BertConfig(**BERT).save_pretrained(tmp_path)
    options = bert_options(str(tmp_path))
    assert options == bert_options(BERT)
    assert options['hidden_dropout_prob'] == 0
    assert options['layer_norm_eps'] == 1e-12


def test_bert_options__missing_folder_says_what_to_set(tmp_path):
    with pytest.raises(OSError, match='absent.*set head.bert'):
        bert_options(str(tmp_path / 'absent'))


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
