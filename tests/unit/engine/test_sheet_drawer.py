# Copyright (c) clipbert_mm contributors.
"""Tests of what is drawn of the items of a test, on real datasets."""

import os.path as osp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.registry import init_default_scope

from clipbert_mm.engine.sheet_drawer import SheetDrawer, rank_of
from clipbert_mm.engine.sheet_scores import SheetScores
from tests.toolbox.shrink import ANSWERS, make_corpus, shrink
from tests.toolbox.tiny_models import fixed_init

SCORES = torch.rand(7, 10, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp('corpus'))


class Recorder:
    """Visualizer that remembers what it is to draw."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []

    def add_datasample(
        self, *arguments: Any, out_path: str | None, step: int
    ) -> None:
        assert step == 0
        self.calls.append((*arguments, out_path))

    def add_ranking(
        self, *arguments: Any, out_path: str | None, step: int
    ) -> None:
        assert step == 0
        self.calls.append((*arguments, out_path))


def make_drawer(name: str, corpus: Path, out_dir: str | None) -> SheetDrawer:
    cfg = shrink(name, corpus)
    init_default_scope('mmaction')
    model = fixed_init(MODELS.build(cfg.model)).eval()
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    return SheetDrawer(model, dataset, Recorder(), out_dir)


@pytest.fixture
def scores() -> SheetScores:
    found = SheetScores(range(7), range(10))
    for video_ind, row in enumerate(SCORES):
        found.add(video_ind, row)
    return found


@pytest.mark.slow
def test_draw_item__question_with_its_answers(corpus: Path) -> None:
    drawer = make_drawer('clipbert_msrvtt_qa', corpus, 'sheets')
    drawer.draw_item(2)
    ((name, clips, sample, path),) = drawer.visualizer.calls
    assert (
        path
        == osp.join('sheets', f'{name}.png')
        == ('sheets/item_000002_test2.png')
    )
    item = drawer.dataset[2]
    np.testing.assert_array_equal(
        clips.transpose(0, 4, 1, 2, 3), item['inputs']['imgs'].numpy()
    )
    assert sample.texts == ['[UNK] dog runs']  # the vocabulary is small
    assert sample.answers == list(ANSWERS)
    assert sample.answer_labels.tolist() == [2]
    assert len(sample.clip_samples) == len(clips) == 2


def test_draw_item__options(corpus: Path) -> None:
    drawer = make_drawer('clipbert_tgif_qa-action', corpus, None)
    drawer.draw_item(1)
    ((_, _, sample, path),) = drawer.visualizer.calls
    assert path is None
    assert sample.texts == [f'a dog a {colour} dog' for colour in ANSWERS]
    assert 'answers' not in sample


@pytest.mark.slow
def test_draw_video__best_texts_and_its_own(
    corpus: Path, scores: SheetScores
) -> None:
    drawer = make_drawer('clipbert_msrvtt_ret', corpus, None)
    for index in range(7):
        drawer.draw_video(index, scores)
    for index, (_, _, sample, _) in enumerate(drawer.visualizer.calls):
        row = SCORES[index].tolist()
        best = sorted(range(10), key=lambda i: -row[i])
        own = drawer.dataset[index]['data_samples'].own_text_inds
        shown = best[:5] + [i for i in own if i not in best[:5]]
        captions = drawer.dataset.captions
        assert sample.texts == [captions[i] for i in shown]
        assert sample.text_ranks == [best.index(i) + 1 for i in shown]
        assert sample.text_labels == [int(i in own) for i in shown]
        assert sample.match_score.shape == (len(shown),)
    assert {len(call[2].texts) for call in drawer.visualizer.calls} > {5}


@pytest.mark.slow
def test_draw_text__best_videos(corpus: Path, scores: SheetScores) -> None:
    drawer = make_drawer('clipbert_msrvtt_ret', corpus, None)
    ranks = []
    for index in range(10):
        drawer.draw_text(index, scores)
        own = int(drawer.dataset.table.media_of_row[index])
        column = SCORES[:, index].tolist()
        best = sorted(range(7), key=lambda i: -column[i])
        _, query, tiles, _ = drawer.visualizer.calls[-1]
        assert [tile.name for tile in tiles] == [f'test{i}' for i in best[:5]]
        assert [tile.is_right for tile in tiles] == [
            i == own for i in best[:5]
        ]
        assert tiles[0].score == pytest.approx(column[best[0]])
        rank = best.index(own) + 1
        ranks.append(rank)
        caption = drawer.dataset.captions[index]
        assert query == caption + (
            f'  (right: test{own}, rank {rank})' if rank > 5 else ''
        )
    assert min(ranks) <= 5 < max(ranks)


def test_draw_text__scores_of_a_cascade(
    corpus: Path, scores: SheetScores
) -> None:
    drawer = make_drawer('clipbert_msrvtt_ret', corpus, None)
    scores.add(0, torch.full((10,), 0.5))
    scores.add(1, torch.full((10,), -4.0))  # 0.25 of the first clips
    for video_ind in range(2, 7):
        scores.add(video_ind, torch.full((10,), -torch.inf))
    drawer.draw_text(0, scores)
    tiles = drawer.visualizer.calls[-1][2]
    assert [(tile.name, tile.score) for tile in tiles] == [
        ('test0', 0.5),
        ('test1', 0.25),
    ]


def test_rank__counts_better_ones() -> None:
    values = np.array([0.3, 0.9, 0.3, 0.1])
    assert [rank_of(values, i) for i in range(4)] == [2, 1, 2, 4]
