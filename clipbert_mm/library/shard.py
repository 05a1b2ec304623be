# Copyright (c) clipbert_mm contributors.
"""Shards: how several processes divide the files of an index."""

import hashlib
import os
from typing import NamedTuple

#: Numbers of videos that a shard gives; JavaScript reads all of them exactly.
NUMBERS = 1 << 32
_MOST_SHARDS = 1 << 20


class Shard(NamedTuple):
    """Part of the files that a process indexes.

    A file belongs to the same shard on every machine and in every run, by
    its path; each shard numbers its videos in a range of its own.

    Args:
        number (int): Its number, from 1.
        of (int): Number of shards; 1 is the whole index.
    """

    number: int
    of: int

    def owns(self, path: str) -> bool:
        """Return whether a file belongs to the shard.

        Args:
            path (str): Absolute path.

        Returns:
            bool: True for one of the shards.

        Example:
            >>> [Shard(i, 3).owns('/videos/a.mp4') for i in (1, 2, 3)]
            [True, False, False]
        """
        digest = hashlib.blake2b(os.fsencode(path), digest_size=8).digest()
        return int.from_bytes(digest, 'big') % self.of == self.number - 1

    @property
    def numbers(self) -> range:
        """Numbers that the videos of the shard may have."""
        if self.of == 1:
            return range(2**63)
        return range(self.number * NUMBERS, (self.number + 1) * NUMBERS)


def make_shard(number: int, of: int) -> Shard:
    """Return a shard.

    Args:
        number (int): Its number, from 1.
        of (int): Number of shards.

    Returns:
        Shard: The shard.

    Raises:
        ValueError: If the number is not one from 1 to ``of``.

    Example:
        >>> make_shard(9, 8)
        Traceback (most recent call last):
        ValueError: a shard must be one of 1 to 8, but got 9.
    """
    if not 1 <= of <= _MOST_SHARDS:
        raise ValueError(
            f'there must be 1 to {_MOST_SHARDS} shards, but got {of}.'
        )
    if not 1 <= number <= of:
        raise ValueError(
            f'a shard must be one of 1 to {of}, but got {number}.'
        )
    return Shard(number, of)


#: All files.
WHOLE = Shard(1, 1)
