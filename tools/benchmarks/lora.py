# Copyright (c) clipbert_mm contributors.
"""Compare fine-tuning with and without low-rank adapters (LoRA).

Each side trains on one batch, from random weights: all weights; adapters of
rank 8 in the head, and whatever is outside it; and adapters with a frozen
backbone. The model is that of the quickstart, or with ``--full-size`` that of
the MSR-VTT config::

    python -m tools.benchmarks.lora
    python -m tools.benchmarks.lora --full-size --runs 1

Memory is the peak of a process with this side alone, as in the benchmark of
training.
"""

import argparse
from multiprocessing import get_context
from typing import Any, NamedTuple

import torch
from mmaction.registry import MODELS

from clipbert_mm.utils.config_loading import load_config
from tools.benchmarks.harness import (
    add_common_options,
    alternate,
    machine_line,
    medians,
    print_table,
)
from tools.benchmarks.process_memory import resident_bytes, return_freed_memory
from tools.benchmarks.training.batch import (
    GPU_SIZES,
    QUICK_SIZES,
    Sizes,
    make_batch,
)
from tools.benchmarks.training.sides import (
    OURS,
    TrainingStep,
    make_optimizer_state,
)

#: Options of the model, by side.
SIDES: dict[str, dict[str, Any]] = {
    'all weights': {},
    'LoRA': dict(lora=dict(r=8)),
    'LoRA, frozen backbone': dict(lora=dict(r=8), frozen_backbone=True),
}
#: Batch of the quickstart's retrieval: 16 videos with 8 texts each.
QUICKSTART_SIZES = Sizes(16, 2, 2, 8, 64, 24)
#: Batch of the MSR-VTT config's model on a CPU: what the weights take shows.
CPU_SIZES = Sizes(2, 2, 2, 2, 224, 20)
MIB = 2**20


class Case(NamedTuple):
    """What all sides have in common."""

    full_size: bool
    sizes: Sizes
    device: str
    threads: int


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of this
            process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description='Compare fine-tuning with and without LoRA.'
    )
    add_common_options(parser)
    parser.add_argument(
        '--full-size',
        action='store_true',
        help="train the MSR-VTT config's model instead of the quickstart's",
    )
    return parser.parse_args(argv)


def choose_sizes(args: argparse.Namespace) -> Sizes:
    """Return the sizes of the batch.

    Args:
        args (argparse.Namespace): Options of the command line.

    Returns:
        Sizes: Those of the config; on a CPU, those of a small batch.
    """
    if args.quick:
        return QUICK_SIZES
    if not args.full_size:
        return QUICKSTART_SIZES
    return GPU_SIZES if args.device == 'cuda' else CPU_SIZES


def make_step(side: str, case: Case) -> TrainingStep:
    """Make the training step of a side.

    Args:
        side (str): One of :data:`SIDES`.
        case (Case): What all sides have in common.

    Returns:
        TrainingStep: The step, with the optimizer of the MSR-VTT config.
    """
    torch.manual_seed(0)
    name = 'clipbert_msrvtt_ret' if case.full_size else 'quickstart/retrieval'
    cfg = load_config(name).model
    cfg.backbone.init_cfg = None
    cfg.head.tokenizer = None
    if case.full_size:
        cfg.head.bert = dict()
    model = MODELS.build(dict(cfg, **SIDES[side])).to(case.device).train()
    batch = make_batch(case.sizes, model.head.config.vocab_size, case.device)
    return TrainingStep(OURS, model, batch, case.device)


def measure_memory(side: str, case: Case) -> int:
    """Measure the peak memory of one step in this process.

    Args:
        side (str): One of :data:`SIDES`.
        case (Case): What all sides have in common.

    Returns:
        int: Bytes of weights, gradients, optimizer and activations.
    """
    torch.set_num_threads(case.threads)
    return_freed_memory()
    # A tiny step first, so that the code of the libraries is in memory.
    make_step(side, case._replace(full_size=False, sizes=QUICK_SIZES))()
    before = resident_bytes('VmRSS')
    step = make_step(side, case)
    make_optimizer_state(step)
    step()
    if case.device == 'cuda':
        return torch.cuda.max_memory_allocated()
    return resident_bytes('VmHWM') - before


def main(argv: list[str] | None = None) -> None:
    """Measure, and print the table.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of this
            process.
    """
    args = parse_args(argv)
    case = Case(args.full_size, choose_sizes(args), args.device, args.threads)
    memory = {}
    for side in SIDES:
        # Forked before torch starts threads, so that all sides start equal.
        with get_context('fork').Pool(1) as pool:
            memory[side] = pool.apply(measure_memory, (side, case))
    torch.set_num_threads(args.threads)
    steps = {side: make_step(side, case) for side in SIDES}
    seconds = medians(alternate(steps, args.runs, 1, args.device))
    print(machine_line(args.device))
    print(f'{case.sizes}; medians of {args.runs} alternating runs.\n')
    print_table(
        'Fine-tuning with and without LoRA',
        ['side', 'trained weights', 'of all', 'memory, MiB', 's per step'],
        [
            [
                side,
                f'{trained:,}',
                f'{trained / total:.1%}',
                memory[side] / MIB,
                seconds[side],
            ]
            for side, step in steps.items()
            for trained, total in [count_weights(step.model)]
        ],
    )


def count_weights(model: torch.nn.Module) -> tuple[int, int]:
    """Count the weights that train, and all of a model without adapters.

    Args:
        model (torch.nn.Module): The model.

    Returns:
        tuple[int, int]: Both numbers.
    """
    params = dict(model.named_parameters())
    trained = sum(p.numel() for p in params.values() if p.requires_grad)
    plain = sum(p.numel() for n, p in params.items() if 'lora_' not in n)
    return trained, plain


if __name__ == '__main__':
    main()
