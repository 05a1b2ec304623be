# Copyright (c) clipbert_mm contributors.
"""All tasks: targets, gradients, options, and a task of a user."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from clipbert_mm.models import (
    ConsensusAggregator,
    CountTask,
    MultipleChoiceTask,
    OpenEndedQATask,
    VQATask,
)
from clipbert_mm.models.tasks import BaseTask, ModelOutput
from clipbert_mm.models.tasks.base_task import TaskHead
from tests.toolbox.task_cases import (
    ANSWERS,
    SOFT_LABELS,
    samples_with,
    task_output,
)
from tests.toolbox.tiny_models import tiny_clipbert, tiny_inputs

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
        task.loss(task_output(torch.zeros(shape)), samples_with(field, values))


@pytest.mark.parametrize(
    'task, field', [(OPEN, 'answer_labels'), (VQATask(ANSWERS), 'soft_labels')]
)
def test_tasks__missing_targets(task: nn.Module, field: str) -> None:
    with pytest.raises(KeyError, match=f"video0.*'{field}'"):
        task.loss(task_output(torch.zeros(2, 2, 3)), samples_with())


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
    losses = clipbert(tiny_inputs(), samples_with(field, values), mode='loss')
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
        predicted.append(
            clipbert(tiny_inputs(), samples_with(), mode='predict')[1]
        )
    for field in predicted[0].all_keys():
        whole, chunked = (sample.get(field) for sample in predicted)
        if isinstance(whole, Tensor):
            torch.testing.assert_close(whole, chunked)
        else:
            assert whole == chunked


def test_tasks__unreadable_videos_get_no_prediction() -> None:
    clipbert, inputs = model(OPEN_CFG, 5).eval(), tiny_inputs()
    batch = samples_with(values=[0, 0, 0])
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
            data_samples=samples_with(values=[0]),
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


class EchoTask(BaseTask):
    """A task of a user with nothing but what is required."""

    def check_head(self, head: TaskHead) -> None:
        if head.num_classes != 4:
            raise ValueError(f'EchoTask needs 4, but got {head.num_classes}.')

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        return dict(loss=output.video_logits.sum())

    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        return data_samples


def test_base_task__defaults_are_enough_for_a_model() -> None:
    task = EchoTask()
    assert task.answers is None
    assert task.answered_by is None
    assert task.num_options is None
    assert not task.needs_text_states
    clipbert = model(dict(type=EchoTask), 4, 'lse')
    losses = clipbert(tiny_inputs(), samples_with(), mode='loss')
    losses['loss'].backward()
    clipbert.load_state_dict(clipbert.state_dict())
    with pytest.raises(NotImplementedError, match='EchoTask has no match'):
        clipbert.match_scores(torch.zeros(1, 1, 1, 4))
    with pytest.raises(ValueError, match='EchoTask needs 4, but got 2'):
        model(dict(type=EchoTask), 2)


@pytest.mark.parametrize('combines', [True, False])
def test_base_task__log_sum_exp_is_declared(combines: bool) -> None:
    task = EchoTask()
    task.combines_with_lse = combines
    head = SimpleNamespace(num_classes=4)
    task.check(head, ConsensusAggregator('mean'))
    task.check(head, nn.Identity())  # says nothing about log-sum-exp
    if combines:
        task.check(head, ConsensusAggregator('lse'))
    else:
        with pytest.raises(
            ValueError, match="EchoTask cannot be combined.*'lse'"
        ):
            task.check(head, ConsensusAggregator('lse'))
