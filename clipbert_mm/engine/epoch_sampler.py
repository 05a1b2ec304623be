# Copyright (c) clipbert_mm contributors.
"""A sampler that tells the dataset the seed and which epoch it is."""

from collections.abc import Iterator

from mmaction.registry import DATA_SAMPLERS
from mmengine.dataset import DefaultSampler


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """MMEngine's ``DefaultSampler``, yielding ``(seed, epoch, index)``.

    The order and the shards are those of ``DefaultSampler``. Seed and epoch
    go along because the random draws of an item (clips, negatives, masks) are
    seeded from them and the index, and workers that persist over epochs have
    no other way to learn them. It works with the datasets of this package,
    whose ``dataset[(seed, epoch, index)]`` takes the three.

    Args:
        dataset (Sized): The data set.
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
