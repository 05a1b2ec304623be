# Copyright (c) clipbert_mm contributors.
"""Tests of the accuracy of answers, by hand and by a naive loop."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.evaluation import VideoQAMetric

WORDS = ['man', 'dog', 'two']


def sample(
    question_id: int,
    label: int | None,
    truth: int | None,
    answer_type: str | None = None,
    with_text: bool = True,
) -> dict:
    """Return a prediction; without a label, an unreadable video."""
    result = dict(
        video_id=f'video{question_id // 2}',
        question_ids=[question_id],
        answer_types=[answer_type],
    )
    if truth is not None:
        result['answer_labels'] = np.array([truth])
    if label is None:
        return dict(result, load_error='no frames')
    if with_text:
        result['pred_answers'] = [WORDS[label]]
    return dict(
        result,
        pred_labels=torch.tensor([label]),
        answer_scores=torch.eye(3)[[label]],
    )


SAMPLES = [
    sample(0, 0, 0, 'what'),
    sample(1, 1, 0, 'what'),
    sample(2, 2, 2, 'who'),
    sample(3, 1, -1, 'who'),
    sample(4, 1, 1, 'how'),
]


def evaluate(samples: list[dict], **options: object) -> dict[str, float]:
    metric = VideoQAMetric(**options)
    for item in samples:
        metric.process(None, [item])
    return metric.evaluate(len(samples))


def test_metric__accuracy_by_type() -> None:
    assert evaluate(SAMPLES) == pytest.approx(
        {
            'acc': 3 / 5 * 100,
            'acc/what': 1 / 2 * 100,
            'acc/who': 1 / 2 * 100,
            'acc/how': 100,
            'unanswerable': 1 / 5 * 100,
        }
    )


def test_metric__without_types_and_unknown_answers() -> None:
    samples = [sample(0, 0, 0), sample(1, 1, 0), sample(2, 2, 1)]
    samples[0].pop('answer_types')
    assert evaluate(samples) == pytest.approx(dict(acc=1 / 3 * 100))


def test_metric__order_and_batches_do_not_matter() -> None:
    rng = random.Random(0)
    samples = [
        sample(
            i,
            rng.randrange(3),
            rng.randrange(-1, 3),
            rng.choice(['what', 'who', None]),
        )
        for i in range(60)
    ]
    hits = [
        s['pred_labels'].item() == s['answer_labels'].item() for s in samples
    ]
    expected = evaluate(samples)
    assert expected['acc'] == pytest.approx(100 * sum(hits) / 60)
    rng.shuffle(samples)
    assert evaluate(samples) == expected
    metric = VideoQAMetric()
    metric.process(None, samples[:41])
    metric.process(None, samples[41:])
    assert metric.evaluate(60) == expected
    # Processes are padded to equal shares: the surplus at the end is cut.
    metric.process(None, samples + samples[:3])
    assert metric.evaluate(60) == expected


def test_metric__several_questions_of_a_sample() -> None:
    both = dict(
        video_id='video0',
        question_ids=[7, 8],
        answer_labels=np.array([1, 2]),
        pred_labels=torch.tensor([1, 0]),
        answer_scores=torch.zeros(2, 5),
    )
    assert evaluate([both])['acc'] == 50


def test_metric__retrieval_model_chooses_the_best_match() -> None:
    scores = [[0.1, 0.9, 0.2, 0.3, 0.4], [0.6, 0.5, 0.1, 0.2, 0.1]]
    samples = [
        dict(
            video_id=f'video{i}',
            question_ids=[i],
            answer_types=[None],
            answer_labels=np.array([truth]),
            match_score=torch.tensor(scores[i]),
        )
        for i, truth in enumerate([1, 1])
    ]
    assert evaluate(samples) == dict(acc=50)


def test_metric__bad_videos_raise_and_are_listed() -> None:
    bad = [sample(9, None, 0), sample(6, None, 1), sample(7, None, 1)]
    with pytest.raises(
        RuntimeError,
        match='2 of 5 videos.*\n  video3: no frames\n  video4: no frames\n'
        ".*bad_videos='wrong' of VideoQAMetric",
    ):
        evaluate(SAMPLES + bad)


def test_metric__bad_videos_are_wrong() -> None:
    # Even where the truth is the label that a blank prediction would have.
    bad = [sample(6, None, -1, 'who'), sample(7, None, 0, 'who')]
    metrics = evaluate(SAMPLES + bad, bad_videos='wrong')
    assert metrics['num_bad_videos'] == 1
    assert metrics['acc'] == pytest.approx(3 / 7 * 100)
    assert metrics['acc/who'] == pytest.approx(1 / 4 * 100)
    assert evaluate(SAMPLES, bad_videos='wrong')['num_bad_videos'] == 0


def test_metric__writes_answers(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'answers.json'
    evaluate(
        [*SAMPLES[:2], sample(6, None, 0)],
        out_file=str(path),
        bad_videos='wrong',
    )
    assert json.loads(path.read_text()) == [
        dict(question_id=0, answer='man'),
        dict(question_id=1, answer='dog'),
        dict(question_id=6, answer=None),
    ]


def test_metric__writes_labels_of_options_without_answers(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'answers.json'
    options = [sample(i, i, None, with_text=False) for i in range(3)]
    assert evaluate(options, out_file=str(path)) == {}
    assert json.loads(path.read_text()) == [
        dict(question_id=i, label=i) for i in range(3)
    ]


def test_metric__wrong_input() -> None:
    with pytest.raises(ValueError, match="'raise', 'wrong'.*'last'"):
        VideoQAMetric(bad_videos='last')
    with pytest.raises(ValueError, match="json, but got 'answers.npz'"):
        VideoQAMetric(out_file='answers.npz')
    with pytest.raises(ValueError, match='without answers.*--out'):
        evaluate([sample(0, 0, None)])
    nan = dict(SAMPLES[0], answer_scores=torch.tensor([[torch.nan, 0, 0]]))
    with pytest.raises(ValueError, match="'video0' are not numbers"):
        evaluate([nan])
    for key in ('question_ids', 'pred_labels'):
        part = {k: v for k, v in SAMPLES[0].items() if k != key}
        with pytest.raises(KeyError, match=f"video0.*'{key}'"):
            evaluate([part])
