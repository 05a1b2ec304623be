# Copyright (c) clipbert_mm contributors.
"""Several data sets of videos or images with texts as one."""

from collections.abc import Sequence

from mmaction.registry import DATASETS
from mmengine.dataset import ConcatDataset

from .base_text_dataset import BaseTextDataset, Index
from .video_text_retrieval import VideoTextRetrieval


@DATASETS.register_module()
class ConcatTextDataset(ConcatDataset):
    """Data sets that live apart, one after the other.

    For media or annotations in several places, such as an LMDB each of COCO
    and Visual Genome: every member has its own files and pipeline. MMEngine's
    ``ConcatDataset`` takes an index alone; this one takes the ``(seed, epoch,
    index)`` of ``EpochSampler`` as well. Members draw apart from each other,
    and the first as it would alone.

    Negative captions are those of the member itself, and ``max_bad_share``
    is of its own media. Questions of several members are only told apart by
    ``question_ids`` that differ in the files.

    Args:
        datasets (Sequence[dict | BaseTextDataset]): The members, or their
            configs. All are for training, or all for testing.
        lazy_init (bool): Leave members that are built with ``lazy_init``
            unread until the first use. Defaults to False.

    Raises:
        TypeError: If a member is no dataset of this package.
        ValueError: If there are no members, if some are for training and some
            for testing, or if they are for testing retrieval.

    Example:
        >>> coco, vg = (
        ...     dict(type='ImageTextPretrain', ann_file=f'{name}.jsonl',
        ...          pipeline=[]) for name in ('coco', 'vg'))
        >>> dataset = ConcatTextDataset([coco, vg])
        >>> dataset.get_data_info((0, 3, len(dataset) - 1))['filename']
        'vg/1.jpg'
    """

    def __init__(
        self,
        datasets: Sequence[dict | BaseTextDataset],
        lazy_init: bool = False,
    ) -> None:
        members = [
            DATASETS.build(member) if isinstance(member, dict) else member
            for member in datasets
        ]
        _check_members(members)
        super().__init__(members, lazy_init=lazy_init)

    def get_data_info(self, idx: Index) -> dict:
        """The item of a member before the pipeline.

        Args:
            idx (int | tuple[int, int, int]): The index, or seed, epoch and
                index.

        Returns:
            dict: As of the member.
        """
        member, own_idx = self._locate(idx)
        return member.get_data_info(own_idx)

    def __getitem__(self, idx: Index) -> dict | None:
        member, own_idx = self._locate(idx)
        return member[own_idx]

    def _locate(self, idx: Index) -> tuple[BaseTextDataset, Index]:
        """The member of an item, and how the member calls it."""
        seed, epoch, index = idx if isinstance(idx, tuple) else (0, 0, idx)
        if not -len(self) <= index < len(self):
            raise IndexError(
                f'{type(self).__name__} has {len(self)} items, '
                f'but got the index {index}.'
            )
        number, own_index = self._get_ori_dataset_idx(index)
        return self.datasets[number], (seed, epoch, own_index, number)


def _check_members(members: Sequence[BaseTextDataset]) -> None:
    if not members:
        raise ValueError(
            f'datasets must have at least one member, but got {members!r}.'
        )
    for i, member in enumerate(members):
        if not isinstance(member, BaseTextDataset):
            raise TypeError(
                f'datasets[{i}] must be a dataset of clipbert_mm, or the '
                'config of one (VideoTextRetrieval, VideoQuestionAnswering, '
                f'ImageTextPretrain), but got a {type(member).__name__}.'
            )
    modes = [member.test_mode for member in members]
    if len(set(modes)) > 1:
        raise ValueError(
            f'test_mode must be the same in all members, but got {modes}.'
        )
    if modes[0] and any(isinstance(m, VideoTextRetrieval) for m in members):
        raise ValueError(
            'VideoTextRetrieval with test_mode=True cannot be a member: every '
            'video is scored with all captions, which must be in one '
            'ann_file. Put the captions in one file and use '
            'VideoTextRetrieval alone.'
        )
