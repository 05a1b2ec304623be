# Copyright (c) clipbert_mm contributors.
"""Tests of VQA accuracy, against the official formula."""

import itertools
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.evaluation import VQAMetric

WORDS = ['no', 'yes', '2', 'dog', 'cat']
TYPES = ['yes/no', 'yes/no', 'number', 'other', 'other']


def official_accuracy(answer: str, annotators: list[str]) -> float:
    """Return the mean of min(matches / 3, 1) over subsets of 9 annotators."""
    scores = [
        min(subset.count(answer) / 3, 1)
        for subset in itertools.combinations(annotators, 9)
    ]
    return sum(scores) / len(scores)


def soft_targets(annotators: list[str]) -> list[float]:
    """Return the targets of training files: 0.3, 0.6, 0.9, 1."""
    counts = Counter(annotators)
    return [(0, 0.3, 0.6, 0.9, 1)[min(counts[word], 4)] for word in WORDS]


def sample(
    question_id: int, label: int, targets: list[float], answer_type: str
) -> dict:
    return dict(
        video_id=f'image{question_id}',
        question_ids=[question_id],
        answer_types=[answer_type],
        soft_labels=np.array([targets], np.float32),
        pred_labels=torch.tensor([label]),
        pred_answers=[WORDS[label]],
        answer_scores=torch.eye(5)[[label]],
    )


def evaluate(samples: list[dict], **options: object) -> dict[str, float]:
    metric = VQAMetric(**options)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_metric__equals_the_official_formula() -> None:
    rng = random.Random(0)
    samples, expected = [], []
    for i in range(50):
        # Few different answers, so that all numbers of matches occur.
        annotators = rng.choices(
            WORDS, weights=rng.sample([1, 1, 2, 5, 20], 5), k=10
        )
        label = rng.randrange(5)
        samples.append(
            sample(i, label, soft_targets(annotators), TYPES[label])
        )
        expected.append(official_accuracy(WORDS[label], annotators))
    assert {round(value, 2) for value in expected} == {0, 0.3, 0.6, 0.9, 1}
    metrics = evaluate(samples)
    assert metrics['acc'] == pytest.approx(100 * np.mean(expected))
    for name in set(TYPES):
        of_type = [
            value
            for item, value in zip(samples, expected)
            if item['answer_types'] == [name]
        ]
        assert metrics[f'acc/{name}'] == pytest.approx(100 * np.mean(of_type))
    assert evaluate(samples[::-1]) == pytest.approx(metrics)


def without_answers(question_id: int, label: int) -> dict:
    result = sample(question_id, label, [0.0] * 5, 'other')
    del result['soft_labels']
    return result


def test_metric__only_writes_what_the_test_server_wants(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'result.json'
    samples = [without_answers(262148000, 4), without_answers(262148001, 1)]
    assert evaluate(samples, out_file=str(path)) == {}
    assert json.loads(path.read_text()) == [
        dict(question_id=262148000, answer='cat'),
        dict(question_id=262148001, answer='yes'),
    ]
    with pytest.raises(ValueError, match='VQAMetric.*no out_file.*--out'):
        evaluate(samples)


def test_metric__bad_images(tmp_path: Path) -> None:
    good = sample(0, 1, [0, 0.6, 0, 0, 0], 'yes/no')
    bad = dict(
        video_id='image1',
        question_ids=[1],
        answer_types=['other'],
        soft_labels=np.array([[1.0, 0, 0, 0, 0]]),
        load_error='no image',
    )
    with pytest.raises(RuntimeError, match='1 of 2 .*\n  image1: no image'):
        evaluate([good, bad])
    path = tmp_path / 'result.json'
    metrics = evaluate([good, bad], bad_videos='wrong', out_file=str(path))
    assert metrics == pytest.approx(
        {
            'acc': 30,
            'acc/yes/no': 60,
            'acc/other': 0,
            'num_bad_videos': 1,
        }
    )
    assert json.loads(path.read_text())[1] == dict(question_id=1, answer='')


def test_metric__wrong_input() -> None:
    with pytest.raises(ValueError, match="'result.npz'"):
        VQAMetric(out_file='result.npz')
    with pytest.raises(KeyError, match="image0.*'pred_answers'"):
        evaluate([dict(video_id='image0', question_ids=[0])])
