# Copyright (c) clipbert_mm contributors.
"""A run whose training and test sets have videos that cannot be read."""

import json
import shutil
from pathlib import Path

import pytest
from mmengine.runner import Runner

from tests.toolbox.shrink import shrink

pytestmark = pytest.mark.slow


@pytest.fixture
def broken_corpus(corpus: Path, tmp_path: Path) -> Path:
    """The corpus with one empty training video and two bad test videos."""
    broken = tmp_path / 'broken'
    shutil.copytree(corpus, broken)
    (broken / 'videos' / 'train2.mp4').write_bytes(b'')
    (broken / 'videos' / 'test1.mp4').unlink()
    (broken / 'videos' / 'test4.mp4').write_text('not a video')
    return broken


def test_run__trains_on_and_ends_the_test_with_a_list(
    broken_corpus: Path, tmp_path: Path
) -> None:
    runner = Runner.from_cfg(
        shrink(
            'clipbert_msrvtt_ret',
            broken_corpus,
            work_dir=str(tmp_path / 'work'),
            train_dataloader__dataset__bad_media=dict(max_fraction=0.2),
        )
    )
    with pytest.raises(RuntimeError, match='2 of 7 videos') as raised:
        runner.train()  # one epoch, then validation
    assert 'test1: FileNotFoundError' in str(raised.value)
    assert 'test4: ' in str(raised.value)
    (log,) = (tmp_path / 'work').glob('*/*.log')
    reports = [
        line
        for line in log.read_text().splitlines()
        if "train2.mp4' cannot be used" in line
    ]
    assert len(reports) == 1


def test_run__stops_when_too_many_training_videos_are_bad(
    broken_corpus: Path, tmp_path: Path
) -> None:
    runner = Runner.from_cfg(
        shrink(
            'clipbert_msrvtt_ret',
            broken_corpus,
            work_dir=str(tmp_path / 'work'),
            train_dataloader__dataset__bad_media=dict(max_fraction=0.1),
        )
    )
    with pytest.raises(RuntimeError, match='1 of 8 media.*max_fraction=0.1'):
        runner.train()


def test_run__scores_bad_videos_last_and_says_how_many(
    broken_corpus: Path, tmp_path: Path
) -> None:
    cfg = shrink(
        'clipbert_msrvtt_ret',
        broken_corpus,
        work_dir=str(tmp_path / 'work'),
        test_evaluator__bad_videos='last',
    )
    metrics = Runner.from_cfg(cfg).test()
    assert metrics['num_bad_videos'] == 2
    lines = (broken_corpus / 'test.jsonl').read_text().splitlines()
    videos = [json.loads(line)['clip_name'] for line in lines]
    lost = sum(video in ('test1', 'test4') for video in videos)
    assert metrics['t2v/MnR'] >= lost * 7 / len(videos)
