# Copyright (c) clipbert_mm contributors.
"""Read a still image as one clip of one frame."""

from collections.abc import Sequence

from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.media.backends import check_backend
from clipbert_mm.media.background import check_background
from clipbert_mm.media.limits import IMAGE_LIMITS, read_limits
from clipbert_mm.media.opening import read_image


@TRANSFORMS.register_module()
class LoadImageClip(BaseTransform):
    """Read an image file as a video of one clip with one frame.

    It replaces the three decoding steps of a video, so that image-text
    pretraining and video tasks share the rest of the pipeline.

    Required Keys:

        - filename (str)

    Added Keys:

        - imgs (list[np.ndarray]): one ``(H, W, 3)``, uint8, RGB
        - num_clips (int): 1
        - clip_len (int): 1
        - original_shape (tuple[int, int]): ``(H, W)``
        - img_shape (tuple[int, int]): ``(H, W)``

    Args:
        backend_args (dict | None): Options of MMEngine's file backend,
            such as ``dict(backend='lmdb', db_path='images.lmdb')``, whose
            keys are the stems of the files. Defaults to None, the local disk.
        limits (dict | None): Limits above which a file is unreadable, such as
            ``dict(pixels=10**9)``; see
            :class:`~clipbert_mm.media.limits.MediaLimits`. Defaults to None:
            100 million pixels in 1 GiB.
        background (Sequence[int] | None): Red, green and blue in [0, 255],
            shown where the image is transparent. Defaults to None, what the
            file stores there, often black.

    Raises:
        TypeError: If a limit is unknown.
        ValueError: If a limit is not a positive integer, or ``background``
            is no colour.
        MediaError: If the file is empty or not an image, or the LMDB has no
            such key.
        OSError: If the file cannot be read.

    Example:
        >>> LoadImageClip()(dict(filename='a.jpg'))[
        ...     'imgs'][0].shape  # doctest: +SKIP
        (480, 640, 3)
    """

    def __init__(
        self,
        backend_args: dict | None = None,
        limits: dict | None = None,
        background: Sequence[int] | None = None,
    ) -> None:
        check_backend(backend_args)
        self.backend_args = backend_args
        self.limits = read_limits(limits, IMAGE_LIMITS)
        self.background = check_background('background', background)

    def transform(self, results: dict) -> dict:
        """Read the image.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        image = read_image(
            results['filename'],
            self.backend_args,
            self.limits,
            self.background,
        )
        results['imgs'] = [image]
        results['num_clips'] = 1
        results['clip_len'] = 1
        results['original_shape'] = image.shape[:2]
        results['img_shape'] = image.shape[:2]
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(backend_args={self.backend_args}, '
            f'limits={self.limits}, background={self.background})'
        )
