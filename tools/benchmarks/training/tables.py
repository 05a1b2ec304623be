# Copyright (c) clipbert_mm contributors.
"""Tables of the benchmark of training."""

import argparse

import torch
from torch.utils.flop_counter import FlopCounterMode

from tools.benchmarks.harness import alternate, medians, print_table
from tools.benchmarks.matrix_products import products_alone, record_products

from .sides import LOOPED, OURS, SIDES, TrainingStep

GIB = 2**30
# Dense bf16 of the whole GPU, from the data sheets.
PEAK_TFLOPS = {'H100': 989.0, 'H200': 989.0, 'A100': 312.0, 'L40S': 362.0}


def report(
    seconds: dict[str, float],
    memory: dict[str, int],
    differences: dict[str, float],
) -> None:
    """Print time and memory of the sides, and their ratios.

    Args:
        seconds (dict[str, float]): Median time of a step, by side.
        memory (dict[str, int]): Peak memory in bytes, by side.
        differences (dict[str, float]): Difference of the gradients from ours,
            by side.
    """
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
    """Print our step next to its products alone, and its utilisation.

    Args:
        step (TrainingStep): Our step.
        args (argparse.Namespace): Options of the command line.
    """
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
    """Return the fraction of the device's peak, where that is known.

    Args:
        rate (float): Rate of the step, TFLOP/s.
        args (argparse.Namespace): Options of the command line.

    Returns:
        str: Percentage, or ``'unknown'``.
    """
    peak: float | None = args.peak_tflops
    if peak is None and args.device == 'cuda':
        name = torch.cuda.get_device_name()
        peak = next((v for k, v in PEAK_TFLOPS.items() if k in name), None)
    return 'unknown' if peak is None else f'{rate / peak:.1%}'
