# Copyright (c) clipbert_mm contributors.
"""The hook that compares the answers of datasets and task."""

from types import SimpleNamespace

import pytest
from torch import nn

from clipbert_mm.engine import VocabularyHook
from clipbert_mm.models import CountTask, OpenEndedQATask


def dataset_of(answers: list[str] | None) -> SimpleNamespace:
    """A dataset that is nothing but a vocabulary."""
    return SimpleNamespace(
        ann_file='a.jsonl', vocabulary=answers, full_init=lambda: None
    )


def runner_of(task: nn.Module, **datasets: object) -> SimpleNamespace:
    """A runner of a model with this task."""
    model = nn.Module()
    model.task = task
    loaders = {
        f'{split}_dataloader': SimpleNamespace(dataset=dataset)
        for split, dataset in datasets.items()
    }
    return SimpleNamespace(model=model, **loaders)


@pytest.mark.parametrize('split', ['train', 'val', 'test'])
def test_vocabulary_hook__other_answers(split: str) -> None:
    task = OpenEndedQATask(['cat', 'dog'])
    check = getattr(VocabularyHook(), f'before_{split}')
    check(runner_of(task, **{split: dataset_of(['cat', 'dog'])}))
    check(runner_of(task, **{split: dataset_of(None)}))
    message = r"dataset of 'a.jsonl' has other answers \(2\).*vocabulary \(2\)"
    with pytest.raises(ValueError, match=message):
        check(runner_of(task, **{split: dataset_of(['dog', 'cat'])}))


def test_vocabulary_hook__every_member_of_a_mixture() -> None:
    members = [dataset_of(['cat']), dataset_of(['dog'])]
    mixture = SimpleNamespace(datasets=members)
    with pytest.raises(ValueError, match='other answers'):
        VocabularyHook().before_train(
            runner_of(OpenEndedQATask(['cat']), train=mixture)
        )


def test_vocabulary_hook__tasks_without_answers_are_left_alone() -> None:
    VocabularyHook().before_train(runner_of(CountTask(), train=object()))
