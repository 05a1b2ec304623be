# Copyright (c) clipbert_mm contributors.
"""Videos of a test dataset, of which only some clips are decoded."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import Compose
from mmengine.dist import get_dist_info
from torch.utils.data import DataLoader

from clipbert_mm.datasets.transforms import SparseClipSampler
from clipbert_mm.datasets.video_text_retrieval import VideoTextRetrieval


class KeepClips:
    """Keep some of the clips that :class:`SparseClipSampler` laid out.

    Only these are decoded then, and their frames are the same as in a run
    with all clips.

    Modified Keys:

        - frame_inds, num_clips

    Args:
        clip_inds (Sequence[int]): Indices of the clips to keep.
    """

    def __init__(self, clip_inds: Sequence[int]) -> None:
        self.clip_inds = list(clip_inds)

    def __call__(self, results: dict) -> dict:
        """Drop the frames of the other clips."""
        frames = results['frame_inds'].reshape(results['num_clips'], -1)
        return dict(
            results,
            frame_inds=frames[self.clip_inds].reshape(-1),
            num_clips=len(self.clip_inds),
        )


def find_sampler(dataset: VideoTextRetrieval) -> tuple[int, SparseClipSampler]:
    """Return the transform that lays out the clips, and its index.

    Args:
        dataset (VideoTextRetrieval): Dataset with its pipeline.

    Returns:
        tuple[int, SparseClipSampler]: Index in the pipeline, and transform.

    Raises:
        ValueError: If the pipeline has none.
    """
    transforms = dataset.pipeline.transforms
    for place, transform in enumerate(transforms):
        if isinstance(transform, SparseClipSampler):
            return place, transform
    raise ValueError(
        'PairScoringLoop needs a SparseClipSampler in the test pipeline, but '
        f'got {[type(t).__name__ for t in transforms]}.'
    )


def with_clips(dataset: VideoTextRetrieval, clip_inds: Sequence[int]) -> Any:
    """Return a dataset of the same videos that decodes some clips.

    Args:
        dataset (VideoTextRetrieval): Dataset, which is not changed.
        clip_inds (Sequence[int]): Indices of the clips.

    Returns:
        VideoTextRetrieval: Shallow copy with another pipeline.
    """
    place, _ = find_sampler(dataset)
    transforms = list(dataset.pipeline.transforms)
    transforms.insert(place + 1, KeepClips(clip_inds))
    dataset = copy.copy(dataset)
    dataset.pipeline = Compose(transforms)
    return dataset


def clip_shape(
    dataset: VideoTextRetrieval, clip_ind: int
) -> tuple[int, ...] | None:
    """Return the size of a clip, from the first readable video.

    Args:
        dataset (VideoTextRetrieval): Dataset in test mode.
        clip_ind (int): Index of the clip.

    Returns:
        tuple[int, ...] | None: ``(T, H, W)``, None if no video is readable.
    """
    dataset = with_clips(dataset, [clip_ind])
    for video_ind in range(len(dataset)):
        item = dataset[video_ind]
        if 'load_error' not in item['data_samples']:
            return tuple(item['inputs']['imgs'].shape[2:])
    return None


def loader_of_videos(
    dataloader: DataLoader, video_inds: Sequence[int], clip_inds: Sequence[int]
) -> DataLoader:
    """Build a loader of some videos with some of their clips.

    Args:
        dataloader (DataLoader): Loader of all videos; its options are kept.
        video_inds (Sequence[int]): Indices of the videos, in order.
        clip_inds (Sequence[int]): Indices of the clips.

    Returns:
        DataLoader: Loader that decodes nothing else.
    """
    dataset: Any = dataloader.dataset
    return DataLoader(
        with_clips(dataset, clip_inds),
        batch_size=dataloader.batch_size,
        sampler=video_inds,
        num_workers=dataloader.num_workers,
        collate_fn=dataloader.collate_fn,
        pin_memory=dataloader.pin_memory,
        timeout=dataloader.timeout,
        worker_init_fn=dataloader.worker_init_fn,
        multiprocessing_context=dataloader.multiprocessing_context,
        prefetch_factor=dataloader.prefetch_factor,
    )


def video_inds_of_process(num_videos: int) -> Iterator[int]:
    """Yield the videos of this process in the order of ``DefaultSampler``.

    All processes get equally many: the first videos fill up the last round.

    Args:
        num_videos (int): N.

    Yields:
        int: Index of a video.

    Example:
        >>> list(video_inds_of_process(3))
        [0, 1, 2]
    """
    rank, world_size = get_dist_info()
    rounds = -(-num_videos // world_size)
    for place in range(rank, rounds * world_size, world_size):
        yield place % num_videos


def blank_sample(
    dataset: VideoTextRetrieval, video_ind: int
) -> ActionDataSample:
    """Return the data sample of a video without decoding it.

    Args:
        dataset (VideoTextRetrieval): Dataset in test mode.
        video_ind (int): Index of the video.

    Returns:
        ActionDataSample: Sample as the pipeline packs it.
    """
    blank = dict.fromkeys(
        ('imgs', 'input_ids', 'attention_mask'), torch.empty(0)
    )
    pack = dataset.pipeline.transforms[-1]
    return pack({**dataset.get_data_info(video_ind), **blank})['data_samples']
