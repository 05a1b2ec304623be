# Copyright (c) clipbert_mm contributors.
"""Images with captions, for image-text pretraining."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from mmaction.registry import DATASETS

from clipbert_mm.annotations.captions import (
    MEDIA_NAMES,
    Caption,
    read_captions,
)

from .base_caption_dataset import BaseCaptionDataset


@DATASETS.register_module()
class ImageTextPretrain(BaseCaptionDataset):
    """Image-text matching and masked language modelling on still images.

    Section "Pre-training" of the paper: COCO and Visual Genome captions, two
    captions per image, and with probability 0.5 the caption of another image
    in the place of each. With ``num_negatives > 0`` every caption is kept and
    followed by negatives instead, as in retrieval. Videos with captions do as
    well as images.

    In testing (validation of the two losses) the items have texts too; they
    are those of epoch 0.

    Args:
        ann_file (str): JSON lines ``{"coco_id": 1, "caption": "..."}`` (the
            image is named ``coco/1``), ``{"vg_id": 1, "caption": "..."}``
            (``vg/1``), or any other file of :func:`read_captions`.
        pipeline (list): The transforms, with ``LoadImageClip`` for images.
        data_root (str): Root of ``ann_file`` and ``data_prefix``. Defaults to
            ``''``.
        data_prefix (dict, optional): Folder of the images, or
            ``dict(video=...)`` of videos. Defaults to None, ``dict(img='')``.
        media_suffix (str, optional): Appended to names without a suffix; None
            looks for files with the stem of a name. Defaults to ``'.jpg'``.
        media_names (dict, optional): How the image of a ``coco_id`` and of a
            ``vg_id`` is named, e.g. ``dict(coco='train2014/{:012d}')``.
            Defaults to None, ``dict(coco='coco/{}', vg='vg/{}')``.
        group_size (int): Captions per image and item; the reference has 2.
            Defaults to 1.
        negative_prob (float): Probability that a caption is replaced by a
            negative, if ``num_negatives`` is 0. Defaults to 0.5.
        num_negatives (int): Negatives that follow each caption. Defaults to
            0.
        num_hard_negatives (int): How many of them are hard. Defaults to 0.
        hard_negatives (str): ``'word_overlap'``, or the path of JSON lines
            ``{"sen_id": .., "negatives": [sen_id, ..]}``. Defaults to
            ``'word_overlap'``.
        test_mode (bool): Whether this is for validation or testing. Defaults
            to False.
        max_bad_share (float): Training stops when a larger share of the
            images cannot be read. Defaults to 0.1.
        max_refetch (int): Most samples tried in the place of a bad one.
            Defaults to 1000.
        lazy_init (bool): Read the annotations at the first use. Defaults to
            False.
        indices (int | Sequence[int], optional): Use only these images (or the
            first so many, or the last if negative) and their captions.
            Defaults to None, all.
        serialize_data (bool): Keep the items in one buffer that workers
            share. Defaults to True.

    Raises:
        ValueError: If an argument is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.

    Example:
        >>> dataset = ImageTextPretrain('coco_vg/train.jsonl', pipeline=[],
        ...                             data_prefix=dict(img='images'))
        >>> len(dataset.get_data_info((0, 3, 0))['texts'])
        2
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        data_root: str = '',
        data_prefix: dict | None = None,
        media_suffix: str | None = '.jpg',
        media_names: Mapping[str, str] | None = None,
        group_size: int = 1,
        negative_prob: float = 0.5,
        num_negatives: int = 0,
        num_hard_negatives: int = 0,
        hard_negatives: str = 'word_overlap',
        test_mode: bool = False,
        max_bad_share: float = 0.1,
        max_refetch: int = 1000,
        lazy_init: bool = False,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
    ) -> None:
        if not 0 <= negative_prob <= 1:
            raise ValueError(
                'negative_prob must be between 0 and 1, but got '
                f'{negative_prob}.'
            )
        self.negative_prob = negative_prob
        _check_media_names(media_names or {})
        self.media_names = {**MEDIA_NAMES, **(media_names or {})}
        super().__init__(
            ann_file,
            pipeline=pipeline,
            media_keys=('img', 'video'),
            data_root=data_root,
            data_prefix=dict(img='') if data_prefix is None else data_prefix,
            media_suffix=media_suffix,
            group_size=group_size,
            num_negatives=num_negatives,
            num_hard_negatives=num_hard_negatives,
            hard_negatives=hard_negatives,
            test_mode=test_mode,
            max_bad_share=max_bad_share,
            max_refetch=max_refetch,
            lazy_init=lazy_init,
            indices=indices,
            serialize_data=serialize_data,
        )

    def _read_captions(self) -> list[Caption]:
        return read_captions(self.ann_file, self.media_names)

    def _without_media(self, info: dict, error: Exception) -> dict:
        """The losses of a validation are of all media, or none."""
        raise error

    def _draw_texts(
        self, group: list[int], rng: np.random.Generator
    ) -> tuple[list[int], list[int]]:
        """Replace captions by negatives, or let negatives follow them."""
        if self.num_negatives:
            return super()._draw_texts(group, rng)
        rows, labels = [], []
        for row in group:
            is_negative = rng.random() < self.negative_prob
            rows.append(
                self.negatives.draw(row, rng)[0] if is_negative else row
            )
            labels.append(int(not is_negative))
        return rows, labels


def _check_media_names(media_names: Mapping[str, str]) -> None:
    unknown = sorted(set(media_names) - set(MEDIA_NAMES))
    if unknown:
        raise ValueError(
            f'media_names must have the keys {list(MEDIA_NAMES)}'
            f', but got {unknown}.'
        )
    for key, name in media_names.items():
        try:
            is_valid = name.format(1) != name.format(2)
        except (ValueError, LookupError):
            is_valid = False
        if not is_valid:
            raise ValueError(
                f"media_names['{key}'] must be a name with one place for the "
                f"{key}_id, such as '{MEDIA_NAMES[key]}', but got {name!r}."
            )
