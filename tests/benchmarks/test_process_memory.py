# Copyright (c) clipbert_mm contributors.
"""Tests of the memory of this process."""

import pytest
import torch

from tools.benchmarks.process_memory import resident_bytes


def test_resident_bytes__sees_what_is_held_and_what_was() -> None:
    before = resident_bytes('VmRSS')
    held = torch.ones(2**26)  # 256 MiB
    assert resident_bytes('VmRSS') - before > 0.9 * held.nbytes
    del held
    assert resident_bytes('VmRSS') - before < 2**27
    assert resident_bytes('VmHWM') - before > 0.9 * 2**28
    with pytest.raises(OSError, match='no VmNone'):
        resident_bytes('VmNone')
