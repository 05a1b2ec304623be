# Copyright (c) clipbert_mm contributors.
"""Sampler that passes seed and epoch to the dataset."""

from collections.abc import Iterator

from mmaction.registry import DATA_SAMPLERS
from mmengine.dataset import DefaultSampler


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """MMEngine's ``DefaultSampler``, yielding ``(seed, epoch, index)``.

    The order and the shards are those of ``DefaultSampler``. The random draws
    of an item (clips, negatives, masks) are seeded from the three numbers,
    and workers that persist over epochs have no other way to learn the epoch.
    The datasets of this package take ``dataset[(seed, epoch, index)]``.

    Args:
        dataset (Sized): Dataset to sample from.
        shuffle (bool): Whether to shuffle in every epoch. Defaults to True.
        seed (int, optional): Seed of the order and the draws, the same in all
            processes; the runner gives its own.
            Defaults to None, one that they agree on.
        round_up (bool): Whether to repeat samples so that all processes have
            equally many. Defaults to True.

    Example:
        >>> sampler = EpochSampler(['a', 'b', 'c'], shuffle=False, seed=7)
        >>> sampler.set_epoch(4)
        >>> list(sampler)
        [(7, 4, 0), (7, 4, 1), (7, 4, 2)]
    """

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Iterate over ``(seed, epoch, index)`` of this process."""
        epoch = self.epoch
        for index in super().__iter__():
            yield self.seed, epoch, index
