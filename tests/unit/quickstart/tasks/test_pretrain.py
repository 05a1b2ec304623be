# Copyright (c) clipbert_mm contributors.
"""Tests of what the pretraining task prints and saves; runs are elsewhere."""

import json
from pathlib import Path

import pytest

from clipbert_mm.quickstart.corpus.annotations import write_lines
from clipbert_mm.quickstart.tasks import pretrain
from clipbert_mm.quickstart.tasks.masked_words import MaskedWord


def test_own_captions__changes_a_copy() -> None:
    cfg = dict(
        test_dataloader=dict(dataset=dict(negative_prob=0.5, ann_file='a'))
    )
    own = pretrain.own_captions(cfg)
    assert own['test_dataloader']['dataset'] == dict(
        negative_prob=0.0, ann_file='a'
    )
    assert cfg['test_dataloader']['dataset']['negative_prob'] == 0.5


@pytest.mark.parametrize('smoke', [False, True])
def test_report__both_accuracies_beside_guessing(
    smoke: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / 'corpus' / 'annotations'
    folder.mkdir(parents=True)
    write_lines(
        folder / 'images_train.jsonl',
        [dict(caption=text) for text in ('a red ring', 'a red box')],
    )
    masked = [
        MaskedWord('a', 'red', 'ring'),
        MaskedWord('[CLS]', 'a', 'red'),
        MaskedWord('a', 'blue', 'ring'),
        MaskedWord('red', 'ring', '[SEP]'),
    ]
    run = dict(seed=2, smoke=smoke)
    metrics = dict(itm_acc=75.26, mlm_acc=50.0)
    pretrain.report(tmp_path, run, metrics, masked)
    shown = capsys.readouterr().out
    assert 'Result with seed 2, on images of unseen combinations' in shown
    assert ('the numbers mean nothing' in shown) == smoke
    # 'a' and 'red' are the most frequent words, 'a' first; between their
    # neighbours all but 'blue' are right.
    assert shown.splitlines()[-5:] == [
        '   50.0 %  of 4 masked words are predicted right (MLM)',
        '   25.0 %    without the image: most frequent word',
        '   75.0 %    without the image: most frequent between its neighbours',
        '   75.3 %  of texts are rightly judged to match or not (ITM)',
        '   50.0 %    by chance',
    ]
    saved = json.loads((tmp_path / 'result_pretrain.json').read_text())
    assert saved == dict(
        metrics,
        baselines={
            'most frequent word': 25.0,
            'most frequent between its neighbours': 75.0,
        },
        masked=4,
        **run,
    )


def test_report_next__names_the_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretrain.report_next(tmp_path)
    shown = capsys.readouterr().out
    assert f'{tmp_path}/pretrain/config.py' in shown
    assert f'cli.quickstart --work-dir {tmp_path}' in shown
    assert 'clipbert_coco-vg_pretrain.py' in shown
