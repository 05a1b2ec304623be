# Copyright (c) clipbert_mm contributors.
"""Time the training step against the original's, and its peak memory.

Three sides train the MSR-VTT config's full-size model, from random weights,
on one batch: ours; ours, recomputing activations; and the looped form of
ClipBERT's original implementation (:mod:`looped_step`)::

    python -m tools.benchmarks.training
    python -m tools.benchmarks.training --device cuda

Peak memory is what a process with this side alone holds at most, above what
it held before it made the model; on a GPU what PyTorch has allocated there.
On a GPU the batch is that of the config, steps run in bf16, and our step is
also compared with its own convolutions and matrix products timed alone.
"""

import argparse
import ctypes
import warnings
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from tools.benchmarks.harness import (
    add_common_options,
    alternate,
    machine_line,
    medians,
    print_table,
)
from tools.benchmarks.matrix_products import products_alone, record_products

from .sides import (
    LOOPED,
    OURS,
    RECOMPUTED,
    SIDES,
    Sizes,
    TrainingStep,
    gradients,
    largest_difference,
    make_optimizer_state,
    make_steps,
)

# mmcv-lite has no compiled operators; ClipBERT uses none.
warnings.filterwarnings('ignore', 'Fail to import ``MultiScale')

GPU_SIZES = Sizes(8, 8, 2, 2, 448, 20)  # of the MSR-VTT config
CPU_SIZES = Sizes(3, 4, 2, 2, 448, 20)
QUICK_SIZES = Sizes(2, 3, 2, 2, 96, 20)
GIB = 2**30
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of <malloc.h>
# Dense bf16 of the whole GPU, from the data sheets.
PEAK_TFLOPS = {'H100': 989.0, 'H200': 989.0, 'A100': 312.0, 'L40S': 362.0}
MAX_DIFFERENCE = 1e-2


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Time the training step against the original's"
    )
    add_common_options(parser)
    parser.set_defaults(runs=3)  # a step takes a while
    parser.add_argument('--videos', type=int, help='in a batch')
    parser.add_argument('--clips', type=int, help='of a video')
    parser.add_argument('--frames', type=int, help='of a clip')
    parser.add_argument('--texts', type=int, help='of a video')
    parser.add_argument('--pixels', type=int, help='side of a frame')
    parser.add_argument(
        '--products',
        action='store_true',
        help='compare our step with its convolutions and matrix products '
        'timed alone; always on a GPU',
    )
    parser.add_argument(
        '--peak-tflops',
        type=float,
        help='of the GPU in bf16, for the utilisation; known for '
        f'{", ".join(PEAK_TFLOPS)}',
    )
    return parser.parse_args(argv)


def choose_sizes(args: argparse.Namespace) -> Sizes:
    """The default batch of the device, with what the options change."""
    default = GPU_SIZES if args.device == 'cuda' else CPU_SIZES
    if args.quick:
        default = QUICK_SIZES
    given = {
        name: getattr(args, name)
        for name in ('videos', 'clips', 'frames', 'texts', 'pixels')
        if getattr(args, name) is not None
    }
    return default._replace(**given)


def resident_bytes(kind: str) -> int:
    """Memory of this process.

    Args:
        kind (str): ``'VmRSS'``: now; ``'VmHWM'``: at most.

    Returns:
        int: Bytes.
    """
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{kind}:'):
            return int(line.split()[1]) * 1024
    raise OSError(f'/proc/self/status has no {kind}: this needs Linux.')


def measure_memory(side: str, args: argparse.Namespace) -> int:
    """Peak memory of one step, in this process.

    Args:
        side (str): One of ``SIDES``.
        args (argparse.Namespace): The options.

    Returns:
        int: Bytes of weights, gradients, optimizer and activations: on a CPU
        what the process holds more than before they were made.
    """
    torch.set_num_threads(args.threads)
    # Freed memory goes back at once: what counts is what a side holds, not
    # the gaps that the C library keeps. So do the other sides.
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, 2**20)
    libc.mallopt(M_TRIM_THRESHOLD, 2**20)
    # Tiny, so that the code of the libraries is in memory.
    make_steps(QUICK_SIZES, args.device, quick=True, only=side)[side]()
    before = resident_bytes('VmRSS')
    step = make_steps(choose_sizes(args), args.device, args.quick, only=side)[
        side
    ]
    make_optimizer_state(step)
    step()
    if args.device == 'cuda':
        return torch.cuda.max_memory_allocated()
    return resident_bytes('VmHWM') - before


def measure_all_memory(args: argparse.Namespace) -> dict[str, int]:
    """Peak memory of each side, each in a process of its own."""
    peaks = {}
    for side in SIDES:
        # Forked before torch starts threads: each starts from the same.
        with get_context('fork').Pool(1) as pool:
            peaks[side] = pool.apply(measure_memory, (side, args))
    return peaks


def check_sides(steps: dict[str, TrainingStep]) -> dict[str, float]:
    """How far the gradients of the sides are from ours.

    Args:
        steps (dict[str, TrainingStep]): Of all sides.

    Returns:
        dict[str, float]: Largest relative difference, by side.

    Raises:
        ValueError: If one is above ``MAX_DIFFERENCE``.
    """
    ours = gradients(steps[OURS])
    found = {}
    for side in (RECOMPUTED, LOOPED):
        found[side] = largest_difference(ours, gradients(steps[side]))
        if not found[side] <= MAX_DIFFERENCE:
            raise ValueError(
                f'The gradients of the side {side!r} differ from ours by '
                f'{found[side]:.1e}, but should by less than '
                f'{MAX_DIFFERENCE}: the sides do not compute the same.'
            )
    return found


def report(
    seconds: dict[str, float],
    memory: dict[str, int],
    differences: dict[str, float],
) -> None:
    """Print both sides of each bar and their ratio."""
    print_table(
        'Training step',
        [
            'side',
            's per step',
            'rate, of looped',
            'rate, of ours',
            'memory, GiB',
            'memory, of looped',
            'memory, of ours',
            'gradients differ by',
        ],
        [
            [
                side,
                seconds[side],
                seconds[LOOPED] / seconds[side],
                seconds[OURS] / seconds[side],
                memory[side] / GIB,
                memory[side] / memory[LOOPED],
                memory[side] / memory[OURS],
                f'{differences.get(side, 0):.0e}',
            ]
            for side in SIDES
        ],
    )


def report_products(step: TrainingStep, args: argparse.Namespace) -> None:
    """Compare our step with its products alone; print its utilisation."""
    products = products_alone(record_products(step, []))
    with FlopCounterMode(display=False) as counter:
        step()
    times = medians(
        alternate(
            dict(step=step, products=products), args.runs, 1, args.device
        )
    )
    rate = counter.get_total_flops() / times['step'] / 1e12
    print_table(
        'Our step and its convolutions and matrix products',
        [
            's per step',
            's products alone',
            'ratio',
            'TFLOP per step',
            'TFLOP/s',
            'of the peak',
        ],
        [
            [
                times['step'],
                times['products'],
                times['step'] / times['products'],
                counter.get_total_flops() / 1e12,
                rate,
                utilisation(rate, args),
            ]
        ],
    )


def utilisation(rate: float, args: argparse.Namespace) -> str:
    """Share of the device's peak, where that is known."""
    peak: Any = args.peak_tflops
    if peak is None and args.device == 'cuda':
        name = torch.cuda.get_device_name()
        peak = next((v for k, v in PEAK_TFLOPS.items() if k in name), None)
    return 'unknown' if peak is None else f'{rate / peak:.1%}'


def main(argv: list[str] | None = None) -> None:
    """Measure, and print the tables."""
    args = parse_args(argv)
    sizes = choose_sizes(args)
    memory = measure_all_memory(args)
    torch.set_num_threads(args.threads)
    steps = make_steps(sizes, args.device, args.quick)
    length = steps[OURS].batch.inputs['input_ids'].shape[-1]
    print(machine_line(args.device))
    print(
        f'{sizes}; texts padded to {length} tokens, in the looped form to '
        f'{sizes.max_txt_len}; '
        f'{"bf16" if args.device == "cuda" else "float32"}; medians of '
        f'{args.runs} alternating runs.\n'
    )
    differences = check_sides(steps)  # also the warm-up
    warmups = 2 if args.device == 'cuda' else 0
    seconds = medians(alternate(steps, args.runs, warmups, args.device))
    report(seconds, memory, differences)
    if args.products or args.device == 'cuda':
        report_products(steps[OURS], args)


if __name__ == '__main__':
    main()
