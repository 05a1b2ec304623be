# Copyright (c) clipbert_mm contributors.
"""Tests of the memory of a process."""

import os
import subprocess
import sys

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


def test_resident_bytes__of_another_process() -> None:
    program = 'held = bytearray(2**28); print(flush=True); input()'
    with subprocess.Popen(
        [sys.executable, '-c', program], stdin=-1, stdout=-1
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 2**28 < resident_bytes('VmRSS', process.pid) < 2**29
        process.kill()
    own = resident_bytes('VmHWM', os.getpid())
    assert own == resident_bytes('VmHWM')
