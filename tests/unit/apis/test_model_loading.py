# Copyright (c) clipbert_mm contributors.
"""Tests of the loading of trained models."""

import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from clipbert_mm.apis.model_loading import build_model, read_model_files
from clipbert_mm.utils.checkpoint_file import save_checkpoint_file
from clipbert_mm.utils.finite import NonFiniteError
from tests.toolbox.tiny_models import clipbert_config, tiny_clipbert
from tests.toolbox.vocabulary import write_vocabulary


@pytest.fixture(scope='module')
def config() -> Config:
    return Config(dict(model=clipbert_config()))


@pytest.fixture(scope='module')
def state() -> dict[str, torch.Tensor]:
    init_default_scope('mmaction')
    return tiny_clipbert().state_dict()


def test_read_model_files__config_itself_and_checkpoint(
    config: Config, state: dict, tmp_path: Path
) -> None:
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=state), path)
    found, weights = read_model_files(config, str(path))
    assert found is config
    assert weights.keys() == state.keys()
    assert all(torch.equal(weights[name], state[name]) for name in state)


def test_read_model_files__shipped_name(state: dict, tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    torch.save(state, path)
    found, _ = read_model_files('clipbert_msrvtt_ret', str(path))
    assert found.model.type == 'ClipBERT'


def test_read_model_files__no_checkpoint_there(
    config: Config, tmp_path: Path
) -> None:
    path = str(tmp_path / 'no.pth')
    with pytest.raises(
        FileNotFoundError, match=f"^There is no checkpoint '{path}'. Pass the"
    ):
        read_model_files(config, path)


@pytest.mark.parametrize('value', [3, ['a.pth'], b''])
def test_read_model_files__checkpoint_of_another_type(
    config: Config, value: object
) -> None:
    with pytest.raises(
        TypeError, match=r'^weights must be the path of a file, but got .* \('
    ):
        read_model_files(config, value)


@pytest.mark.parametrize(
    'name', ['clipbert_msrvtt_ret', 'configs/clipbert_msrvtt_ret.py']
)
def test_read_model_files__config_without_weights(name: str) -> None:
    with pytest.raises(
        ValueError, match=r"^The config '.*clipbert_msrvtt_ret.py' needs weig"
    ):
        read_model_files(name, None)


def test_read_model_files__folder_with_weights(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match=f"^weights must be None, because '{tmp_path}' is the folder",
    ):
        read_model_files(tmp_path, 'a.pth')


def test_build_model__for_testing(config: Config, state: dict) -> None:
    model = build_model(config, state, 'cpu')
    assert not model.training
    assert {param.device.type for param in model.parameters()} == {'cpu'}
    own = model.state_dict()
    assert all(torch.equal(own[name], state[name]) for name in state)


def test_build_model__weights_of_another_architecture(state: dict) -> None:
    other = clipbert_config(neck=dict(out_channels=16))
    other['head'] = dict(
        other['head'], bert=dict(other['head']['bert'], hidden_size=16)
    )
    with pytest.raises(ValueError, match='does not fit this ClipBERT'):
        build_model(Config(dict(model=other)), state, 'cpu')


@pytest.mark.parametrize('prefix', ['module.', '_orig_mod.model.'])
@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_build_model__weights_of_a_wrapper(
    config: Config, state: dict, tmp_path: Path, prefix: str, suffix: str
) -> None:
    path = tmp_path / f'a{suffix}'
    wrapped = {f'{prefix}{name}': value for name, value in state.items()}
    save_checkpoint_file(wrapped, path)
    model = build_model(*read_model_files(config, path), 'cpu')
    own = model.state_dict()
    assert all(torch.equal(own[name], state[name]) for name in state)


@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_read_model_files__not_finite(
    config: Config, state: dict, tmp_path: Path, value: float
) -> None:
    spoilt = dict(state)
    spoilt['neck.conv.weight'] = torch.full_like(
        state['neck.conv.weight'], value
    )
    torch.save(spoilt, tmp_path / 'a.pth')
    with pytest.raises(
        NonFiniteError,
        match=r"^'.*a.pth' must hold finite weights.*: neck.conv.weight\.",
    ):
        read_model_files(config, tmp_path / 'a.pth')


@pytest.mark.parametrize(
    'words, length, message',
    [
        (15, 17, 'test_dataloader has max_txt_len=17, but BERT has 16'),
        (14, 16, 'tokenizer of test_dataloader has 19 words, but BERT has'),
    ],
)
@pytest.mark.parametrize('place', ['tokenize', 'pipeline'])
def test_build_model__texts_that_do_not_fit(
    state: dict,
    tmp_path: Path,
    words: int,
    length: int,
    message: str,
    place: str,
) -> None:
    folder = write_vocabulary(tmp_path, [f'w{i}' for i in range(words)])
    step = dict(type='BertTokenize', tokenizer=folder, max_txt_len=length)
    members = {place: step if place == 'tokenize' else [step]}
    cfg = Config(
        dict(model=clipbert_config(), test_dataloader=dict(dataset=members))
    )
    with pytest.raises(ValueError, match=message):
        build_model(cfg, state, 'cpu')


@pytest.mark.skipif(torch.cuda.is_available(), reason='needs no GPU')
@pytest.mark.parametrize('device', ['cuda', 'cuda:9', 'mps', 'meta'])
def test_build_model__device_that_is_not_here(
    config: Config, state: dict, device: str
) -> None:
    with pytest.raises(
        ValueError, match=f"device='{device}' cannot be used here: .*='cpu'"
    ):
        build_model(config, state, device)


@pytest.mark.parametrize(
    'change, reason',
    [
        (lambda model: model.pop('head'), "TypeError: .*argument: 'head'"),
        (lambda model: model.update(foo=1), "TypeError: .*argument 'foo'"),
        (lambda model: model.pop('type'), 'KeyError: .*"type"'),
    ],
)
def test_build_model__options_that_describe_none(
    config: Config, state: dict, change, reason: str
) -> None:
    other = copy.deepcopy(config)
    change(other.model)
    with pytest.raises(ValueError, match=f'cannot be built: {reason}'):
        build_model(other, state, 'cpu')
