# Copyright (c) clipbert_mm contributors.
"""Tests of the texts of a sheet, on what each task predicts."""

from typing import Any

import pytest
import torch
from mmaction.structures import ActionDataSample

from clipbert_mm.models.tasks import (
    BaseTask,
    CountTask,
    ModelOutput,
    MultipleChoiceTask,
    OpenEndedQATask,
    RetrievalTask,
    VQATask,
)
from clipbert_mm.visualization.clip_sheet import Line
from clipbert_mm.visualization.contact_sheet import RIGHT
from clipbert_mm.visualization.prediction_lines import (
    clip_notes,
    prediction_lines,
)

ANSWERS = ['red', 'green', 'blue', 'white', 'black', 'pink', 'grey']


def sample_of(
    task: BaseTask, logits: list, clips: list = (), **fields: Any
) -> ActionDataSample:
    """Return a sample with what a task predicts from logits ``(M, K)``."""
    samples = [ActionDataSample() for _ in (logits, *clips)]
    for sample, values in zip(samples, (logits, *clips), strict=True):
        output = ModelOutput(torch.tensor([values]), None, torch.empty(0))
        task.predict(output, [sample])
    for name, value in fields.items():
        samples[0].set_field(value, name)
    samples[0].set_field(samples[1:], 'clip_samples')
    return samples[0]


def shown(lines: list[Line]) -> list[tuple[str, bool]]:
    return [(line.text, line.colour == RIGHT) for line in lines]


def test_open_question__best_answers_and_the_right_one() -> None:
    # log of probabilities: the softmax gives them back
    chances = [0.02, 0.03, 0.05, 0.4, 0.1, 0.1, 0.3]
    clips = [[0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.1]]
    sample = sample_of(
        OpenEndedQATask(ANSWERS),
        torch.tensor([chances]).log().tolist(),
        [torch.tensor(clips).log().tolist()],
        texts=['what colour'],
        answers=ANSWERS,
        answer_labels=[0],
    )
    assert shown(prediction_lines(sample)) == [
        ('Question: what colour', False),
        ('Truth: red', True),
        ('1.  0.400  white', False),
        ('2.  0.300  grey', False),
        ('3.  0.100  black', False),
        ('4.  0.100  pink', False),
        ('5.  0.050  blue', False),
        ('7.  0.020  red  (right)', True),
    ]
    assert [shown(notes) for notes in clip_notes(sample)] == [
        [('0.200  best', False), ('0.100  right', True)]
    ]


def test_open_question__without_a_known_answer() -> None:
    task = OpenEndedQATask(ANSWERS[:2])
    fields = dict(texts=['what'], answers=ANSWERS[:2])
    outside = sample_of(task, [[0.0, 1.0]], answer_labels=[-1], **fields)
    assert shown(prediction_lines(outside))[1] == (
        'Truth: none of the choices',
        True,
    )
    unknown = sample_of(task, [[0.0, 1.0]], **fields)
    assert shown(prediction_lines(unknown)) == [
        ('Question: what', False),
        ('1.  0.731  green', False),
        ('2.  0.269  red', False),
    ]


def test_soft_answers__are_right_to_a_degree() -> None:
    sample = sample_of(
        VQATask(ANSWERS[:3]),
        [[0.0, -1.0, 2.0]],
        texts=['a dog'],
        answers=ANSWERS[:3],
        soft_labels=torch.tensor([[0.3, 0.0, 1.0]]),
    )
    assert shown(prediction_lines(sample))[1:] == [
        ('Truth: blue; red (0.3)', True),
        ('1.  0.881  blue  (right)', True),
        ('2.  0.500  red  (right)', True),
        ('3.  0.269  green', False),
    ]


@pytest.mark.parametrize('task', [MultipleChoiceTask(3), RetrievalTask('ce')])
def test_options__by_either_task(task: BaseTask) -> None:
    odds = [1.0, 3.0, 2.0]
    logits = [[v] for v in odds]
    if isinstance(task, RetrievalTask):
        logits = [[0.0, v] for v in odds]
    sample = sample_of(
        task, logits, [logits], texts=['a', 'b', 'c'], answer_labels=[1]
    )
    lines = shown(prediction_lines(sample, draw_score=False))
    assert lines == [
        ('Truth: b', True),
        ('1.  b  (right)', True),
        ('2.  c', False),
        ('3.  a', False),
    ]
    ((alone,),) = [shown(notes) for notes in clip_notes(sample)]
    assert alone[1]
    assert alone[0].endswith('  right')


def test_texts__keep_the_ranks_of_the_test() -> None:
    sample = sample_of(
        RetrievalTask('rank'),
        [[2.0], [0.0]],
        texts=['a dog', 'a cat'],
        text_labels=[0, 1],
        text_ranks=[1, 37],
    )
    assert shown(prediction_lines(sample)) == [
        ('Truth: a cat', True),
        ('1.  0.881  a dog', False),
        ('37.  0.500  a cat  (right)', True),
    ]
    assert shown(prediction_lines(sample, draw_gt=False)) == [
        ('1.  0.881  a dog', False),
        ('37.  0.500  a cat', False),
    ]
    assert shown(prediction_lines(sample, draw_pred=False)) == [
        ('Truth: a cat', True)
    ]


def test_count__shows_the_value() -> None:
    sample = sample_of(
        CountTask(),
        [[3.4]],
        [[[2.0]], [[4.75]]],
        texts=['how often'],
        answer_labels=[3],
    )
    assert shown(prediction_lines(sample)) == [
        ('Question: how often', False),
        ('Truth: 3', True),
        ('Prediction: 3  (3.400)', True),
    ]
    assert [shown(notes)[0][0] for notes in clip_notes(sample)] == [
        '2.000',
        '4.750',
    ]


def test_sample_without_a_prediction__is_refused() -> None:
    with pytest.raises(KeyError, match="'match_score' or 'pred_counts', but"):
        prediction_lines(ActionDataSample())
