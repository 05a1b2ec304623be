# Copyright (c) clipbert_mm contributors.
"""Peak memory of a training step, in a process with one side alone."""

from multiprocessing import get_context

import torch

from tools.benchmarks.process_memory import resident_bytes, return_freed_memory

from .batch import QUICK_SIZES, Sizes
from .sides import SIDES, make_optimizer_state, make_steps


def measure_memory(
    side: str, sizes: Sizes, device: str, threads: int, quick: bool
) -> int:
    """Measure the peak memory of one step in this process.

    Args:
        side (str): One of :data:`~.sides.SIDES`.
        sizes (Sizes): Sizes of the batch.
        device (str): Device of the step.
        threads (int): Threads of torch.
        quick (bool): Whether to build tiny models.

    Returns:
        int: Bytes of weights, gradients, optimizer and activations; on a CPU,
        the growth of the process.
    """
    torch.set_num_threads(threads)
    return_freed_memory()
    # A tiny step first, so that the code of the libraries is in memory.
    make_steps(QUICK_SIZES, device, quick=True, only=side)[side]()
    before = resident_bytes('VmRSS')
    step = make_steps(sizes, device, quick, only=side)[side]
    make_optimizer_state(step)
    step()
    if device == 'cuda':
        return torch.cuda.max_memory_allocated()
    return resident_bytes('VmHWM') - before


def measure_all_memory(
    sizes: Sizes, device: str, threads: int, quick: bool
) -> dict[str, int]:
    """Measure the peak memory of each side in a process of its own.

    Args:
        sizes (Sizes): Sizes of the batch.
        device (str): Device of the steps.
        threads (int): Threads of torch.
        quick (bool): Whether to build tiny models.

    Returns:
        dict[str, int]: Bytes by side.
    """
    peaks = {}
    for side in SIDES:
        # Forked before torch starts threads, so that all sides start equal.
        with get_context('fork').Pool(1) as pool:
            peaks[side] = pool.apply(
                measure_memory, (side, sizes, device, threads, quick)
            )
    return peaks
