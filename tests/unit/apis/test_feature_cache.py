# Copyright (c) clipbert_mm contributors.
"""Tests of the features of files that were read before."""

import copy
import os
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.apis import VideoFeatures, VideoFrames
from clipbert_mm.apis.feature_cache import (
    FeatureCache,
    FileState,
    file_state,
)


def features(number: int, size: int = 1) -> VideoFeatures:
    tokens = torch.full((1, 1, size), float(number))
    return VideoFeatures(f'{number}.mp4', tokens, ((0.0, 1.0),), 'model')


def file(number: int) -> FileState:
    return FileState(f'/{number}.mp4', '.mp4', (number,))


def test_file_state__of_regular_files_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe.mp4')
    frames = VideoFrames(np.zeros((1, 2, 2, 3), np.uint8), 1.0)
    pipe, folder = str(tmp_path / 'pipe.mp4'), str(tmp_path)
    for other in (pipe, folder, 'no.mp4', frames, features(0)):
        assert file_state(other) is None


def test_file_state__same_file_same_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'a.mp4').write_text('a')
    (tmp_path / 'b.mp4').symlink_to('a.mp4')
    (tmp_path / 'b.mjpeg').symlink_to('a.mp4')
    monkeypatch.chdir(tmp_path)
    found = file_state('a.mp4')
    assert found == file_state(str(tmp_path / 'b.mp4'))
    assert found != file_state('b.mjpeg')


@pytest.mark.parametrize('change', ['bytes', 'size', 'time', 'file'])
def test_file_state__changes_with_the_file(
    tmp_path: Path, change: str
) -> None:
    path = tmp_path / 'a.mp4'
    path.write_text('one')
    os.utime(path, ns=(0, 0))
    before = file_state(str(path))
    if change == 'file':
        path.rename(tmp_path / 'kept.mp4')
    if change != 'time':
        path.write_text('four' if change == 'size' else 'two')
    os.utime(path, ns=(0, 1 if change == 'time' else 0))
    after = file_state(str(path))
    assert before is not None
    assert after is not None
    assert before[:2] == after[:2]
    assert before != after


def test_feature_cache__another_state_is_another_file() -> None:
    cache = FeatureCache(100)
    cache.put(file(1), features(1))
    changed = file(1)._replace(stamp=(2,))
    assert cache.get(changed) is None
    cache.put(changed, features(2))
    assert cache.get(file(1)) is None
    found = cache.get(changed)
    assert found is not None
    assert found.tokens.item() == 2
    assert cache.get(None) is None


@pytest.mark.parametrize('limit', [0, 4, 40, 200])
def test_feature_cache__least_recently_used_go_first(limit: int) -> None:
    cache = FeatureCache(limit)
    draw = random.Random(limit)
    order: list[tuple[int, int]] = []  # number and bytes, oldest first
    for _ in range(500):
        number, size = draw.randrange(20), draw.randrange(1, 8)
        known = [entry for entry in order if entry[0] == number]
        found = cache.get(file(number))
        assert (found is not None) == bool(known)
        for entry in known:
            assert found is not None
            assert found.tokens.nbytes == entry[1]
            order.remove(entry)
            order.append(entry)
        if draw.random() < 0.5 and 4 * size <= limit:
            order = [entry for entry in order if entry[0] != number]
            order.append((number, 4 * size))
            while sum(entry[1] for entry in order) > limit:
                del order[0]
            cache.put(file(number), features(number, size))
    cache.put(file(99), features(99, 1000))
    assert cache.get(file(99)) is None
    assert all(cache.get(file(number)) for number, _ in order)


def test_feature_cache__holds_copies() -> None:
    cache = FeatureCache(100)
    batch = torch.ones(50, 1, 1, 1)
    given = VideoFeatures('a.mp4', batch[0], (), 'model')
    cache.put(file(1), given)
    given.tokens.zero_()
    for _ in range(2):
        found = cache.get(file(1))
        assert found is not None
        assert found.tokens.item() == 1
        assert found.tokens.untyped_storage().nbytes() == 4
        found.tokens.zero_()


def test_feature_cache__a_copy_is_empty_and_has_the_limit() -> None:
    cache = FeatureCache(4)
    cache.put(file(1), features(1))
    for other in (copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))):
        assert other.get(file(1)) is None
        other.put(file(2), features(2, 2))
        assert other.get(file(2)) is None
        other.put(file(2), features(2))
        assert other.get(file(2)) is not None
    assert cache.get(file(1)) is not None


@pytest.mark.parametrize('value', [-1, 1.5, None, True, '1GB'])
def test_feature_cache__wrong_limits(value: object) -> None:
    with pytest.raises(
        ValueError, match=f'^cache_bytes must be an integer >= 0, .*{value!r}'
    ):
        FeatureCache(value)  # type: ignore[arg-type]
