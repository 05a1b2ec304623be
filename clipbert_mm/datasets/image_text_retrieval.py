# Copyright (c) clipbert_mm contributors.
"""Dataset of images with captions, for retrieval in both directions."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from mmaction.registry import DATASETS
from typing_extensions import Unpack

from .base_text_dataset import TextDatasetOptions
from .video_text_retrieval import VideoTextRetrieval


@DATASETS.register_module()
class ImageTextRetrieval(VideoTextRetrieval):
    """Images with captions, for image-text retrieval on COCO or Flickr30k.

    An item is that of :class:`VideoTextRetrieval`, with an image as a video
    of one frame. Of the metrics, ``t2v`` is image retrieval and ``v2t`` text
    retrieval, in which the best of an image's captions counts.

    Args:
        ann_file (str): JSON lines, see :func:`read_captions`.
        pipeline (list[dict | Callable]): Transforms, with ``LoadImageClip``.
        negatives (Mapping[str, Any] | None): Negatives of each caption in
            training; see :class:`NegativeOptions`. Defaults to None, one
            random caption.
        tokenize (dict | None): Config of the tokenisation of the captions,
            for testing. Defaults to None.
        **options (Unpack[TextDatasetOptions]): Options of
            :class:`BaseTextDataset`. ``data_prefix`` defaults to
            ``dict(img='')`` and ``media_suffix`` to ``'.jpg'``.

    Raises:
        TypeError: If an option is unknown.
        ValueError: If an option is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.

    Example:
        >>> dataset = ImageTextRetrieval(
        ...     'flickr30k/train.jsonl', pipeline=[],
        ...     data_prefix=dict(img='images'))  # doctest: +SKIP
    """

    media_keys: ClassVar[tuple[str, ...]] = ('img',)

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        *,
        negatives: Mapping[str, Any] | None = None,
        tokenize: dict | None = None,
        **options: Unpack[TextDatasetOptions],
    ) -> None:
        options.setdefault('media_suffix', '.jpg')
        super().__init__(
            ann_file,
            pipeline,
            negatives=negatives,
            tokenize=tokenize,
            **options,
        )
