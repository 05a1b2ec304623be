# Copyright (c) clipbert_mm contributors.
"""Tests of the sheets of what a model is fed, on small shipped configs."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from PIL import Image

from clipbert_mm.cli import browse, browsing
from clipbert_mm.engine import EpochSampler
from tests.toolbox.shrink import make_corpus, shrink, write_config

# Config, split, and texts that its sheets must hold.
KINDS = [
    ('clipbert_msrvtt_ret', 'train', '(no match)'),
    ('clipbert_msrvtt_ret', 'val', 'scored with all 10 texts; its own:'),
    ('clipbert_msrvtt_qa', 'train', 'answer_labels: 0 = red'),
    ('clipbert_msrvtt_qa', 'test', 'not in the vocabulary'),
    ('clipbert_msrvtt_mc', 'test', '[CLS] a red dog [SEP]  (right)'),
    ('clipbert_tgif_qa-action', 'train', '[CLS] a dog a red dog [SEP]  (r'),
    ('clipbert_tgif_qa-count', 'test', 'answer_labels: [1]'),
    ('clipbert_vqa', 'train', 'red 1, green 0.3'),
    ('clipbert_coco-vg_pretrain', 'train', 'tokens to predict'),
    *(
        pytest.param(*kind, marks=pytest.mark.slow)
        for kind in (
            ('clipbert_tgif_qa-frameqa', 'train', 'answer_labels: 0 = red'),
            ('clipbert_msrvtt_ret_slowonly', 'train', '2 of 4 frames'),
            ('clipbert_didemo_ret', 'train', '(match)'),
            ('clipbert_activitynet_ret', 'val', 'scored with all'),
        )
    ),
]


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp('corpus'))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Lines and clips of each sheet."""
    calls: list[tuple] = []
    draw = browsing.draw_clip_sheet

    def record(lines: Any, clips: Any, **options: Any) -> np.ndarray:
        calls.append(([line.text for line in lines], clips))
        return draw(lines, clips, **options)

    monkeypatch.setattr(browsing, 'draw_clip_sheet', record)
    return calls


def run(cfg: Config, folder: Path, *options: str) -> int:
    config = write_config(cfg, folder / 'tiny.py')
    return browse.main([str(config), '--out', str(folder / 'seen'), *options])


@pytest.mark.slow
@pytest.mark.parametrize('name, split, text', KINDS)
def test_browse__draws_what_the_sampler_would_feed(
    name: str,
    split: str,
    text: str,
    corpus: Path,
    tmp_path: Path,
    drawn: list[tuple],
    capsys: pytest.CaptureFixture[str],
) -> None:
    cfg = shrink(name, corpus)
    assert run(cfg, tmp_path, '--split', split, '--number', '3') == 0
    paths = capsys.readouterr().out.splitlines()
    assert len(paths) == len(drawn) == 3
    init_default_scope('mmaction')
    dataset = DATASETS.build(cfg[f'{split}_dataloader'].dataset)
    sampler = EpochSampler(dataset, shuffle=False, seed=cfg.randomness.seed)
    indices = list(sampler)
    for i, (path, (lines, clips)) in enumerate(zip(paths, drawn)):
        item = dataset[indices[i * len(dataset) // 3]]
        np.testing.assert_array_equal(
            clips.transpose(0, 4, 1, 2, 3), item['inputs']['imgs'].numpy()
        )
        name = item['data_samples'].video_id
        assert lines[0].endswith(f': {name}')
        assert Path(path).name.startswith(f'{split}_00000')
        with Image.open(path) as sheet:
            assert sheet.size[0] > 5 * 160
    assert any(text in line for lines, _ in drawn for line in lines)


@pytest.mark.slow
def test_browse__says_what_cannot_be_read(
    corpus: Path,
    tmp_path: Path,
    drawn: list[tuple],
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = Path(shutil.copytree(corpus, tmp_path / 'corpus'))
    for split in ('train', 'test'):
        (own / 'videos' / f'{split}0.mp4').write_text('not a video')
    cfg = shrink('clipbert_msrvtt_qa', own)
    assert run(cfg, tmp_path, '--split', 'test', '--number', '2') == 1
    error = capsys.readouterr().err
    assert error.startswith('test_000000 is not drawn: it cannot be read: ')
    assert len(drawn) == 1
    drawn.clear()
    cfg.train_dataloader.dataset.bad_media = dict(max_fraction=1.0)
    assert run(cfg, tmp_path, '--number', '1') == 0
    ((lines, _),) = drawn
    assert lines[0] != 'train_000000: train0'
    assert lines[1] == f'instead of {own}/videos/train0.mp4, unreadable'


@pytest.mark.parametrize(
    'options, message',
    [
        (('--split', 'train'), 'has no train_dataloader. Choose another'),
        (('--split', 'test', '--number', '0'), '--number must be an integer'),
        (('--split', 'test', '--frame-size', '9'), '--frame-size must be'),
    ],
)
def test_browse__refuses(
    options: tuple[str, ...],
    message: str,
    corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cfg = shrink('clipbert_msrvtt_mc', corpus)
    assert run(cfg, tmp_path, *options) == 2
    assert message in capsys.readouterr().err


def test_browse__refuses_other_datasets_and_missing_files(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg = shrink('clipbert_msrvtt_ret', corpus)
    cfg.val_dataloader.dataset.ann_file = 'no.jsonl'
    assert run(cfg, tmp_path, '--split', 'val') == 2
    assert 'no.jsonl' in capsys.readouterr().err
    cfg.val_dataloader.dataset = dict(
        type='VideoDataset', ann_file=f'{corpus}/list.txt', pipeline=[]
    )
    (corpus / 'list.txt').write_text('a.mp4 0\n')
    assert run(cfg, tmp_path, '--split', 'val') == 2
    assert 'clipbert_mm, but is VideoDataset.' in capsys.readouterr().err
