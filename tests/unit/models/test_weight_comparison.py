# Copyright (c) clipbert_mm contributors.
"""Which differences between checkpoint and model are errors, or logged."""

import pytest
import torch

from clipbert_mm.models.weight_comparison import compare_weights


def test_compare_weights__equal_names_and_shapes(
    warnings_logged: list[str],
) -> None:
    loaded = dict(a=torch.zeros(2), b=torch.zeros(1, 3))
    own = dict(b=torch.ones(1, 3), a=torch.ones(2))
    assert compare_weights(loaded, own, ()) == []
    assert warnings_logged == []


def test_compare_weights__task_may_differ_and_is_logged(
    warnings_logged: list[str],
) -> None:
    loaded = {
        'body': torch.zeros(2),
        'task.out': torch.zeros(3, 4),
        'task.mlm': torch.zeros(1),
        'old': torch.zeros(1),
    }
    own = {
        'body': torch.zeros(2),
        'task.out': torch.zeros(5, 4),
        'task.new': torch.zeros(1),
    }
    assert compare_weights(loaded, own, ('task.', 'head.')) == ['task.out']
    assert warnings_logged == [
        '1 tensors of the checkpoint are not loaded, because the task has '
        'another output: task.out: (3, 4) in the checkpoint, (5, 4) in the '
        'model',
        '1 tensors of the model are not in the checkpoint and start from '
        'scratch: task.new',
        '2 tensors of the checkpoint are not used, because the model lacks '
        'them: task.mlm; old',
    ]


def test_compare_weights__other_parts_may_not(
    warnings_logged: list[str],
) -> None:
    own = {name: torch.zeros(2) for name in ('a', 'b', 'c', 'd', 'task.e')}
    loaded = dict(a=torch.zeros(3), d=torch.zeros(2, 1))
    with pytest.raises(
        ValueError,
        match=r'^The checkpoint does not fit this ClipBERT; 4 of 5 tensors '
        r'differ, the first of them: a: \(3,\) in the checkpoint, \(2,\) in '
        r'the model; d: \(2, 1\) in the checkpoint, \(2,\) in the model; '
        'b: not in the checkpoint. Set hidden_size, vocab_size and the '
        'backbone as in training, and load parts of a model through init_cfg '
        r'of the backbone or head.bert.$',
    ):
        compare_weights(loaded, own, ('task.',))
    assert warnings_logged == []
