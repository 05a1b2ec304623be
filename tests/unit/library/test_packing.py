# Copyright (c) clipbert_mm contributors.
"""Tests of visual tokens as bytes."""

import pytest
import torch
from torch import Tensor

from clipbert_mm.library.packing import pack_tokens, unpack_tokens


def tokens(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(*shape, generator=generator) * 3


def test_pack__half_precision_is_that_of_torch() -> None:
    values = tokens(3, 5, 8)
    packed = pack_tokens(values, 'float16')
    assert [len(clip) for clip in packed] == [80] * 3
    found = unpack_tokens(packed, 5, 8, 'float16')
    assert torch.equal(found, values.half().float())


def test_pack__int8_is_off_by_half_a_step_of_each_token() -> None:
    values = tokens(3, 5, 8)
    values[0, 0] = 0
    packed = pack_tokens(values, 'int8')
    assert [len(clip) for clip in packed] == [60] * 3
    found = unpack_tokens(packed, 5, 8, 'int8')
    step = values.abs().amax(-1, keepdim=True) / 127
    assert ((found - values).abs() <= step * 0.501).all()
    assert torch.equal(found[0, 0], values[0, 0])


def test_pack__one_clip_as_among_others() -> None:
    values = tokens(3, 2, 8)
    for precision in ('float16', 'int8'):
        packed = pack_tokens(values, precision)
        one = unpack_tokens(packed[1:2], 2, 8, precision)
        assert torch.equal(one[0], unpack_tokens(packed, 2, 8, precision)[1])


@pytest.mark.parametrize(
    'value, precision',
    [(1e6, 'float16'), (float('nan'), 'float16'), (float('inf'), 'int8')],
)
def test_pack__numbers_that_do_not_fit(value: float, precision: str) -> None:
    with pytest.raises(ValueError, match='must be finite, and at most 65504'):
        pack_tokens(torch.full((1, 1, 4), value), precision)


def test_pack__unknown_precision() -> None:
    with pytest.raises(ValueError, match=r"precision must be one of \['floa"):
        pack_tokens(tokens(1, 1, 4), 'int4')


@pytest.mark.parametrize('precision', ['float16', 'int8'])
def test_unpack__another_length(precision: str) -> None:
    packed = pack_tokens(tokens(2, 2, 8), precision)
    with pytest.raises(ValueError, match=r'expected \d+ bytes .* got \d+'):
        unpack_tokens([packed[0], packed[1][:-1]], 2, 8, precision)
