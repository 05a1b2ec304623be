# Copyright (c) clipbert_mm contributors.
"""The loop that keeps its scores: exact, killed, resumed, approximate."""

import itertools
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm.host.device import fit_to_device
from tests.end_to_end.test_two_processes import leave
from tests.toolbox.attention_consensus import AttentionConsensus
from tests.toolbox.media import write_lines
from tests.toolbox.processes import fork_context, free_port
from tests.toolbox.shrink import make_corpus, shrink

pytestmark = pytest.mark.slow

NUM_VIDEOS, NUM_TEXTS, NUM_CLIPS = 7, 10, 4
LOOP = dict(type='PairScoringLoop')
RUNS = itertools.count()


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos with captions, for this file alone: tests take videos away."""
    return make_corpus(tmp_path_factory.mktemp('corpus'))


@pytest.fixture
def own_corpus(corpus: Path, tmp_path: Path) -> Path:
    """A copy whose videos may be changed."""
    return Path(shutil.copytree(corpus, tmp_path / 'own'))


@TRANSFORMS.register_module()
class WaitAtVideo(BaseTransform):
    """Wait at one video for as long as a file exists."""

    def __init__(self, video_id: str, file: str) -> None:
        self.video_id = video_id
        self.file = Path(file)

    def transform(self, results: dict) -> dict:
        while results['video_id'] == self.video_id and self.file.exists():
            time.sleep(0.05)
        return results


def config(
    corpus: Path, work: Path, test_cfg: dict | None = None, **overrides: Any
) -> Config:
    """Retrieval with four test clips, and scores that differ."""
    cfg = shrink(
        'clipbert_msrvtt_ret', corpus, work_dir=str(work), **overrides
    )
    for transform in cfg.test_dataloader.dataset.pipeline:
        if transform.type == 'SparseClipSampler':
            transform.num_clips = NUM_CLIPS
    # Runs that begin in the same second would share one log.
    cfg.experiment_name = f'run{next(RUNS)}'
    cfg.model.head.bert.initializer_range = 0.5
    cfg.test_evaluator.out_file = str(work / 'scores.npz')
    cfg.visualizer.vis_backends = []
    if test_cfg is not None:
        cfg.test_cfg = test_cfg
    return cfg


def run(cfg: Config) -> tuple[dict, np.ndarray]:
    """Metrics, and scores of ``(texts, videos)``."""
    Path(cfg.work_dir).mkdir(exist_ok=True)
    metrics = Runner.from_cfg(cfg).test()
    return metrics, np.load(cfg.test_evaluator.out_file)['scores']


def remove_videos(corpus: Path) -> None:
    for path in (corpus / 'videos').glob('test*.mp4'):
        path.unlink()


def log_of(work: Path) -> str:
    return ''.join(p.read_text() for p in sorted(work.glob('*/*.log')))


@pytest.mark.parametrize('batch_size', [1, 3])
def test_loop__equals_the_plain_loop(
    corpus: Path, tmp_path: Path, batch_size: int
) -> None:
    plain, expected = run(config(corpus, tmp_path / 'plain'))
    work = tmp_path / 'loop'
    metrics, scores = run(
        config(corpus, work, LOOP, test_dataloader__batch_size=batch_size)
    )
    assert metrics == plain
    assert expected.std() > 0.01
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    text = log_of(work)
    assert '7 videos x 10 texts x 4 clips: 280 passes through BERT' in text
    assert 'left of this pass' in text
    assert 'Exact: 280 of 280 passes' in text


def test_loop__scores_with_a_learned_consensus(
    corpus: Path, tmp_path: Path
) -> None:
    consensus = dict(type=AttentionConsensus.__name__, _delete_=True)
    plain_cfg = config(corpus, tmp_path / 'plain', model__consensus=consensus)
    plain, expected = run(plain_cfg)
    cfg = config(corpus, tmp_path / 'loop', LOOP, model__consensus=consensus)
    metrics, scores = run(cfg)
    assert metrics == plain
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    mean = dict(consensus, type='ConsensusAggregator', aggregation='mean')
    _, other = run(
        config(corpus, tmp_path / 'mean', LOOP, model__consensus=mean)
    )
    assert np.abs(other - scores).max() > 1e-3


def test_loop__scores_no_video_twice(own_corpus: Path, tmp_path: Path) -> None:
    cfg = config(own_corpus, tmp_path / 'work', LOOP)
    metrics, scores = run(cfg)
    video = (own_corpus / 'videos' / 'test4.mp4').read_bytes()
    (tmp_path / 'work/scores/all/000004.npz').unlink()
    remove_videos(own_corpus)
    (own_corpus / 'videos' / 'test4.mp4').write_bytes(video)
    again, same = run(cfg)
    assert again == metrics
    np.testing.assert_array_equal(same, scores)
    assert '6 of 7 videos are in' in log_of(tmp_path / 'work')


@pytest.fixture(scope='module')
def scored(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The config of a run that is finished."""
    cfg = config(corpus, tmp_path_factory.mktemp('scored'), LOOP)
    run(cfg)
    return cfg


@pytest.mark.parametrize(
    'change, message',
    [
        ({'randomness.seed': 7}, 'weights was .* and is now '),
        (
            {'test_dataloader.dataset.ann_file': 'train.jsonl'},
            'texts was .*; videos was ',
        ),
        (
            {'model.data_preprocessor.bgr': False},
            'model.data_preprocessor.bgr was True and is now False',
        ),
        (
            {'test_cfg.autocast': 'bfloat16'},
            "settings.autocast was None and is now 'bfloat16'",
        ),
    ],
)
def test_loop__refuses_the_scores_of_another_run(
    scored: Config, change: dict, message: str
) -> None:
    other = scored.copy()
    other.merge_from_dict(change)
    with pytest.raises(
        ValueError, match='holds scores of another run: .*' + message
    ):
        run(other)


def test_loop__goes_on_with_another_budget_and_batch(
    own_corpus: Path, tmp_path: Path
) -> None:
    cfg = config(own_corpus, tmp_path, LOOP)
    metrics, _ = run(cfg)
    remove_videos(own_corpus)
    cfg.test_dataloader.batch_size = 2
    cfg.model.token_budget = 33
    assert run(cfg)[0] == metrics


def test_loop__treats_unreadable_videos_as_the_plain_loop(
    own_corpus: Path, tmp_path: Path
) -> None:
    video = own_corpus / 'videos' / 'test2.mp4'
    content = video.read_bytes()
    video.write_text('not a video')
    last = dict(test_evaluator__bad_videos='last')
    plain, expected = run(config(own_corpus, tmp_path / 'plain', **last))
    cfg = config(own_corpus, tmp_path / 'loop', LOOP, **last)
    metrics, scores = run(cfg)
    assert metrics == plain
    assert metrics['num_bad_videos'] == 1
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    cfg.test_cfg.cascade = dict(first_clips=1, videos_per_text=1)
    assert run(cfg)[0]['num_bad_videos'] == 1
    cfg.test_evaluator.bad_videos = 'raise'
    with pytest.raises(RuntimeError, match='1 of 7 videos.*'):
        run(cfg)
    # It was not kept as done: once repaired, it is scored.
    video.write_bytes(content)
    cfg.test_cfg.cascade = None
    _, repaired = run(cfg)
    assert np.isfinite(repaired).all()
    others = [0, 1, 3, 4, 5, 6]
    np.testing.assert_array_equal(repaired[:, others], scores[:, others])


def naive_cascade(
    logits: np.ndarray,
    first: list[int],
    videos_per_text: int,
    texts_per_video: int,
) -> tuple[np.ndarray, set[tuple[int, int]]]:
    """First scores ``(V, M)`` and the pairs to finish, pair by pair."""
    num_videos, num_texts = logits.shape[:2]
    scores = np.zeros((num_videos, num_texts))
    for video in range(num_videos):
        for text in range(num_texts):
            no, yes = np.exp(logits[video, text, first]).sum(0)
            scores[video, text] = yes / (no + yes)
    pairs = set()
    for text in range(num_texts):
        for video in np.argsort(-scores[:, text])[:videos_per_text]:
            pairs.add((int(video), text))
    for video in range(num_videos):
        for text in np.argsort(-scores[video])[:texts_per_video]:
            pairs.add((video, int(text)))
    return scores, pairs


def test_loop__cascade_finishes_the_best_pairs(
    corpus: Path, tmp_path: Path
) -> None:
    _, full = run(config(corpus, tmp_path / 'full', LOOP))
    rows = sorted((tmp_path / 'full/scores/all').glob('*.npz'))
    logits = np.stack([np.load(row)['clip_logits'] for row in rows])
    assert logits.shape == (NUM_VIDEOS, NUM_TEXTS, NUM_CLIPS, 2)
    cascade = dict(first_clips=2, videos_per_text=2, texts_per_video=1)
    work = tmp_path / 'cascade'
    _, scores = run(config(corpus, work, dict(LOOP, cascade=cascade)))
    first, pairs = naive_cascade(logits.astype(float), [1, 3], 2, 1)
    assert 20 <= len(pairs) < 30
    for video in range(NUM_VIDEOS):
        for text in range(NUM_TEXTS):
            expected = (
                full[text, video]
                if (video, text) in pairs
                else -1 / first[video, text]
            )
            assert scores[text, video] == pytest.approx(expected, rel=1e-5)
    passes = 2 * NUM_VIDEOS * NUM_TEXTS + 2 * len(pairs)
    assert f'(cascade): {passes} of 280 passes' in log_of(work)


def test_loop__decodes_no_video_without_chosen_pairs(
    own_corpus: Path, tmp_path: Path
) -> None:
    cascade = dict(first_clips=1, videos_per_text=1, texts_per_video=0)
    cfg = config(own_corpus, tmp_path, dict(LOOP, cascade=cascade))
    metrics, scores = run(cfg)
    chosen = {f'{video:06d}' for video in np.flatnonzero((scores > 0).any(0))}
    kept = {p.stem for p in (tmp_path / 'scores/rest').glob('*.npz')}
    assert kept == chosen
    assert len(chosen) < NUM_VIDEOS
    # What is kept serves other limits, and both passes resume.
    remove_videos(own_corpus)
    assert run(cfg)[0] == metrics
    cfg.test_cfg.cascade.videos_per_text = 2
    with pytest.raises(
        ValueError, match='settings.videos_per_text was 1 and is now 2'
    ):
        run(cfg)


def test_loop__reranks_candidates(corpus: Path, tmp_path: Path) -> None:
    _, full = run(config(corpus, tmp_path / 'full'))
    lines = (corpus / 'test.jsonl').read_text().splitlines()
    ids = [json.loads(line)['sen_id'] for line in lines]
    listed = {(t, (3 * t + i) % 5) for t in range(NUM_TEXTS) for i in (0, 1)}
    path = write_lines(
        tmp_path / 'candidates.jsonl',
        [
            dict(
                text_id=ids[t],
                video_ids=[f'test{v}' for s, v in sorted(listed) if s == t],
            )
            for t in range(NUM_TEXTS)
        ],
    )
    cascade = dict(candidates=path)
    work = tmp_path / 'work'
    _, scores = run(config(corpus, work, dict(LOOP, cascade=cascade)))
    for text in range(NUM_TEXTS):
        for video in range(NUM_VIDEOS):
            expected = (
                full[text, video] if (text, video) in listed else -np.inf
            )
            assert scores[text, video] == pytest.approx(expected, rel=1e-5)
    assert '(cascade): 80 of 280 passes' in log_of(work)
    # Within the candidates, a cascade of clips.
    cascade.update(first_clips=1, videos_per_text=1, texts_per_video=0)
    _, few = run(config(corpus, work, dict(LOOP, cascade=cascade)))
    assert ((few > -np.inf) == (scores > -np.inf)).all()
    assert ((few > 0).sum(1) == 1).all()
    np.testing.assert_allclose(few[few > 0], full[few > 0], rtol=1e-5)


@pytest.mark.parametrize(
    'overrides, message',
    [
        (
            dict(test_cfg=dict(LOOP, cascade=dict(first_clips=4))),
            'below the number of clips, 4, but got 4',
        ),
        (dict(test_cfg=dict(LOOP, cascade=dict())), 'but got neither'),
        (
            dict(test_cfg=dict(LOOP, autocast='bf16')),
            "autocast must be one of .* 'bf16'",
        ),
    ],
)
def test_loop__refuses_options(
    corpus: Path, tmp_path: Path, overrides: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run(config(corpus, tmp_path, **overrides))


def test_loop__is_for_retrieval(corpus: Path, tmp_path: Path) -> None:
    cfg = shrink('clipbert_msrvtt_mc', corpus, work_dir=str(tmp_path))
    cfg.test_cfg = LOOP
    with pytest.raises(ValueError, match='got VideoQuestionAnswering. Use'):
        Runner.from_cfg(cfg).test()


def run_alone(cfg: Config) -> None:
    """What a forked process does."""
    torch.set_num_threads(1)
    Runner.from_cfg(cfg).test()


def run_as_one_of_two(rank: int, port: str, cfg: Config) -> None:
    """What each of two processes does, as torchrun starts them."""
    os.environ.update(
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=port,
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE='2',
    )
    cfg.launcher = 'pytorch'
    run_alone(fit_to_device(cfg))
    leave()


def test_loop__two_processes_finish_what_was_killed(
    own_corpus: Path, tmp_path: Path
) -> None:
    cascade = dict(first_clips=1, videos_per_text=2, texts_per_video=1)
    cfg = config(own_corpus, tmp_path / 'one', dict(LOOP, cascade=cascade))
    wait = tmp_path / 'wait'
    cfg.test_dataloader.dataset.pipeline.insert(
        0, dict(type='WaitAtVideo', video_id='test3', file=str(wait))
    )
    expected, scores = run(cfg)

    work = tmp_path / 'two'
    work.mkdir()
    cfg.work_dir = str(work)
    cfg.test_evaluator.out_file = str(work / 'scores.npz')
    wait.touch()
    # A new interpreter would import for longer than all tests take.
    context = fork_context()
    process = context.Process(target=run_alone, args=(cfg,))
    process.start()
    kept = work / 'scores' / 'first'
    begin = time.monotonic()
    while not (kept / '000002.npz').exists():
        assert process.is_alive()
        assert time.monotonic() - begin < 60
        time.sleep(0.05)
    process.kill()
    process.join()
    written = {p: p.stat().st_mtime_ns for p in kept.glob('*.npz')}
    assert len(written) == 3
    wait.unlink()

    port = free_port()
    processes = [
        context.Process(target=run_as_one_of_two, args=(rank, port, cfg))
        for rank in (0, 1)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert {p: p.stat().st_mtime_ns for p in written} == written
    assert len(list(kept.glob('*.npz'))) == NUM_VIDEOS
    text = log_of(work)
    assert '3 of 7 videos are in' in text
    assert 'GPU number: 2' in text
    assert re.findall(r't2v/MnR: ([0-9.]+)', text) == [
        f'{expected["t2v/MnR"]:.4f}'
    ]
    np.testing.assert_allclose(
        np.load(work / 'scores.npz')['scores'], scores, rtol=1e-5
    )
