# Copyright (c) clipbert_mm contributors.
"""Tests of shards."""

import os
from collections import Counter
from itertools import pairwise

import pytest

from clipbert_mm.library.shard import WHOLE, Shard, make_shard


def test_owns__each_file_belongs_to_one_shard() -> None:
    paths = [f'/videos/{i}.mp4' for i in range(3000)]
    paths.append(os.fsdecode(b'/caf\xe9.mp4'))
    shards = [make_shard(i + 1, 3) for i in range(3)]
    owners = [[s.number for s in shards if s.owns(path)] for path in paths]
    assert {len(found) for found in owners} == {1}
    shares = Counter(found[0] for found in owners)
    assert all(900 < number < 1100 for number in shares.values())
    assert all(WHOLE.owns(path) for path in paths)


def test_numbers__no_two_shards_share_any() -> None:
    ranges = [Shard(i, 8).numbers for i in range(1, 9)]
    for one, other in pairwise(ranges):
        assert one.stop <= other.start
        assert len(one) == 2**32
    assert make_shard(1 << 20, 1 << 20).numbers.stop < 2**53
    assert 0 in WHOLE.numbers


@pytest.mark.parametrize(
    'number, of, message',
    [
        (0, 4, 'a shard must be one of 1 to 4, but got 0'),
        (5, 4, 'a shard must be one of 1 to 4, but got 5'),
        (1, 0, 'there must be 1 to 1048576 shards, but got 0'),
    ],
)
def test_make_shard__wrong_numbers(number: int, of: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_shard(number, of)
