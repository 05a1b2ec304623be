# Copyright (c) clipbert_mm contributors.
"""Losses and predictions of question answering against naive loops."""

import math

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from clipbert_mm.models import (
    CountTask,
    MultipleChoiceTask,
    OpenEndedQATask,
    VQATask,
)
from clipbert_mm.models.tasks import ModelOutput
from tests.toolbox.tiny_models import tiny_clipbert, tiny_inputs

ANSWERS = ['cat', 'dog', 'two']
RNG = np.random.default_rng(0)
SOFT_LABELS = np.array(
    [[[0.3, 0, 1], [0, 0, 0]], [[0.9, 0.6, 0], [0, 1, 0.3]]], np.float32
)


def output(logits: Tensor) -> ModelOutput:
    return ModelOutput(logits, None, torch.empty(0))


def logits_of(*shape: int) -> Tensor:
    values = torch.from_numpy(RNG.standard_normal(shape)).float()
    return values.requires_grad_()


def samples(
    field: str | None = None, values: object = (0, 0)
) -> list[ActionDataSample]:
    """One sample for each value."""
    result = []
    for i, value in enumerate(values):
        sample = ActionDataSample(metainfo=dict(video_id=f'video{i}'))
        if field is not None:
            sample.set_field(np.asarray(value), field)
        result.append(sample)
    return result


def negative_log_softmax(row: list[float], label: int) -> float:
    return math.log(sum(math.exp(value) for value in row)) - row[label]


def test_open_ended__loss_and_gradient_by_a_naive_loop() -> None:
    logits, labels = logits_of(2, 2, 5), [[0, 2], [1, 1]]
    batch = samples('answer_labels', labels)
    loss = OpenEndedQATask(ANSWERS).loss(output(logits), batch)['loss_answer']
    loss.backward()
    total = 0.0
    for i in range(2):
        for j in range(2):
            row, label = logits[i, j].tolist(), labels[i][j]
            total += negative_log_softmax(row, label) / 4
            norm = sum(math.exp(value) for value in row)
            gradient = [
                (math.exp(value) / norm - (k == label)) / 4
                for k, value in enumerate(row)
            ]
            assert logits.grad[i, j].tolist() == pytest.approx(
                gradient, abs=1e-6
            )
    assert loss.item() == pytest.approx(total)


def test_open_ended__classes_without_an_answer_never_win() -> None:
    logits = torch.tensor(
        [[[1.0, 2.0, 0.0, 9.0, 8.0], [3.0, 2.0, 0.0, 1.0, 9.0]]]
    )
    (sample,) = OpenEndedQATask(ANSWERS).predict(output(logits), samples()[:1])
    assert sample.pred_labels.tolist() == [1, 0]
    assert sample.pred_labels.dtype == torch.long
    assert sample.pred_answers == ['dog', 'cat']
    norm = math.exp(1) + math.exp(2) + 1
    assert sample.answer_scores[0].tolist() == pytest.approx(
        [math.exp(1) / norm, math.exp(2) / norm, 1 / norm]
    )
    assert sample.answer_scores.shape == (2, 3)


def test_vqa__loss_and_gradient_by_a_naive_loop() -> None:
    logits, batch = logits_of(2, 2, 3), samples('soft_labels', SOFT_LABELS)
    loss = VQATask(ANSWERS).loss(output(logits), batch)['loss_answer']
    loss.backward()
    total = 0.0
    for index in np.ndindex(2, 2, 3):
        target = float(SOFT_LABELS[index])
        chance = 1 / (1 + math.exp(-logits[index].item()))
        # Sum over the 3 answers, mean over the 4 questions.
        total -= (
            target * math.log(chance) + (1 - target) * math.log(1 - chance)
        ) / 4
        assert logits.grad[index].item() == pytest.approx(
            (chance - target) / 4, abs=1e-6
        )
    assert loss.item() == pytest.approx(total)


def test_vqa__scores_that_round_to_one_do_not_tie() -> None:
    logits = torch.tensor([[[50.0, 60.0, -1.0]]])
    (sample,) = VQATask(ANSWERS).predict(output(logits), samples()[:1])
    assert sample.answer_scores[0, 0] == sample.answer_scores[0, 1] == 1
    assert sample.answer_scores[0, 2].item() == pytest.approx(1 / (1 + math.e))
    assert sample.pred_answers == ['dog']


def test_multiple_choice__loss_by_a_naive_loop() -> None:
    logits, labels = logits_of(2, 6, 1), [[0, 2], [1, 1]]  # 2 x 2 x 3 options
    batch = samples('answer_labels', labels)
    loss = MultipleChoiceTask(3).loss(output(logits), batch)['loss_answer']
    total = 0.0
    for i in range(2):
        for j in range(2):
            row = [logits[i, 3 * j + k, 0].item() for k in range(3)]
            total += negative_log_softmax(row, labels[i][j]) / 4
    assert loss.item() == pytest.approx(total)


def test_multiple_choice__scores_of_each_question() -> None:
    logits = torch.tensor([[[0.0], [1.0], [3.0], [2.0]]])
    (sample,) = MultipleChoiceTask(2).predict(output(logits), samples()[:1])
    assert sample.pred_labels.tolist() == [1, 0]
    high = 1 / (1 + math.exp(-1))
    assert sample.answer_scores.flatten().tolist() == pytest.approx(
        [1 - high, high, high, 1 - high]
    )


def test_count__loss_and_prediction() -> None:
    values = torch.tensor([[[-3.0], [1.4]], [[1.6], [99.0]]])
    batch = samples('answer_labels', [[1, 2], [2, 10]])
    task = CountTask()
    loss = task.loss(output(values), batch)['loss_count']
    assert loss.item() == pytest.approx((4**2 + 0.6**2 + 0.4**2 + 89**2) / 4)
    first, second = task.predict(output(values), batch)
    assert first.pred_values.tolist() == pytest.approx([-3, 1.4])
    assert first.pred_counts.tolist() == [1, 1]
    assert second.pred_counts.tolist() == [2, 10]
    (sample,) = CountTask(0, 5).predict(output(values[:1]), batch[:1])
    assert sample.pred_counts.tolist() == [0, 1]


OPEN = OpenEndedQATask(ANSWERS)


@pytest.mark.parametrize(
    'task, shape, field, values, message',
    [
        (
            OPEN,
            (1, 2, 5),
            'answer_labels',
            [[0, 3]],
            r"must be in \[0, 2\].*'video0' has the label 3",
        ),
        (OPEN, (1, 2, 5), 'answer_labels', [[-1, 0]], 'the label -1'),
        (
            VQATask(ANSWERS),
            (2, 2, 3),
            'soft_labels',
            SOFT_LABELS[..., :2],
            r'\(2, 2, 3\).*got \(2, 2, 2\)',
        ),
        (
            MultipleChoiceTask(5),
            (1, 6, 1),
            'answer_labels',
            [[0]],
            'has 6 texts.*num_options=5',
        ),
        (
            MultipleChoiceTask(3),
            (1, 3, 1),
            'answer_labels',
            [[3]],
            r'in \[0, 2\].*label 3',
        ),
        (
            MultipleChoiceTask(2),
            (1, 4, 1),
            'answer_labels',
            [[1]],
            'has 1 questions.*4 texts are 2 times num_options=2',
        ),
        (
            CountTask(),
            (1, 2, 1),
            'answer_labels',
            [[3]],
            r'\(1, 2\).*the shape \(1, 1\)',
        ),
    ],
)
def test_tasks__targets_that_do_not_fit(
    task: nn.Module, shape: tuple, field: str, values: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        task.loss(output(torch.zeros(shape)), samples(field, values))


@pytest.mark.parametrize(
    'task, field', [(OPEN, 'answer_labels'), (VQATask(ANSWERS), 'soft_labels')]
)
def test_tasks__missing_targets(task: nn.Module, field: str) -> None:
    with pytest.raises(KeyError, match=f"video0.*'{field}'"):
        task.loss(output(torch.zeros(2, 2, 3)), samples())


def model(
    task: dict, num_classes: int, aggregation: str = 'mean', **options: object
) -> nn.Module:
    """A tiny ClipBERT for a question task."""
    return tiny_clipbert(
        head=dict(num_classes=num_classes),
        consensus=dict(aggregation=aggregation),
        task=task,
        **options,
    )


OPEN_CFG = dict(type='OpenEndedQATask', vocabulary=ANSWERS)
VQA_CFG = dict(type='VQATask', vocabulary=ANSWERS)
CASES = {
    'open': (OPEN_CFG, 5, 'lse', 'answer_labels', [[0, 1, 2, 0]] * 2),
    'vqa': (
        VQA_CFG,
        3,
        'max',
        'soft_labels',
        np.concatenate([SOFT_LABELS] * 2, 1),
    ),
    'choice': (
        dict(type='MultipleChoiceTask', num_options=2),
        1,
        'lse',
        'answer_labels',
        [[0, 1], [1, 0]],
    ),
    'count': (
        dict(type='CountTask'),
        1,
        'mean',
        'answer_labels',
        [[1, 2, 3, 4]] * 2,
    ),
}


@pytest.mark.parametrize('name', CASES)
def test_tasks__every_parameter_of_the_model_gets_a_gradient(
    name: str,
) -> None:
    task, num_classes, aggregation, field, values = CASES[name]
    clipbert = model(task, num_classes, aggregation)
    losses = clipbert(tiny_inputs(), samples(field, values), mode='loss')
    assert len(losses) == 1
    sum(losses.values()).backward()
    for key, param in clipbert.named_parameters():
        assert torch.isfinite(param.grad).all(), key
        # The gradient of a key's bias is 0, by the symmetry of softmax; that
        # of a bias that all options share too.
        shared = name == 'choice' and key == 'head.classifier.2.bias'
        if not key.endswith('key.bias') and not shared:
            assert param.grad.abs().sum() > 0, key


@pytest.mark.parametrize('name', CASES)
def test_tasks__chunks_of_texts_do_not_change_predictions(name: str) -> None:
    task, num_classes, aggregation, _, _ = CASES[name]
    predicted = []
    for budget in (65536, 170):  # 2 videos x 3 clips x 9 tokens: 3 texts
        clipbert = model(
            task, num_classes, aggregation, token_budget=budget
        ).eval()
        predicted.append(clipbert(tiny_inputs(), samples(), mode='predict')[1])
    for field in predicted[0].all_keys():
        whole, chunked = (sample.get(field) for sample in predicted)
        if isinstance(whole, Tensor):
            torch.testing.assert_close(whole, chunked)
        else:
            assert whole == chunked


def test_tasks__unreadable_videos_get_no_prediction() -> None:
    clipbert, inputs = model(OPEN_CFG, 5).eval(), tiny_inputs()
    batch = samples(values=[0, 0, 0])
    batch[1].set_field('no such file', 'load_error')
    blank = torch.empty(0)
    items = {
        key: [value[0], blank, value[1]]
        for key, value in dict(
            inputs, imgs=inputs['imgs'].clamp(0, 255).byte()
        ).items()
    }
    predicted = clipbert.test_step(dict(inputs=items, data_samples=batch))
    assert set(predicted[1].keys()) == {'load_error'}
    alone = clipbert.test_step(
        dict(
            inputs={key: value[2:] for key, value in items.items()},
            data_samples=samples(values=[0]),
        )
    )
    torch.testing.assert_close(
        predicted[2].answer_scores, alone[0].answer_scores
    )
    only_bad = clipbert.test_step(
        dict(inputs={key: [blank] for key in items}, data_samples=batch[1:2])
    )
    assert set(only_bad[0].keys()) == {'load_error'}


@pytest.mark.parametrize(
    'task, num_classes, aggregation, message',
    [
        (OPEN_CFG, 2, 'lse', 'vocabulary of 3 answers.*num_classes=2'),
        (VQA_CFG, 4, 'mean', 'vocabulary of 3 answers.*num_classes=4'),
        (VQA_CFG, 3, 'lse', "VQATask.*'lse'"),
        (
            dict(type='MultipleChoiceTask'),
            2,
            'lse',
            'num_classes=1, but got 2',
        ),
        (dict(type='MultipleChoiceTask', num_options=1), 1, 'lse', 'got 1'),
        (dict(type='CountTask'), 2, 'mean', 'num_classes=1, but got 2'),
        (dict(type='CountTask'), 1, 'lse', "CountTask.*'lse'"),
        (
            dict(type='CountTask', min_count=3, max_count=2),
            1,
            'mean',
            'got 3 and 2',
        ),
    ],
)
def test_tasks__wrong_options(
    task: dict, num_classes: int, aggregation: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        model(task, num_classes, aggregation)
