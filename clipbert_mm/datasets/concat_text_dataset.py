# Copyright (c) clipbert_mm contributors.
"""Concatenation of datasets of videos or images with texts."""

from collections.abc import Sequence

from mmaction.registry import DATASETS
from mmengine.dataset import ConcatDataset

from .base_text_dataset import BaseTextDataset
from .item_draws import Index
from .video_text_retrieval import VideoTextRetrieval


@DATASETS.register_module()
class ConcatTextDataset(ConcatDataset):
    """Concatenation of datasets with files of their own.

    For media or annotations in several places, such as one LMDB of COCO and
    one of Visual Genome: every member has its own files and pipeline.
    MMEngine's ``ConcatDataset`` only takes an index; this one also takes the
    ``(seed, epoch, index)`` of ``EpochSampler``. Members draw independently,
    and the first draws as it would alone.

    Negative captions come from the member itself, and its ``bad_media``
    counts its own files. Questions of several members must have different
    ``question_ids`` in the files.

    Args:
        datasets (Sequence[dict | BaseTextDataset]): Members, or their
            configs; all for training, or all for testing.
        lazy_init (bool): Whether members that are built with ``lazy_init``
            stay unread until the first use. Defaults to False.

    Raises:
        TypeError: If a member is not a dataset of this package.
        ValueError: If there are no members, if some are for training and some
            for testing, or if they are for testing retrieval.

    Example:
        >>> coco, vg = (
        ...     dict(type='ImageTextPretrain', ann_file=f'{name}.jsonl',
        ...          pipeline=[]) for name in ('coco', 'vg'))
        >>> dataset = ConcatTextDataset([coco, vg])  # doctest: +SKIP
        >>> dataset.get_data_info(-1)['filename']  # doctest: +SKIP
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
        """Return an item of a member before the pipeline.

        Args:
            idx (Index): Index, or seed, epoch and index.

        Returns:
            dict: Item of the member.
        """
        member, own_idx = self._locate(idx)
        return member.get_data_info(own_idx)

    def __getitem__(self, idx: Index) -> dict | None:
        member, own_idx = self._locate(idx)
        return member[own_idx]

    def _locate(self, idx: Index) -> tuple[BaseTextDataset, Index]:
        """Return the member of an item, and its index in the member."""
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
            f'datasets must have one or more members, but got {members!r}.'
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
            'ann_file. Put the captions into one file and use '
            'VideoTextRetrieval alone.'
        )
