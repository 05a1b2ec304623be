# Copyright (c) clipbert_mm contributors.
"""Videos of which only some clips are decoded, and their order."""

from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from mmengine.dataset import Compose

from clipbert_mm.gallery import videos
from clipbert_mm.gallery.videos import (
    KeepClips,
    find_sampler,
    video_inds_of_process,
    with_clips,
)


def test_keep_clips__drops_the_frames_of_the_others() -> None:
    results = dict(frame_inds=np.arange(8), num_clips=4, video_id='v')
    kept = KeepClips([3, 1])(results)
    assert kept['frame_inds'].tolist() == [6, 7, 2, 3]
    assert kept['num_clips'] == 2
    assert results['num_clips'] == 4


def dataset_of(*transforms: object) -> SimpleNamespace:
    """A dataset that is nothing but a pipeline."""
    return SimpleNamespace(pipeline=Compose(list(transforms)))


def test_with_clips__changes_a_copy() -> None:
    sampler = videos.SparseClipSampler(clip_len=2, num_clips=4, target_fps=4)
    dataset = dataset_of(dict, sampler, dict)
    assert find_sampler(dataset) == (1, sampler)
    few = with_clips(dataset, [2])
    assert [type(t).__name__ for t in few.pipeline.transforms] == [
        'type',
        'SparseClipSampler',
        'KeepClips',
        'type',
    ]
    assert len(dataset.pipeline.transforms) == 3


def test_find_sampler__pipeline_without_one() -> None:
    with pytest.raises(ValueError, match=r"SparseClipSampler.*\['type'\]"):
        find_sampler(dataset_of(dict))


@pytest.mark.parametrize('world_size', [1, 2, 3])
def test_video_inds__every_process_gets_equally_many(world_size: int) -> None:
    shares = []
    for rank in range(world_size):
        with mock.patch.object(
            videos, 'get_dist_info', return_value=(rank, world_size)
        ):
            shares.append(list(video_inds_of_process(7)))
    assert len({len(share) for share in shares}) == 1
    # Round after round, as a metric collects them.
    collected = [ind for turn in zip(*shares, strict=True) for ind in turn]
    assert collected[:7] == list(range(7))
    assert collected[7:] == list(range(len(collected) - 7))
