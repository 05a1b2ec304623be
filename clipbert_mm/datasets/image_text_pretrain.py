# Copyright (c) clipbert_mm contributors.
"""Dataset of images with captions, for image-text pretraining."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from mmaction.registry import DATASETS
from typing_extensions import Unpack

from clipbert_mm.annotations.captions import (
    MEDIA_NAMES,
    Caption,
    read_captions,
)
from clipbert_mm.utils.checks import check_fraction

from .base_caption_dataset import BaseCaptionDataset
from .base_text_dataset import TextDatasetOptions
from .option_groups import NegativeOptions, read_group


@DATASETS.register_module()
class ImageTextPretrain(BaseCaptionDataset):
    """Image-text matching and masked language modelling on still images.

    Section "Pre-training" of the paper: COCO and Visual Genome captions, two
    captions per image, each replaced by the caption of another image with
    probability 0.5. With ``negatives=dict(number=...)`` every caption is kept
    and followed by negatives instead, as in retrieval. Videos with captions
    work as well as images.

    In testing (validation of the two losses) the items have texts too, those
    of epoch 0.

    Args:
        ann_file (str): JSON lines ``{"coco_id": 1, "caption": "..."}`` (the
            image is named ``coco/1``), ``{"vg_id": 1, "caption": "..."}``
            (``vg/1``), or any other file of :func:`read_captions`.
        pipeline (list[dict | Callable]): Transforms, with ``LoadImageClip``
            for images.
        media_names (Mapping[str, str] | None): Name templates of the image of
            a ``coco_id`` and of a ``vg_id``, for example
            ``dict(coco='train2014/{:012d}')``. Defaults to None,
            ``dict(coco='coco/{}', vg='vg/{}')``.
        negative_prob (float): Probability that a caption is replaced by a
            negative, if ``negatives.number`` is 0. Defaults to 0.5.
        negatives (Mapping[str, Any] | None): Negatives that follow each
            caption; see :class:`NegativeOptions`. Defaults to None, none.
        **options (Unpack[TextDatasetOptions]): Options of
            :class:`BaseTextDataset`. ``data_prefix`` defaults to
            ``dict(img='')`` and takes ``dict(video=...)`` as well;
            ``media_suffix`` defaults to ``'.jpg'``. ``group_size`` of the
            reference is 2.

    Raises:
        TypeError: If an option is unknown.
        ValueError: If an option is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.

    Example:
        >>> dataset = ImageTextPretrain(
        ...     'coco_vg/train.jsonl', pipeline=[], group_size=2,
        ...     data_prefix=dict(img='images'))  # doctest: +SKIP
        >>> len(dataset.get_data_info(0)['texts'])  # doctest: +SKIP
        2
    """

    media_keys: ClassVar[tuple[str, ...]] = ('img', 'video')

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        *,
        media_names: Mapping[str, str] | None = None,
        negative_prob: float = 0.5,
        negatives: Mapping[str, Any] | None = None,
        **options: Unpack[TextDatasetOptions],
    ) -> None:
        check_fraction('negative_prob', negative_prob)
        self.negative_prob = negative_prob
        _check_media_names(media_names or {})
        self.media_names = {**MEDIA_NAMES, **(media_names or {})}
        options.setdefault('media_suffix', '.jpg')
        super().__init__(
            ann_file,
            pipeline,
            negatives=read_group(
                NegativeOptions,
                'negatives',
                {'number': 0, **(negatives or {})},
            ),
            **options,
        )

    def _read_captions(self) -> list[Caption]:
        return read_captions(self.ann_file, self.media_names)

    def _without_media(self, info: dict, error: Exception) -> dict:
        """Raise: validation losses are of all media, or none."""
        raise error

    def _draw_texts(
        self, group: list[int], rng: np.random.Generator
    ) -> tuple[list[int], list[int]]:
        """Replace captions by negatives, or append negatives to them."""
        if self.negatives.number:
            return super()._draw_texts(group, rng)
        rows, labels = [], []
        for row in group:
            is_negative = rng.random() < self.negative_prob
            rows.append(
                self.negative_sampler.draw(row, rng)[0] if is_negative else row
            )
            labels.append(int(not is_negative))
        return rows, labels


def _check_media_names(media_names: Mapping[str, str]) -> None:
    unknown = sorted(set(media_names) - set(MEDIA_NAMES))
    if unknown:
        raise ValueError(
            f'media_names must have keys among {list(MEDIA_NAMES)}, '
            f'but got {unknown}.'
        )
    for key, name in media_names.items():
        try:
            is_valid = name.format(1) != name.format(2)
        except (ValueError, LookupError):
            is_valid = False
        if not is_valid:
            raise ValueError(
                f"media_names['{key}'] must have one placeholder for the "
                f"{key}_id, such as '{MEDIA_NAMES[key]}', but got {name!r}."
            )
