# Copyright (c) clipbert_mm contributors.
"""Tests of the sampler, against MMEngine's."""

import multiprocessing as mp
from pathlib import Path

import pytest
import torch.distributed as dist
from mmaction.registry import DATA_SAMPLERS
from mmengine.dataset import DefaultSampler

from clipbert_mm.engine import EpochSampler
from tests.toolbox.processes import fork_context

DATASET = list(range(11))


def orders(shuffle: bool, round_up: bool) -> list[tuple[list, list]]:
    """What our sampler and MMEngine's yield, in epochs 0 and 3."""
    options = dict(shuffle=shuffle, seed=5, round_up=round_up)
    ours = EpochSampler(DATASET, **options)
    theirs = DefaultSampler(DATASET, **options)
    assert len(ours) == len(theirs)
    found = []
    for epoch in (0, 3):
        ours.set_epoch(epoch)
        theirs.set_epoch(epoch)
        found.append((list(ours), [(5, epoch, i) for i in theirs]))
    return found


@pytest.mark.parametrize('shuffle', [True, False])
@pytest.mark.parametrize('round_up', [True, False])
def test_epoch_sampler__order_is_mmengines(
    shuffle: bool, round_up: bool
) -> None:
    for ours, theirs in orders(shuffle, round_up):
        assert ours == theirs
        assert sorted(index for *_, index in ours) == DATASET


def run_rank(rank: int, folder: str, queue: mp.Queue) -> None:
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/group', rank=rank, world_size=2
    )
    queue.put((rank, [orders(True, True), orders(True, False)]))
    dist.destroy_process_group()


@pytest.mark.slow
def test_epoch_sampler__shards_are_mmengines(tmp_path: Path) -> None:
    context = fork_context()
    queue = context.Queue()
    ranks = [
        context.Process(target=run_rank, args=(rank, str(tmp_path), queue))
        for rank in range(2)
    ]
    for process in ranks:
        process.start()
    found = dict(queue.get(timeout=60) for _ in ranks)
    for process in ranks:
        process.join(60)
        assert process.exitcode == 0
    for case, total in ((0, 12), (1, 11)):  # rounded up, or not
        for epoch in range(2):
            shards = [found[rank][case][epoch] for rank in range(2)]
            assert all(ours == theirs for ours, theirs in shards)
            indices = [index for ours, _ in shards for *_, index in ours]
            assert len(indices) == total
            assert set(indices) == set(DATASET)


def test_epoch_sampler__epochs_differ() -> None:
    (first, _), (other, _) = orders(True, True)
    assert [index for *_, index in first] != [index for *_, index in other]


def test_epoch_sampler__is_registered() -> None:
    sampler = DATA_SAMPLERS.build(
        dict(type='EpochSampler', dataset=[1, 2], shuffle=False, seed=0)
    )
    assert list(sampler) == [(0, 0, 0), (0, 0, 1)]
