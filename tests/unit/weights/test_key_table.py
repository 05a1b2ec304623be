# Copyright (c) clipbert_mm contributors.
"""Tests of the table engine: every tensor is accounted for."""

import pytest
import torch
from transformers import BertConfig, BertForPreTraining

from clipbert_mm.weights import (
    ConversionError,
    convert_bert,
    convert_detectron2,
    convert_official,
    convert_tvp,
    revert_official,
)
from clipbert_mm.weights.key_table import KeyRule, apply_key_table, match_shape
from clipbert_mm.weights.resnet50_keys import backbone_shapes
from tests.toolbox import reference_data

RULES = [
    KeyRule('words', 'head.words', ('vocab_size', 'hidden_size')),
    KeyRule('bias', 'head.bias', ('hidden_size',)),
    KeyRule('decoder', reason='tied', tied_to='words', required=False),
    KeyRule('detector.*', reason='not used', required=False),
]


def make_state() -> dict[str, torch.Tensor]:
    words = torch.arange(6.0).view(3, 2)
    return {
        'words': words,
        'bias': torch.ones(2),
        'decoder': words.clone(),
        'detector.fc.weight': torch.zeros(5),
    }


def test_apply_key_table__accounts_for_every_tensor():
    new, report = apply_key_table(make_state(), RULES, 'a toy')
    assert set(new) == {'head.words', 'head.bias'}
    assert torch.equal(new['head.words'], torch.arange(6.0).view(3, 2))
    assert report.used == {'words': 'head.words', 'bias': 'head.bias'}
    assert report.dropped == {
        'decoder': 'tied',
        'detector.fc.weight': 'not used',
    }
    assert report.sizes == {'vocab_size': 3, 'hidden_size': 2}
    assert report.differences() == []


def test_apply_key_table__unknown_key_raises_with_its_name():
    state = {**make_state(), 'surprise': torch.zeros(1)}
    with pytest.raises(ConversionError, match='unknown: surprise'):
        apply_key_table(state, RULES, 'a toy')


def test_apply_key_table__missing_key_raises_with_its_name():
    state = make_state()
    del state['bias']
    with pytest.raises(ConversionError, match='missing: bias'):
        apply_key_table(state, RULES, 'a toy')


def test_apply_key_table__wrong_shape_raises_with_both_shapes():
    state = {**make_state(), 'bias': torch.ones(4)}
    with pytest.raises(
        ConversionError,
        match=r'bias: expected shape \(hidden_size=2\), but got \(4,\)',
    ):
        apply_key_table(state, RULES, 'a toy')


def test_apply_key_table__untied_twin_raises():
    state = {**make_state(), 'decoder': torch.zeros(3, 2)}
    with pytest.raises(ConversionError, match='expected the values of words'):
        apply_key_table(state, RULES, 'a toy')


def test_apply_key_table__all_differences_come_in_one_message():
    state = {'words': torch.zeros(3), 'odd': torch.zeros(1)}
    with pytest.raises(ConversionError) as caught:
        apply_key_table(state, RULES, 'a toy')
    for part in (
        '3 differences',
        'unknown: odd',
        'mismatched: words',
        'missing: bias',
    ):
        assert part in str(caught.value)


def test_apply_key_table__not_strict_lists_the_differences():
    state = {**make_state(), 'surprise': torch.zeros(1)}
    state['bias'] = torch.ones(4)
    new, report = apply_key_table(state, RULES, 'a toy', strict=False)
    assert set(new) == {'head.words'}
    assert report.unknown == ['surprise']
    assert list(report.mismatched) == ['bias']


def test_apply_key_table__half_precision_becomes_float32():
    state = {name: value.half() for name, value in make_state().items()}
    new, _ = apply_key_table(state, RULES, 'a toy')
    assert {value.dtype for value in new.values()} == {torch.float32}


def test_apply_key_table__value_that_is_no_tensor_raises():
    with pytest.raises(TypeError, match="'bias' of a toy, but got list"):
        apply_key_table({**make_state(), 'bias': [1.0]}, RULES, 'a toy')


def test_key_rule__dropping_without_a_reason_raises():
    with pytest.raises(ValueError, match="rule of 'fc'"):
        KeyRule('fc')


@pytest.mark.parametrize(
    'actual, expected, words',
    [
        ((4, 4), ('n', 'n'), ''),
        ((4, 5), ('n', 'n'), '(n, n)'),
        ((4,), ('n', 'm'), '(n, m)'),
        ((7, 3), ('known', 3), '(known=8, 3)'),
        ((8, 3), ('known', 3), ''),
    ],
)
def test_match_shape__compares_names_and_numbers(actual, expected, words):
    sizes = {'known': 8}
    assert match_shape(actual, expected, sizes) == words
    assert ('n' in sizes) is (actual == (4, 4))


def test_report__text_says_what_became_of_each_tensor():
    _, report = apply_key_table(make_state(), RULES, 'a toy')
    report.notes.append('mind the head')
    text = report.to_text()
    for part in (
        'a toy: 2 used, 2 dropped, 0 missing',
        'sizes: vocab_size=3',
        'used: bias -> head.bias',
        'dropped 1: tied',
        '  detector.fc.weight',
        'note: mind the head',
    ):
        assert part in text
    assert 'used: bias' not in report.to_text(verbose=False)


def official() -> dict[str, torch.Tensor]:
    return reference_data.official_state_dict('ret_ce')


def detectron2() -> dict[str, torch.Tensor]:
    return {
        f'backbone.{name}': torch.zeros(1).expand(shape)
        for name, shape in backbone_shapes().items()
    }


def bert() -> dict[str, torch.Tensor]:
    config = BertConfig(
        vocab_size=9,
        hidden_size=4,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
    )
    return BertForPreTraining(config).state_dict()


FORMATS = dict(
    official=(official, convert_official),
    detectron2=(detectron2, convert_detectron2),
    bare_detectron2=(
        lambda: {
            n.removeprefix('backbone.'): v for n, v in detectron2().items()
        },
        convert_detectron2,
    ),
    bert=(bert, convert_bert),
    ours=(lambda: convert_official(official())[0], revert_official),
)


@pytest.mark.slow
@pytest.mark.parametrize('prefix', ['module.', '_orig_mod.module.', 'model.'])
@pytest.mark.parametrize('name', FORMATS)
def test_unwrap_for_table__every_format(name, prefix):
    make, convert = FORMATS[name]
    state = make()
    expected, report = convert(state)
    new, found = convert({f'{prefix}{k}': v for k, v in state.items()})
    assert new.keys() == expected.keys()
    assert all(torch.equal(new[key], expected[key]) for key in new)
    note = (
        f'Removed from the names of the checkpoint: {prefix!r} '
        f'({len(state)} tensors).'
    )
    assert note in found.notes
    assert note not in report.notes


@pytest.mark.slow
@pytest.mark.parametrize('prefix', ['', 'module.', 'module.model.'])
@pytest.mark.parametrize('whole', [True, False])
def test_unwrap_for_table__model_is_a_real_part_of_tvp(tvp, prefix, whole):
    state = (tvp if whole else tvp.model).state_dict()
    assert whole is any(name.startswith('model.') for name in state)
    expected, _ = convert_tvp(state)
    new, report = convert_tvp({f'{prefix}{k}': v for k, v in state.items()})
    assert new.keys() == expected.keys()
    if not prefix:
        assert not any(note.startswith('Removed') for note in report.notes)


@pytest.mark.slow
def test_unwrap_for_table__two_of_one_name_raise():
    state = official()
    name = next(iter(state))
    state[f'module.{name}'] = state[name]
    with pytest.raises(ConversionError, match=f"'module.{name}' are both"):
        convert_official(state)


@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_apply_key_table__not_finite_raises(value):
    state = make_state()
    state['bias'] = torch.full_like(state['bias'], value)
    with pytest.raises(
        ConversionError,
        match='bias: expected finite values, but some are NaN or infinite',
    ):
        apply_key_table(state, RULES, 'a test')
