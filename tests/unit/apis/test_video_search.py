# Copyright (c) clipbert_mm contributors.
"""Tests of the searcher, against the runner's test of the same config."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from clipbert_mm.apis import VideoSearcher
from tests.toolbox.shrink import make_corpus, shrink
from tests.toolbox.tiny_models import fixed_init

TOLERANCE = 1e-6  # the scores of an untrained model are close to each other


class Trained(NamedTuple):
    """A config, its checkpoint and what its test gave."""

    cfg: Config
    checkpoint: str
    videos: list[str]
    scores: np.ndarray


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp('search')
    corpus = make_corpus(tmp_path_factory.mktemp('corpus'))
    cfg = shrink('clipbert_msrvtt_ret', corpus, work_dir=str(folder))
    cfg.test_evaluator.out_file = str(folder / 'scores.npz')
    init_default_scope('mmaction')
    checkpoint = str(folder / 'tiny.pth')
    torch.save(
        dict(state_dict=fixed_init(MODELS.build(cfg.model)).state_dict()),
        checkpoint,
    )
    cfg.load_from = checkpoint
    Runner.from_cfg(cfg).test()
    saved = np.load(folder / 'scores.npz')
    videos = [str(corpus / 'videos' / f'{v}.mp4') for v in saved['video_ids']]
    return Trained(cfg, checkpoint, videos, saved['scores'])


@pytest.fixture(scope='module')
def searcher(trained: Trained) -> VideoSearcher:
    return VideoSearcher(trained.cfg, trained.checkpoint, device='cpu')


@pytest.fixture(scope='module')
def captions(trained: Trained) -> list[str]:
    dataset = trained.cfg.test_dataloader.dataset
    lines = Path(dataset.data_root, dataset.ann_file).read_text().splitlines()
    return [json.loads(line)['caption'] for line in lines]


@pytest.mark.parametrize('batch_size', [1, 3])
def test_score__equals_the_test_of_the_runner(
    trained: Trained,
    searcher: VideoSearcher,
    captions: list[str],
    batch_size: int,
) -> None:
    found = searcher.score(trained.videos, captions, batch_size)
    assert found.shape == (len(captions), len(trained.videos))
    assert np.ptp(found) > 100 * TOLERANCE
    np.testing.assert_allclose(found, trained.scores, atol=TOLERANCE)


def test_searcher__config_by_path(
    trained: Trained, tmp_path: Path, captions: list[str]
) -> None:
    trained.cfg.dump(tmp_path / 'tiny.py')
    searcher = VideoSearcher(
        str(tmp_path / 'tiny.py'), trained.checkpoint, device='cpu'
    )
    np.testing.assert_allclose(
        searcher.score(trained.videos[:1], captions[:2]),
        trained.scores[:2, :1],
        atol=TOLERANCE,
    )


def test_score__threads_keep_their_queries(
    trained: Trained, searcher: VideoSearcher, captions: list[str]
) -> None:
    calls = [
        (trained.videos[i % 3 : i % 3 + 2], captions[i % len(captions) :])
        for i in range(24)
    ]
    one_by_one = [searcher.score(*call) for call in calls]
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(lambda c: searcher.score(*c), calls))
    for own, expected in zip(at_once, one_by_one):
        np.testing.assert_array_equal(own, expected)


def test_rank__best_first(
    trained: Trained, searcher: VideoSearcher, captions: list[str]
) -> None:
    ranking = searcher.rank(trained.videos, captions[0])
    scores = searcher.score(trained.videos, captions[:1])[0]
    order = np.argsort(-scores)
    assert order[0] != 0
    assert len(set(scores)) == len(scores)
    assert [video for video, _ in ranking] == [
        trained.videos[i] for i in order
    ]
    assert [score for _, score in ranking] == scores[order].tolist()
    assert searcher.rank(trained.videos, captions[0], top=2) == ranking[:2]


def test_rank__same_video_twice_keeps_the_order(
    trained: Trained, searcher: VideoSearcher, tmp_path: Path
) -> None:
    copy = tmp_path / 'copy.mp4'
    copy.write_bytes(Path(trained.videos[0]).read_bytes())
    for videos in (
        [trained.videos[0], str(copy)],
        [str(copy), trained.videos[0]],
    ):
        assert [v for v, _ in searcher.rank(videos, 'a red dog')] == videos


def test_rank__top_not_positive(
    trained: Trained, searcher: VideoSearcher
) -> None:
    with pytest.raises(
        ValueError, match='top must be an integer >= 1, but got 0'
    ):
        searcher.rank(trained.videos, 'a dog', top=0)


def test_score__missing_video(searcher: VideoSearcher) -> None:
    with pytest.raises(FileNotFoundError, match="1 of 1 .*'no.mp4'"):
        searcher.score(['no.mp4'], ['a dog'])


def test_score__unreadable_video(
    searcher: VideoSearcher, tmp_path: Path
) -> None:
    video = tmp_path / 'notes.mp4'
    video.write_text('not a video')
    with pytest.raises(RuntimeError, match='notes.mp4.*cannot be read'):
        searcher.score([str(video)], ['a dog'])


@pytest.mark.parametrize(
    'queries, message',
    [
        ([], 'got 1 and 0'),
        (['a dog', ' '], r'at \[1\]'),
        ('a dog', "the string 'a dog'"),
    ],
)
def test_score__bad_queries(
    trained: Trained, searcher: VideoSearcher, queries: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        searcher.score(trained.videos[:1], queries)


def test_searcher__no_checkpoint(trained: Trained) -> None:
    with pytest.raises(FileNotFoundError, match="checkpoint 'no.pth'"):
        VideoSearcher(trained.cfg, 'no.pth')


def test_searcher__config_without_captions(trained: Trained) -> None:
    cfg = copy.deepcopy(trained.cfg)
    cfg.test_dataloader.dataset.tokenize = None
    with pytest.raises(ValueError, match="'VideoTextRetrieval' has none"):
        VideoSearcher(cfg, trained.checkpoint)


def test_searcher__checkpoint_without_the_classifier(
    trained: Trained, tmp_path: Path
) -> None:
    weights = torch.load(trained.checkpoint)['state_dict']
    kept = {k: v for k, v in weights.items() if 'classifier' not in k}
    torch.save(dict(state_dict=kept), tmp_path / 'part.pth')
    with pytest.raises(RuntimeError, match='head.classifier'):
        VideoSearcher(trained.cfg, str(tmp_path / 'part.pth'))
