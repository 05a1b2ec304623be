# Copyright (c) clipbert_mm contributors.
"""A sampler that tells the data set which epoch it is."""
from typing import Iterator

from mmaction.registry import DATA_SAMPLERS
from mmengine.dataset import DefaultSampler


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """MMEngine's ``DefaultSampler``, yielding ``(epoch, index)``.

    The order and the shards are those of ``DefaultSampler``. The epoch goes
    along because the random draws of an item (clips, negatives, masks) are
    seeded from the seed, the epoch and the index, and workers that persist
    over epochs have no other way to learn it. It works with the data sets of
    this package, whose ``dataset[(epoch, index)]`` takes the pair.

    Args:
        dataset (Sized): The data set.
        shuffle (bool): Whether to shuffle in every epoch. Defaults to True.
        seed (int, optional): Seed of the order, the same in all processes.
            Defaults to None, one that the processes agree on.
        round_up (bool): Whether to repeat samples so that all processes have
            equally many. Defaults to True.

    Example:
        >>> sampler = EpochSampler(['a', 'b', 'c'], shuffle=False)
        >>> sampler.set_epoch(4)
        >>> list(sampler)
        [(4, 0), (4, 1), (4, 2)]
    """

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Iterate over ``(epoch, index)`` of this process."""
        epoch = self.epoch
        for index in super().__iter__():
            yield epoch, index
