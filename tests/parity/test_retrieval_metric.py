# Copyright (c) clipbert_mm contributors.
"""Recalls and ranks equal the reference; ties count against the model."""

import numpy as np
import pytest
import torch

from clipbert_mm.evaluation import VideoTextRetrievalMetric
from tests.toolbox import reference_data

NAMES = dict(R1='r1', R5='r5', R10='r10', MdR='medianR', MnR='meanR')
WAYS = dict(t2v='text2video', v2t='video2text')


def own_videos(case: str, num_texts: int) -> np.ndarray:
    name = f'metrics/{case}/gt_video'
    if name in reference_data.load_arrays():
        return reference_data.array(name)
    return np.arange(num_texts)


def evaluate(scores: np.ndarray, own_video: np.ndarray) -> dict[str, float]:
    """Evaluate the metric as the runner does, video by video."""
    metric = VideoTextRetrievalMetric()
    for video in range(scores.shape[1]):
        own = np.flatnonzero(own_video == video).tolist()
        metric.process(
            None,
            [
                dict(
                    video_id=f'video{video}',
                    match_score=torch.from_numpy(scores[:, video]),
                    own_text_inds=own,
                    own_text_ids=own,
                )
            ],
        )
    return metric.evaluate(scores.shape[1])


def assert_equal(metrics, way: str, expected: dict[str, float]) -> None:
    for ours, theirs in NAMES.items():
        assert metrics[f'{way}/{ours}'] == pytest.approx(expected[theirs]), (
            f'{way}/{ours}'
        )


@pytest.mark.parametrize(
    'case, way',
    [('one2one', 't2v'), ('one2one', 'v2t'), ('three_per_video', 't2v')],
)
def test_metric__without_ties_equals_the_reference(case, way):
    scores = reference_data.array(f'metrics/{case}/scores')
    metrics = evaluate(scores, own_videos(case, len(scores)))
    stored = reference_data.load_json()['metrics'][case]
    assert_equal(metrics, way, stored[WAYS[way]])


@pytest.mark.parametrize('way', ['t2v', 'v2t'])
def test_metric__ties_count_against_the_model(way):
    scores = reference_data.array('metrics/ties/scores')
    metrics = evaluate(scores, own_videos('ties', len(scores)))
    stored = reference_data.load_json()['metrics']
    handling = stored['tie_handling_of_the_stored_matrices']['ties']
    assert_equal(metrics, way, handling[WAYS[way]]['pessimistic'])
    # The reference resolves ties by an unstable sort.
    assert metrics[f'{way}/MnR'] > stored['ties'][WAYS[way]]['meanR']


def test_metric__constant_scores_rank_last():
    metrics = evaluate(np.zeros((40, 40)), np.arange(40))
    stored = reference_data.load_json()['metrics']['all_equal']
    for way, name in WAYS.items():
        assert stored[name]['r10'] == 25  # of a model that knows nothing
        assert metrics[f'{way}/R10'] == 0
        assert metrics[f'{way}/MdR'] == 40


def test_metric__best_of_several_own_captions():
    # In the reference the last caption of a video is its ground truth. Here
    # the best one counts: naive loop over videos and captions.
    scores = reference_data.array('metrics/three_per_video/scores')
    own_video = own_videos('three_per_video', len(scores))
    ranks = []
    for video in range(scores.shape[1]):
        own = [
            scores[text, video]
            for text in range(len(scores))
            if own_video[text] == video
        ]
        foreign = [
            scores[text, video]
            for text in range(len(scores))
            if own_video[text] != video
        ]
        ranks.append(1 + sum(score >= max(own) for score in foreign))
    metrics = evaluate(scores, own_video)
    assert metrics['v2t/R1'] == pytest.approx(
        100 * sum(rank == 1 for rank in ranks) / len(ranks)
    )
    assert metrics['v2t/MnR'] == pytest.approx(sum(ranks) / len(ranks))
    stored = reference_data.load_json()['metrics']['three_per_video']
    assert metrics['v2t/R1'] > stored['video2text']['r1']
