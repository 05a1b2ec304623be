# Copyright (c) clipbert_mm contributors.
"""Compare the training step with the original's, in time and peak memory.

Three sides train the full-size model of the MSR-VTT config from random
weights, on one batch: ours; ours, recomputing activations; and the looped
form of ClipBERT's original implementation (:mod:`.looped_step`)::

    python -m tools.benchmarks.training
    python -m tools.benchmarks.training --device cuda

Peak memory is the maximum that a process with this side alone holds, minus
what it held before the model was made; on a GPU, the maximum that PyTorch has
allocated there. On a GPU, the batch is that of the config, steps run in bf16,
and our step is also compared with its own convolutions and matrix products
alone.
"""

import argparse
import warnings

import torch

from tools.benchmarks.harness import (
    add_common_options,
    alternate,
    machine_line,
    medians,
)

from .batch import CPU_SIZES, GPU_SIZES, QUICK_SIZES, Sizes
from .gradients import check_sides
from .memory import measure_all_memory
from .sides import OURS, make_steps
from .tables import PEAK_TFLOPS, report, report_products

# mmcv-lite has no compiled operators; ClipBERT uses none.
warnings.filterwarnings('ignore', 'Fail to import ``MultiScale')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of this
            process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description="Compare the training step with the original's."
    )
    add_common_options(parser)
    parser.set_defaults(runs=3)  # a step takes a while
    parser.add_argument('--videos', type=int, help='videos of a batch')
    parser.add_argument('--clips', type=int, help='clips of a video')
    parser.add_argument('--frames', type=int, help='frames of a clip')
    parser.add_argument('--texts', type=int, help='texts of a video')
    parser.add_argument('--pixels', type=int, help='side of a frame')
    parser.add_argument(
        '--products',
        action='store_true',
        help='compare our step with its convolutions and matrix products '
        'timed alone; on a GPU this is always done',
    )
    parser.add_argument(
        '--peak-tflops',
        type=float,
        help='peak of the GPU in bf16, for the utilisation; known for '
        f'{", ".join(PEAK_TFLOPS)}',
    )
    return parser.parse_args(argv)


def choose_sizes(args: argparse.Namespace) -> Sizes:
    """Return the batch sizes of the device, as the options change them.

    Args:
        args (argparse.Namespace): Options of the command line.

    Returns:
        Sizes: The sizes.
    """
    default = GPU_SIZES if args.device == 'cuda' else CPU_SIZES
    if args.quick:
        default = QUICK_SIZES
    given = {
        name: getattr(args, name)
        for name in ('videos', 'clips', 'frames', 'texts', 'pixels')
        if getattr(args, name) is not None
    }
    return default._replace(**given)


def main(argv: list[str] | None = None) -> None:
    """Measure, and print the tables.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of this
            process.
    """
    args = parse_args(argv)
    sizes = choose_sizes(args)
    memory = measure_all_memory(sizes, args.device, args.threads, args.quick)
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
