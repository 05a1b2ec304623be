# Copyright (c) clipbert_mm contributors.
"""Answers in checkpoints: kept, compared, and reported when they differ."""

import json
import logging
from pathlib import Path

import pytest
import torch
from mmengine.runner import load_checkpoint
from torch import nn

from clipbert_mm.models import OpenEndedQATask
from clipbert_mm.models.tasks.vocabulary_task import (
    decode_answers,
    encode_answers,
)
from tests.toolbox.tiny_models import BERT, tiny_clipbert

ANSWERS = ['naïve', '"quoted"', '猫', '']


def qa_model(
    answers: list[str], num_classes: int = 6, task: str = 'OpenEndedQATask'
) -> nn.Module:
    return tiny_clipbert(
        head=dict(num_classes=num_classes),
        consensus=dict(aggregation='mean'),
        task=dict(type=task, vocabulary=answers),
    )


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    path = str(tmp_path / 'qa.pth')
    torch.save(dict(state_dict=qa_model(ANSWERS).state_dict()), path)
    return path


def test_answers__survive_the_tensor() -> None:
    encoded = encode_answers(ANSWERS)
    assert encoded.dtype == torch.uint8
    assert json.loads(bytes(encoded.numpy())) == ANSWERS
    assert decode_answers(encoded) == ANSWERS


def test_vocabulary__of_a_file(tmp_path: Path) -> None:
    path = tmp_path / 'answers.json'
    path.write_text(json.dumps({'dog': 1, 'cat': 0}))
    task = OpenEndedQATask(str(path))
    assert task.answers == ['cat', 'dog']
    assert decode_answers(task.state_dict()['vocabulary']) == ['cat', 'dog']


def test_vocabulary__the_same_answers_load(checkpoint: str) -> None:
    model = qa_model(ANSWERS)
    nn.init.zeros_(model.head.classifier[2].weight)
    load_checkpoint(model, checkpoint, strict=True)
    assert model.head.classifier[2].weight.abs().sum() > 0


@pytest.mark.parametrize(
    'answers, num_classes, task, message',
    [
        (
            ['naïve', 'cat', '猫', ''],
            6,
            'OpenEndedQATask',
            '4 answers.*has 4 others.*label 1: \'"quoted"\' in the '
            "checkpoint, 'cat' in the vocabulary.*--without-task",
        ),
        (
            ANSWERS[:2],
            6,
            'OpenEndedQATask',
            "has 2 others.*label 2: '猫' in the checkpoint, none in",
        ),
        (
            [*ANSWERS, 'dog'],
            9,
            'OpenEndedQATask',
            "has 5 others.*label 4: none in the checkpoint, 'dog' in",
        ),
        (['a', 'b'], 2, 'VQATask', "label 0: 'naïve'.*'a' in the vocabulary"),
    ],
)
def test_vocabulary__other_answers_are_refused(
    checkpoint: str,
    answers: list[str],
    num_classes: int,
    task: str,
    message: str,
) -> None:
    model = qa_model(answers, num_classes, task)
    for param in model.parameters():
        nn.init.zeros_(param)
    # strict=False is how load_from loads.
    with pytest.raises(ValueError, match=message):
        load_checkpoint(model, checkpoint)
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(torch.load(checkpoint)['state_dict'])
    # Nothing was loaded before.
    assert not any(param.any() for param in model.parameters())


def test_vocabulary__a_task_alone_compares_too() -> None:
    state = OpenEndedQATask(ANSWERS).state_dict()
    with pytest.raises(ValueError, match='label 0'):
        OpenEndedQATask(ANSWERS[::-1]).load_state_dict(state)


def test_vocabulary__checkpoint_without_answers_loads(checkpoint: str) -> None:
    state = torch.load(checkpoint)['state_dict']
    del state['task.vocabulary']
    model = qa_model(ANSWERS[::-1])
    model.load_state_dict(state, strict=True)
    assert 'task.vocabulary' not in state
    own = model.state_dict()['task.vocabulary']
    assert decode_answers(own) == ANSWERS[::-1]


@pytest.fixture
def logged() -> list[str]:
    """What is logged in a test."""
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    from mmengine.logging import MMLogger

    logger, listener = MMLogger.get_current_instance(), Listener()
    logger.addHandler(listener)
    yield messages
    logger.removeHandler(listener)


def test_vocabulary__another_number_of_classes_starts_anew(
    checkpoint: str, logged: list[str]
) -> None:
    model = qa_model(ANSWERS, num_classes=7)
    before = model.head.classifier[2].weight.clone()
    load_checkpoint(model, checkpoint, logger='current')
    assert torch.equal(model.head.classifier[2].weight, before)
    assert any(
        'head.classifier.2.weight: (6, 16) in the checkpoint' in message
        for message in logged
    )


def test_vocabulary__a_pretrained_head_is_reported_by_name(
    tmp_path: Path, logged: list[str]
) -> None:
    pretrained = tiny_clipbert(
        head=dict(classifier='linear'),
        task=dict(type='PretrainTask', bert=BERT),
    )
    path = str(tmp_path / 'pretrained.pth')
    torch.save(dict(state_dict=pretrained.state_dict()), path)
    model = qa_model(ANSWERS)
    before = [param.clone() for param in model.head.classifier.parameters()]
    nn.init.zeros_(model.neck.conv.weight)
    load_checkpoint(model, path, logger='current')
    assert torch.equal(model.neck.conv.weight, pretrained.neck.conv.weight)
    for old, new in zip(before, model.head.classifier.parameters()):
        assert torch.equal(old, new)
    report = '\n'.join(logged)
    unexpected, missing = report.split('missing keys')
    for name in ('head.classifier.weight', 'task.mlm.bias'):
        assert name in unexpected
    for name in model.head.classifier.state_dict():
        assert f'head.classifier.{name}' in missing
    assert 'task.vocabulary' not in report
