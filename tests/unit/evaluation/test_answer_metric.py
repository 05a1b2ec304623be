# Copyright (c) clipbert_mm contributors.
"""Tests of what the metrics of answers share."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.evaluation.answer_metric import AnswerMetric
from clipbert_mm.evaluation.answers import (
    Answered,
    mean_by_type,
    right_labels,
)


class EqualMetric(AnswerMetric):
    """Metric that counts equal answers."""

    def _predictions(self, sample: dict) -> list[Any]:
        return sample['given']

    def _truths(
        self, sample: dict, predictions: Sequence[Any]
    ) -> list[Any] | None:
        return right_labels(sample)

    def _score(self, questions: Sequence[Answered]) -> dict[str, float]:
        return mean_by_type(
            [float(q.prediction == q.truth) for q in questions],
            [q.answer_type for q in questions],
        )

    def _entry(self, question: Answered) -> dict:
        return dict(id=question.question_id, given=question.prediction)


def sample(*ids: int, given: Any = None, **fields: Any) -> dict:
    """Return a sample of questions, all answered with their id."""
    result = dict(video_id=f'v{ids[0]}', question_ids=list(ids), **fields)
    return dict(result, given=list(ids) if given is None else given)


def evaluate(*samples: dict, **options: Any) -> dict[str, float]:
    metric = EqualMetric(**options)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_metric__of_several_questions_with_types() -> None:
    assert evaluate(
        sample(1, 2, answer_labels=[1, 9], answer_types=['what', 'who']),
        sample(3, answer_labels=[3]),
    ) == pytest.approx({'acc': 200 / 3, 'acc/what': 100, 'acc/who': 0})


def test_metric__writes_answers_and_scores_only_what_has_truths(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'new' / 'answers.json'
    metrics = evaluate(
        sample(1, answer_labels=[1]),
        sample(2, given=['caf\u00e9']),
        out_file=str(path),
    )
    assert metrics == {}
    text = path.read_text('utf-8')
    assert 'caf\u00e9' in text
    assert json.loads(text) == [
        dict(id=1, given=1),
        dict(id=2, given='caf\u00e9'),
    ]


def test_metric__neither_answers_nor_a_file() -> None:
    with pytest.raises(
        ValueError,
        match='^EqualMetric got questions without answers and no out_file: '
        'there is nothing to measure or to write. Set out_file of the metric, '
        r'or pass --out result.json to tools/test.py.$',
    ):
        evaluate(sample(1))


def test_metric__bad_videos_raise_after_the_answers_are_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'answers.json'
    samples = [
        sample(1, answer_labels=[1]),
        sample(7, 8, answer_labels=[7, 8], load_error='gone'),
        sample(3, answer_labels=[3], load_error='empty'),
    ]
    with pytest.raises(
        RuntimeError,
        match='^2 of 3 videos could not be read:\n  v3: empty\n  v7: gone\n'
        "Fix or remove them, or set bad_videos='wrong' of EqualMetric to "
        r'count their questions as wrong.$',
    ):
        evaluate(*samples, out_file=str(path))
    assert [entry['given'] for entry in json.loads(path.read_text())] == [
        1,
        None,
        None,
        None,
    ]
    metrics = evaluate(*samples, bad_videos='wrong')
    assert metrics == dict(acc=25.0, num_bad_videos=2.0)
    assert evaluate(samples[0], bad_videos='wrong')['num_bad_videos'] == 0


def test_metric__sample_without_ids() -> None:
    with pytest.raises(KeyError) as raised:
        EqualMetric().process(None, [dict(video_id='v0')])
    assert raised.value.args == (
        "The data sample of 'v0' has no field 'question_ids'. Add it to "
        'algorithm_keys of PackActionInputs.',
    )


def test_metric__more_types_than_questions() -> None:
    with pytest.raises(ValueError, match='zip'):
        evaluate(sample(1, answer_labels=[1], answer_types=['a', 'b']))


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(bad_videos='skip'), "bad_videos must be one of .* got 'skip'"),
        (dict(out_file='a.txt'), r"out_file must end in \.json, .*'a.txt'"),
    ],
)
def test_metric__refuses_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EqualMetric(**options)
