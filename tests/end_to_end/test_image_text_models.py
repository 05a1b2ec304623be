# Copyright (c) clipbert_mm contributors.
"""Image-text models of transformers through tools/test.py and train.py."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config

from clipbert_mm.cli import test, train
from clipbert_mm.host.device import fit_to_device
from clipbert_mm.utils.config_loading import load_config, override_config
from tests.toolbox.shrink import ANSWERS, WORDS, metrics_in, write_config
from tests.toolbox.small_image_text import write_with_words

pytestmark = pytest.mark.slow

# Config: name of the small model, its class, width of its visual tokens.
MODELS = {
    'blip_msrvtt_ret_zeroshot': ('blip', 'BlipForImageTextRetrieval', 20),
    'blip2_msrvtt_ret_zeroshot': ('blip2', 'Blip2ForImageTextRetrieval', 20),
    'bridgetower_msrvtt_ret_zeroshot': (
        'bridgetower',
        'BridgeTowerForImageAndTextRetrieval',
        3 * 64,
    ),
    'clip_msrvtt_ret_zeroshot': ('clip', 'CLIPModel', 20),
    'siglip_msrvtt_ret_zeroshot': ('siglip', 'SiglipModel', 20),
    'vilt_msrvtt_ret': ('vilt', 'ViltForImageAndTextRetrieval', 24),
    'blip_flickr30k_ret_zeroshot': ('blip', 'BlipForImageTextRetrieval', 20),
    'clip_flickr30k_ret_zeroshot': ('clip', 'CLIPModel', 20),
    'vilt_msrvtt_qa_zeroshot': ('vilt_qa', 'ViltForQuestionAnswering', 24),
}
RETRIEVAL = [name for name in MODELS if '_ret' in name]
# Annotation files of the corpus, by a part of the config's name.
FILES = {'_qa': 'open_{}.jsonl', 'flickr': 'pretrain_{}.jsonl'}


def write_model(folder: Path, name: str) -> Path:
    """Write a model that knows the words of the corpus."""
    kind, class_name, _ = MODELS[name]
    write_with_words(folder, kind, class_name, WORDS)
    return folder


def small_config(name: str, model: Path, corpus: Path) -> Config:
    """Load a shipped config with a small model, on the corpus."""
    settings: dict[str, Any] = dict(
        pretrained=str(model),
        data_root=str(corpus),
        img_size=32,
        num_workers=0,
        max_txt_len=10,
    )
    if 'msrvtt' in name:
        settings.update(num_train_clips=1, num_test_clips=2)
    cfg = load_config(name, settings)
    cfg.model.neck.out_channels = MODELS[name][2]
    for split in ('train', 'val', 'test'):
        loader = cfg[f'{split}_dataloader']
        loader.pop('pin_memory', None)
        file = next((f for k, f in FILES.items() if k in name), '{}.jsonl')
        part = 'train' if split == 'train' else 'test'
        loader.dataset.ann_file = file.format(part)
    cfg.train_dataloader.batch_size = 2
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.param_scheduler.end = 1
    cfg.launcher = 'none'
    return fit_to_device(cfg)


def scores_of(config: Path, checkpoint: str, work_dir: Path) -> np.ndarray:
    """Test with the tool, and return the scores of texts and videos."""
    out = work_dir.with_suffix('.npz')
    options = ['--work-dir', str(work_dir), '--out', str(out)]
    test.main([str(config), checkpoint, *options])
    assert 't2v/R1' in metrics_in(work_dir)
    return np.load(out)['scores']


@pytest.mark.parametrize('name', RETRIEVAL)
def test_model__is_tested_as_it_is(
    name: str, corpus: Path, tmp_path: Path
) -> None:
    model = write_model(tmp_path / 'model', name)
    config = write_config(small_config(name, model, corpus), tmp_path / 'c')
    scores = scores_of(config, 'none', tmp_path / 'test')
    assert scores.shape == (14 if 'flickr' in name else 10, 7)
    assert len(np.unique(scores)) > 30  # videos and texts differ


def test_model__answers_as_it_is(corpus: Path, tmp_path: Path) -> None:
    name = 'vilt_msrvtt_qa_zeroshot'
    model = write_model(tmp_path / 'model', name)
    settings = json.loads((model / 'config.json').read_text())
    answers = ['no', *ANSWERS, 'yes']
    settings['id2label'] = {str(i): word for i, word in enumerate(answers)}
    (model / 'config.json').write_text(json.dumps(settings))
    cfg = small_config(name, model, corpus)
    override_config(cfg, dict(vocabulary=str(model / 'config.json')))
    config = write_config(cfg, tmp_path / 'c')
    out = tmp_path / 'answers.json'
    options = ['--work-dir', str(tmp_path / 'test'), '--out', str(out)]
    test.main([str(config), 'none', *options])
    assert set(metrics_in(tmp_path / 'test')) >= {'acc'}
    assert {row['answer'] for row in json.loads(out.read_text())} <= {*answers}


@pytest.mark.parametrize(
    'name', ['blip_msrvtt_ret_zeroshot', 'blip_flickr30k_ret_zeroshot']
)
def test_model__is_fine_tuned(name: str, corpus: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / 'model', name)
    config = write_config(small_config(name, model, corpus), tmp_path / 'c')
    train.main([str(config), '--work-dir', str(tmp_path / 'train')])
    before, after = (
        scores_of(config, str(checkpoint), tmp_path / run)
        for run, checkpoint in (
            ('before', 'none'),
            ('after', tmp_path / 'train' / 'epoch_1.pth'),
        )
    )
    assert not np.allclose(before, after)


def test_no_checkpoint__is_refused_where_weights_would_be_random(
    tmp_path: Path,
) -> None:
    with pytest.raises(SystemExit, match='weights would be random'):
        test.main(['clipbert_debug', 'none', '--work-dir', str(tmp_path)])
