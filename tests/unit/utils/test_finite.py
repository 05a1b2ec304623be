# Copyright (c) clipbert_mm contributors.
"""Tests of the search for weights that are not finite."""

import pytest
import torch

from clipbert_mm.utils.finite import (
    NonFiniteError,
    check_finite,
    find_non_finite,
)

DTYPES = (
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.float8_e5m2,
)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf])
def test_find_non_finite__one_value_of_many(dtype, value):
    bad = torch.zeros(3, 4)
    bad[1, 2] = value
    tensors = dict(
        good=torch.ones(3).to(dtype), bad=bad.to(dtype), empty=torch.empty(0)
    )
    assert find_non_finite(tensors) == ['bad']


def test_find_non_finite__largest_values_and_integers_are_finite():
    tensors = {
        str(dtype): torch.tensor([torch.finfo(dtype).max] * 9, dtype=dtype)
        for dtype in DTYPES[:4]
    }
    tensors['integers'] = torch.tensor([2**62])
    tensors['booleans'] = torch.tensor([True])
    assert find_non_finite(tensors) == []
    assert find_non_finite({}) == []


def test_find_non_finite__leaves_gradients_alone():
    weight = torch.ones(2, requires_grad=True)
    weight.sum().backward()
    assert find_non_finite(dict(weight=weight)) == []


def test_check_finite__names_the_first_three():
    tensors = {f't{i}': torch.tensor([torch.nan]) for i in range(5)}
    tensors['good'] = torch.ones(1)
    with pytest.raises(
        NonFiniteError,
        match=r"^'a.pth' must hold finite weights, but 5 of 6 tensors are NaN "
        r'or infinite, the first of them: t0, t1, t2\. Its training',
    ):
        check_finite(tensors, "'a.pth'")
