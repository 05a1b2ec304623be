# Copyright (c) clipbert_mm contributors.
"""Retrieval metric: naive ranks, ties, several captions, bad videos."""

from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.evaluation import VideoTextRetrievalMetric


def evaluate(
    scores: np.ndarray,
    own: list[list[int]],
    errors: dict[int, str] | None = None,
    order: list[int] | None = None,
    **options: object,
) -> dict[str, float]:
    """Run the metric on a (texts, videos) matrix."""
    metric = VideoTextRetrievalMetric(**options)
    for video in order or range(scores.shape[1]):
        sample = dict(
            match_score=torch.tensor(scores[:, video]),
            video_id=f'video{video}',
            own_text_inds=own[video],
            own_text_ids=[f'text{t}' for t in own[video]],
        )
        if errors and video in errors:
            sample['load_error'] = errors[video]
        metric.process(None, [sample])
    return metric.evaluate(scores.shape[1])


def naive_rank(row: list[float], own: set[int]) -> int:
    """Return the place of the best own entry in a list sorted against it."""
    ordered = sorted(range(len(row)), key=lambda i: (-row[i], i in own))
    return 1 + min(
        place
        for place, i in enumerate(
            [
                i
                for i in ordered
                if i not in own or row[i] == max(row[j] for j in own)
            ]
        )
        if i in own
    )


def test_metric__perfect_and_reversed() -> None:
    own = [[i] for i in range(10)]
    perfect = evaluate(np.eye(10, dtype=np.float32), own)
    assert perfect['t2v/R1'] == perfect['v2t/R1'] == 100
    assert perfect['t2v/MdR'] == perfect['v2t/MnR'] == 1
    reversed_ = evaluate(1 - np.eye(10, dtype=np.float32), own)
    assert reversed_['t2v/R5'] == 0
    assert reversed_['t2v/MdR'] == reversed_['v2t/MdR'] == 10


def test_metric__constant_scores_are_worth_nothing() -> None:
    metrics = evaluate(
        np.full((20, 20), 0.5, np.float32), [[i] for i in range(20)]
    )
    assert metrics['t2v/R10'] == metrics['v2t/R10'] == 0
    assert metrics['t2v/MnR'] == metrics['v2t/MnR'] == 20


def test_metric__several_captions_by_a_naive_sort() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 12, (18, 6)).astype(np.float32)  # with ties
    own = [list(range(3 * v, 3 * v + 3)) for v in range(6)]
    metrics = evaluate(scores, own)
    t2v = [naive_rank(scores[t].tolist(), {t // 3}) for t in range(18)]
    v2t = [naive_rank(scores[:, v].tolist(), set(own[v])) for v in range(6)]
    for way, ranks in (('t2v', t2v), ('v2t', v2t)):
        for k in (1, 5, 10):
            hits = sum(rank <= k for rank in ranks)
            assert metrics[f'{way}/R{k}'] == pytest.approx(
                hits / len(ranks) * 100
            )
        assert metrics[f'{way}/MdR'] == np.median(ranks)
        assert metrics[f'{way}/MnR'] == pytest.approx(np.mean(ranks))


def test_metric__order_of_arrival_does_not_matter() -> None:
    scores = np.random.default_rng(1).random((6, 4)).astype(np.float32)
    own = [[0, 5], [1], [2], [3, 4]]
    assert evaluate(scores, own) == evaluate(scores, own, order=[2, 0, 3, 1])


def test_metric__differences_beyond_four_decimals_count() -> None:
    scores = np.array([[0.500001, 0.5], [0.5, 0.500001]], np.float32)
    assert evaluate(scores, [[0], [1]])['t2v/R1'] == 100


def test_metric__bad_videos_raise_and_are_listed() -> None:
    scores = np.eye(3, dtype=np.float32)
    scores[:, 1] = -np.inf
    with pytest.raises(RuntimeError, match='1 of 3 .*\n  video1: no frames'):
        evaluate(scores, [[0], [1], [2]], {1: 'no frames'})


def test_metric__bad_videos_are_ranked_last() -> None:
    scores = np.eye(3, dtype=np.float32)
    scores[:, 1] = -np.inf
    metrics = evaluate(
        scores, [[0], [1], [2]], {1: 'no frames'}, bad_videos='last'
    )
    assert metrics['num_bad_videos'] == 1
    assert metrics['t2v/R1'] == pytest.approx(200 / 3)
    assert metrics['t2v/MnR'] == metrics['v2t/MnR'] == pytest.approx(5 / 3)


def test_metric__writes_the_score_matrix(tmp_path: Path) -> None:
    scores = np.random.default_rng(2).random((4, 2)).astype(np.float32)
    out_file = tmp_path / 'scores.npz'
    evaluate(scores, [[2, 3], [0, 1]], out_file=str(out_file))
    saved = np.load(out_file)
    np.testing.assert_array_equal(saved['scores'], scores)
    assert saved['video_ids'].tolist() == ['video0', 'video1']
    assert saved['text_ids'].tolist() == [f'text{t}' for t in range(4)]


def test_metric__wrong_input() -> None:
    with pytest.raises(ValueError, match="'raise', 'last'.*'skip'"):
        VideoTextRetrievalMetric(bad_videos='skip')
    with pytest.raises(ValueError, match="'scores.csv'"):
        VideoTextRetrievalMetric(out_file='scores.csv')
    with pytest.raises(ValueError, match=r'NaN.*1 of 2'):
        evaluate(np.array([[np.nan, 0], [0, 1]], np.float32), [[0], [1]])
    with pytest.raises(ValueError, match='1 of 2 texts.*index 1'):
        evaluate(np.eye(2, dtype=np.float32), [[0], []])
