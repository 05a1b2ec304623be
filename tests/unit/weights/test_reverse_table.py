# Copyright (c) clipbert_mm contributors.
"""Tests of reading key tables backwards."""

import pytest
import torch

from clipbert_mm.weights.image_resnet import image_resnet_rules
from clipbert_mm.weights.key_table import KeyRule
from clipbert_mm.weights.reverse_table import (
    counter_rules,
    drop_rules,
    invert_rules,
    reverse_key_table,
)

RULES = [
    KeyRule('words', 'head.words', ('V', 'D')),
    KeyRule('decoder', reason='tied', required=False, tied_to='words'),
    KeyRule('detector.*', reason='not used', required=False),
]


def test_reverse_key_table__copies_twins_and_lists_the_absent():
    words = torch.arange(6.0).view(3, 2)
    state = {'head.words': words, 'task.bias': torch.zeros(1)}
    back, report = reverse_key_table(
        state, RULES, drop_rules({'task.*': 'no such head'}), 'a toy'
    )
    assert list(back) == ['words', 'decoder']
    assert torch.equal(back['decoder'], words)
    assert back['decoder'].data_ptr() != back['words'].data_ptr()
    assert report.copied == {'decoder': 'words'}
    assert report.absent == {'detector.*': 'not used'}
    assert report.dropped == {'task.bias': 'no such head'}
    assert report.sizes == dict(V=3, D=2)


def test_invert_rules__changed_values_raise():
    with pytest.raises(ValueError, match=r"\['conv1.weight'\] do"):
        invert_rules(image_resnet_rules(['conv1.weight']))


def test_counter_rules__one_for_each_norm_of_resnet_50():
    rules = counter_rules()
    assert len({rule.source for rule in rules}) == len(rules) == 53
    assert not any(rule.required for rule in rules)
