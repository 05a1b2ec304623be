# Copyright (c) clipbert_mm contributors.
"""Tests of the checks of arguments."""

import re

import numpy as np
import pytest

from clipbert_mm.utils.checks import (
    check_choice,
    check_fraction,
    check_integer,
)


@pytest.mark.parametrize('value', [3, 4, np.int64(3)])
def test_integer_accepts(value):
    check_integer('size', value, 3)


@pytest.mark.parametrize('value', [2, -1, 3.0, '3', True, None])
def test_integer_refuses(value):
    message = f'size must be an integer >= 3, but got {value!r}.'
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        check_integer('size', value, 3)


def test_true_is_no_integer_even_where_1_is_allowed():
    with pytest.raises(ValueError, match='integer >= 1, but got True'):
        check_integer('size', True, 1)


@pytest.mark.parametrize('choices', [('a', 'b'), ['a', 'b'], dict(a=1, b=2)])
def test_choice_accepts_any_collection(choices):
    check_choice('mode', 'b', choices)


@pytest.mark.parametrize('value', ['c', None, ['a'], 0])
def test_choice_refuses(value):
    message = f"mode must be one of ['a', 'b'], but got {value!r}."
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        check_choice('mode', value, dict(a=1, b=2))


@pytest.mark.parametrize('value', [0, 1, 0.5, np.float32(0.5)])
def test_fraction_accepts(value):
    check_fraction('dropout', value)


@pytest.mark.parametrize('value', [-0.1, 1.1, float('nan'), '0.5', True])
def test_fraction_refuses(value):
    message = f'dropout must be in [0, 1], but got {value!r}.'
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        check_fraction('dropout', value)
