# Copyright (c) clipbert_mm contributors.
"""The texts of a test as one value."""

import numpy as np
import pytest
import torch

from clipbert_mm.models.text_bank import TextBank

IDS = torch.tensor([[2, 7, 8, 3], [2, 3, 0, 0], [2, 9, 3, 0]])


def test_text_bank__from_arrays_and_tensors() -> None:
    mask = (IDS > 0).long()
    arrays = dict(input_ids=IDS.numpy(), attention_mask=mask.numpy())
    for tokens in (arrays, dict(input_ids=IDS, attention_mask=mask)):
        bank = TextBank.from_tokens(tokens)
        assert len(bank) == 3
        assert torch.equal(bank.input_ids, IDS)
        assert bank.input_ids.dtype == torch.int64
        assert bank.lengths().tolist() == [4, 2, 3]


def test_text_bank__select_keeps_the_order_asked_for() -> None:
    bank = TextBank(IDS, (IDS > 0).long())
    some = bank.select(torch.tensor([2, 0, 2]))
    assert some.input_ids.tolist() == IDS[[2, 0, 2]].tolist()
    assert some.lengths().tolist() == [3, 4, 3]
    assert len(bank.select(torch.tensor([], dtype=torch.long))) == 0


@pytest.mark.parametrize('mask', [IDS[:2], IDS[0], np.ones((3, 5))])
def test_text_bank__shapes_differ(mask: torch.Tensor) -> None:
    with pytest.raises(
        ValueError, match=r'must both have the shape.*\(3, 4\)'
    ):
        TextBank(IDS, mask)
    with pytest.raises(ValueError, match=r'got \(4,\) and \(4,\)'):
        TextBank(IDS[0], IDS[0])
