# Copyright (c) clipbert_mm contributors.
"""Tests of exported folders, which are moved and then used."""

import copy
import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from safetensors import safe_open

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.cli import test as test_command
from clipbert_mm.version import __version__
from clipbert_mm.weights import (
    ConversionError,
    UnsafeSettingsError,
    export_model,
    load_exported,
)
from clipbert_mm.weights.portable_config import rewrite
from tests.toolbox.shrink import make_corpus, shrink, write_config
from tests.toolbox.tiny_models import clipbert_config, fixed_init

pytestmark = pytest.mark.slow

#: Parts of a config that testing needs.
PARTS = (
    'custom_imports',
    'custom_hooks',
    'default_scope',
    'default_hooks',
    'env_cfg',
    'model',
    'test_cfg',
    'test_dataloader',
    'test_evaluator',
    'visualizer',
    'work_dir',
)


class Trained(NamedTuple):
    """Config, its checkpoint and the scores of its test."""

    cfg: Config
    checkpoint: Path
    scores: np.ndarray


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Retrieval model with a tokenizer of its own, tested."""
    folder = tmp_path_factory.mktemp('trained')
    whole = shrink(
        'clipbert_msrvtt_ret',
        make_corpus(folder),
        work_dir=str(folder / 'work_dir'),
    )
    # MMEngine formats a config several times in a run; this saves seconds.
    cfg = Config(
        {name: whole[name] for name in PARTS}, filename=whole.filename
    )
    init_default_scope('mmaction')
    model = fixed_init(MODELS.build(cfg.model))
    checkpoint = folder / 'epoch_1.pth'
    torch.save(
        dict(state_dict=model.state_dict(), meta=dict(epoch=1)), checkpoint
    )
    cfg.load_from = str(checkpoint)
    # The start of training, gone when the model is used.
    cfg.model.backbone.init_cfg = dict(
        type='Pretrained', checkpoint='absent.pth', prefix='backbone.'
    )
    cfg.test_evaluator.out_file = str(folder / 'scores.npz')
    cfg.visualizer.vis_backends = []  # each would format the config
    Runner.from_cfg(cfg).test()
    return Trained(cfg, checkpoint, np.load(folder / 'scores.npz')['scores'])


def export_and_move(trained: Trained, tmp_path: Path, **options) -> Path:
    """Export a model to a folder and move the folder."""
    export_model(
        trained.cfg, trained.checkpoint, tmp_path / 'first', **options
    )
    (tmp_path / 'new place').mkdir()
    return Path(shutil.move(tmp_path / 'first', tmp_path / 'new place' / 'm'))


def run_test_tool(monkeypatch, *args: object) -> None:
    """Run tools/test.py in this process."""
    monkeypatch.setattr(sys, 'argv', ['test.py', *map(str, args)])
    test_command.main()


def test_export_model__files(trained, tmp_path):
    folder = export_and_move(trained, tmp_path)
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob('*')) == [
        'config.json',
        'model.safetensors',
        'tokenizer',
        'tokenizer/vocab.txt',
    ]
    text = (folder / 'config.json').read_text()
    assert str(Path(trained.checkpoint).parents[1]) not in text
    assert str(tmp_path) not in text
    assert trained.cfg.test_dataloader.dataset.ann_file not in text
    settings = json.loads(text)
    assert settings['model']['head']['tokenizer'] == 'tokenizer'
    assert settings['config'] == 'clipbert_msrvtt_ret'
    with safe_open(folder / 'model.safetensors', 'pt') as file:
        assert file.metadata() == dict(
            clipbert_mm_version=__version__,
            config='clipbert_msrvtt_ret',
            format='pt',
        )


def test_load_exported__moved_folder_holds_the_same_model(trained, tmp_path):
    folder = export_and_move(trained, tmp_path)
    cfg, state = load_exported(str(folder))
    assert cfg.model.head.tokenizer == f'{folder}/tokenizer'
    assert cfg.test_dataloader.dataset.tokenize.tokenizer == (
        f'{folder}/tokenizer'
    )
    assert cfg.keys() == {'default_scope', 'model', 'test_dataloader'}
    expected = torch.load(trained.checkpoint)['state_dict']
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], expected[name]) for name in state)
    model = MODELS.build(cfg.model)
    model.init_weights()  # as training does; reads no file
    model.load_state_dict(state)


def test_export_model__test_tool_gives_the_same_scores(
    trained, tmp_path, monkeypatch
):
    folder = export_and_move(trained, tmp_path)
    run_test_tool(
        monkeypatch,
        write_config(trained.cfg, tmp_path / 'training.json'),
        folder / 'model.safetensors',
        '--work-dir',
        tmp_path / 'w',
        '--out',
        tmp_path / 'scores.npz',
    )
    found = np.load(tmp_path / 'scores.npz')['scores']
    assert np.ptp(trained.scores) > 1e-4
    np.testing.assert_array_equal(found, trained.scores)


def test_export_model__inferencer_gives_the_same_scores(trained, tmp_path):
    folder = export_and_move(trained, tmp_path)
    dataset = trained.cfg.test_dataloader.dataset
    videos = Path(dataset.data_root, 'videos')
    files = [str(videos / f'test{i}.mp4') for i in range(3)]
    query = 'a red dog runs on sand'
    inferencers = [
        ClipBERTInferencer(folder, device='cpu'),
        ClipBERTInferencer(trained.cfg, trained.checkpoint, device='cpu'),
    ]
    scores = [found.score(files, query) for found in inferencers]
    np.testing.assert_array_equal(*scores)
    assert np.ptp(scores[0]) > 0


def test_export_model__adapters_are_merged(trained, tmp_path):
    pytest.importorskip('peft', reason='the extra lora is not installed')
    cfg = copy.deepcopy(trained.cfg)
    cfg.model.backbone.init_cfg = None
    cfg.model.lora = dict(r=2)
    model = fixed_init(MODELS.build(cfg.model))
    checkpoint = tmp_path / 'adapted.pth'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    tensors = export_model(cfg, checkpoint, tmp_path / 'exported')
    assert (
        tensors.keys() == torch.load(trained.checkpoint)['state_dict'].keys()
    )
    settings = json.loads((tmp_path / 'exported/config.json').read_text())
    assert 'lora' not in settings['model']
    layer = 'head.bert.encoder.layer.0.attention.self.query'
    state = model.state_dict()
    update = (
        16
        / 2
        * (
            state[f'{layer}.lora_B.default.weight']
            @ state[f'{layer}.lora_A.default.weight']
        )
    )
    torch.testing.assert_close(
        tensors[f'{layer}.weight'],
        state[f'{layer}.base_layer.weight'] + update,
    )
    video = Path(cfg.test_dataloader.dataset.data_root, 'videos/test1.mp4')
    scores = [
        ClipBERTInferencer(*found, device='cpu').score([str(video)], 'a dog')
        for found in ([tmp_path / 'exported'], [cfg, checkpoint])
    ]
    np.testing.assert_array_equal(*scores)
    again = ClipBERTInferencer(cfg, checkpoint, device='cpu')
    again.save_pretrained(tmp_path / 'saved')
    saved = load_exported(tmp_path / 'saved')
    assert 'lora' not in saved[0].model
    assert all(torch.equal(saved[1][n], tensors[n]) for n in tensors)


def test_export_model__config_names_a_file_of_this_machine(trained, tmp_path):
    cfg = copy.deepcopy(trained.cfg)
    cfg.test_dataloader.dataset.pipeline[0].fonts = '/home/author/fonts'
    with pytest.raises(
        UnsafeSettingsError,
        match="pipeline.0.fonts='/home/author/fonts' is a path outside",
    ):
        export_model(cfg, trained.checkpoint, tmp_path / 'new')
    assert not (tmp_path / 'new').exists()


def test_export_model__tokenizer_without_paths(trained, tmp_path):
    source = Path(trained.cfg.model.head.tokenizer)
    cfg = copy.deepcopy(trained.cfg)
    own = tmp_path / 'own'
    shutil.copytree(source, own)
    (own / 'tokenizer_config.json').write_text(
        json.dumps(
            dict(
                do_lower_case=True,
                name_or_path='/home/author/bert',
                special_tokens_map_file='/home/author/bert/map.json',
                auto_map=dict(AutoTokenizer=['evil.py', None]),
            )
        )
    )
    cfg = Config(rewrite(cfg.to_dict(), dict(tokenizer=lambda _: str(own))))
    export_model(cfg, trained.checkpoint, tmp_path / 'new')
    written = tmp_path / 'new' / 'tokenizer' / 'tokenizer_config.json'
    assert json.loads(written.read_text()) == dict(do_lower_case=True)


def test_export_model__half_precision_keeps_vectors(trained, tmp_path):
    whole = export_model(trained.cfg, trained.checkpoint, tmp_path / 'whole')
    state = export_model(
        trained.cfg, trained.checkpoint, tmp_path / 'half', half=True
    )
    for name, value in state.items():
        if value.is_floating_point():
            assert (value.dtype == torch.half) is (value.ndim > 1), name
        torch.testing.assert_close(
            value.float(), whole[name].float(), rtol=1e-3, atol=1e-6
        )
    sizes = [
        (tmp_path / name / 'model.safetensors').stat().st_size
        for name in ('half', 'whole')
    ]
    assert sizes[0] < 0.7 * sizes[1]


def test_export_model__half_precision_does_not_overflow(trained, tmp_path):
    saved = torch.load(trained.checkpoint)
    saved['state_dict']['neck.conv.weight'][0, 0, 0, 0] = 1e5
    torch.save(saved, tmp_path / 'large.pth')
    state = export_model(
        trained.cfg, tmp_path / 'large.pth', tmp_path / 'half', half=True
    )
    assert state['neck.conv.weight'].dtype == torch.float32
    assert state['neck.conv.weight'].max() == 1e5


def test_export_model__without_task_another_head_starts_from_it(
    trained, tmp_path
):
    folder = export_and_move(trained, tmp_path, without_task=True)
    cfg, state = load_exported(folder)
    assert not any(
        name.startswith(('head.classifier.', 'task.')) for name in state
    )
    with pytest.raises(RuntimeError, match='Missing.*head.classifier.0'):
        MODELS.build(cfg.model).load_state_dict(state)
    cfg.model.head.num_classes = 3
    cfg.model.task = dict(
        type='OpenEndedQATask', vocabulary=['no', 'yes', 'maybe']
    )
    result = MODELS.build(cfg.model).load_state_dict(state, strict=False)
    assert all(
        name.startswith(('head.classifier.', 'task.'))
        for name in result.missing_keys
    )
    assert result.unexpected_keys == []


@pytest.fixture(scope='module')
def answering(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Model that answers questions, with its vocabulary in a file."""
    folder = tmp_path_factory.mktemp('answering')
    (folder / 'answers.json').write_text('{"no": 0, "ja \u2713": 1}')
    vocabulary = str(folder / 'answers.json')
    cfg = Config(
        dict(
            model=clipbert_config(
                head=dict(num_classes=2),
                task=dict(type='OpenEndedQATask', vocabulary=vocabulary),
            ),
            test_dataloader=dict(
                dataset=dict(
                    type='VideoQuestionAnswering',
                    answers=dict(format='open', vocabulary='answers.json'),
                )
            ),
        )
    )
    init_default_scope('mmaction')
    checkpoint = folder / 'qa.pth'
    torch.save(fixed_init(MODELS.build(cfg.model)).state_dict(), checkpoint)
    return Trained(cfg, checkpoint, np.empty(0))


def test_export_model__config_lists_the_answers(answering, tmp_path):
    folder = export_and_move(answering, tmp_path)
    cfg, state = load_exported(folder)
    answers = ['no', 'ja \u2713']
    assert cfg.model.task.vocabulary == answers
    assert 'answers' not in cfg.test_dataloader.dataset
    model = MODELS.build(cfg.model)
    model.load_state_dict(state)
    assert model.task.answers == answers


def test_export_model__converted_checkpoint_gets_the_answers(
    answering, tmp_path
):
    state = torch.load(answering.checkpoint)
    del state['task.vocabulary']
    torch.save(state, tmp_path / 'official.pth')
    new = export_model(
        answering.cfg, tmp_path / 'official.pth', tmp_path / 'qa'
    )
    assert 'task.vocabulary' in new


def test_export_model__other_answers_raise(answering, tmp_path):
    cfg = copy.deepcopy(answering.cfg)
    cfg.model.task.vocabulary = ['no', 'perhaps']
    with pytest.raises(ValueError, match='perhaps.*--without-task'):
        export_model(cfg, answering.checkpoint, tmp_path / 'new')
    export_model(cfg, answering.checkpoint, tmp_path / 'new', True)


def test_export_model__checkpoint_of_another_task_raises(trained, tmp_path):
    state = torch.load(trained.checkpoint)['state_dict']
    state['task.mlm.bias'] = state.pop('head.classifier.0.bias')
    torch.save(state, tmp_path / 'other.pth')
    with pytest.raises(
        ConversionError,
        match='missing: head.classifier.0.bias\n.*unexpected: task.mlm',
    ):
        export_model(trained.cfg, tmp_path / 'other.pth', tmp_path / 'new')
    assert not (tmp_path / 'new').exists()


def test_export_model__folder_with_files_is_not_touched(trained, tmp_path):
    (tmp_path / 'config.py').write_text('a = 1')
    with pytest.raises(FileExistsError, match=f'{tmp_path} is not empty'):
        export_model(trained.cfg, trained.checkpoint, tmp_path)
    assert (tmp_path / 'config.py').read_text() == 'a = 1'


@pytest.mark.parametrize(
    'present, missing',
    [
        (None, 'no config.json and no model.safetensors'),
        ('config.json', 'has no model.safetensors'),
    ],
)
def test_load_exported__incomplete_folder_raises(tmp_path, present, missing):
    if present:
        (tmp_path / present).touch()
    with pytest.raises(FileNotFoundError, match=missing):
        load_exported(tmp_path)


def test_load_exported__python_config_is_run_only_if_trusted(
    answering, tmp_path
):
    export_model(answering.cfg, answering.checkpoint, tmp_path / 'm')
    cfg, state = load_exported(tmp_path / 'm')
    ran = tmp_path / 'ran'
    (tmp_path / 'm' / 'config.json').unlink()
    (tmp_path / 'm' / 'config.py').write_text(
        f"open({str(ran)!r}, 'w').close()\nmodel = dict(type='ClipBERT')\n"
    )
    for load in (load_exported, ClipBERTInferencer):
        with pytest.raises(
            UnsafeSettingsError, match='a config.py, which is a program.*trust'
        ):
            load(tmp_path / 'm')
    assert not ran.exists()
    cfg, again = load_exported(tmp_path / 'm', trust_config=True)
    assert ran.exists()
    assert cfg.model.type == 'ClipBERT'
    assert again.keys() == state.keys()


def test_load_exported__links_out_of_the_folder(answering, tmp_path):
    folder = tmp_path / 'm'
    export_model(answering.cfg, answering.checkpoint, folder)
    outside = tmp_path / 'outside'
    for name in ('model.safetensors', 'config.json'):
        shutil.move(folder / name, outside)
        (folder / name).symlink_to(outside)
        with pytest.raises(
            UnsafeSettingsError, match='is a link to .*outside'
        ):
            load_exported(folder)
        (folder / name).unlink()
        shutil.move(outside, folder / name)
    (folder / 'tokenizer').mkdir()
    (folder / 'tokenizer' / 'vocab.txt').symlink_to('/etc/passwd')
    with pytest.raises(UnsafeSettingsError, match='is a link to /etc/passwd'):
        load_exported(folder)


def test_load_exported__cache_of_the_hub(answering, tmp_path):
    """The hub's client keeps files as links to blobs outside the snapshots."""
    folder = tmp_path / 'models--x' / 'snapshots' / '0a1b'
    export_model(answering.cfg, answering.checkpoint, folder)
    blobs = tmp_path / 'models--x' / 'blobs'
    blobs.mkdir()
    for name in ('model.safetensors', 'config.json'):
        shutil.move(folder / name, blobs / name)
        (folder / name).symlink_to(f'../../blobs/{name}')
    assert load_exported(folder)[0].model.type == 'ClipBERT'
