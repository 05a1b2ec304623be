# Copyright (c) clipbert_mm contributors.
"""Pad frames with zeros to a square."""

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.datasets.clip_buffer import common_buffer, square_buffer
from clipbert_mm.utils.checks import check_integer


@TRANSFORMS.register_module()
class PadFrames(BaseTransform):
    """Pad every frame with zeros at the bottom and right to a square.

    As in the reference (at a118b02), this comes before the mean is
    subtracted, so padded pixels become minus the mean. MMAction2 has no
    padding for ``imgs``, and its data preprocessor pads after normalising.
    All frames become one array; those of :class:`ResizeLongSide` already lie
    in such an array and are not copied.

    Required Keys:

        - imgs (list[np.ndarray]): each ``(H, W, 3)``, uint8 or float32

    Modified Keys:

        - imgs (list[np.ndarray]): each ``(size, size, 3)``, same dtype
        - img_shape (tuple[int, int]): ``(size, size)``

    Args:
        size (int): Side of the square in pixels, the paper's L.

    Raises:
        ValueError: If ``size`` is not an integer >= 1, or a frame is larger.

    Example:
        >>> frames = [np.ones((48, 64, 3), np.uint8)]
        >>> PadFrames(64)(dict(imgs=frames))['imgs'][0].shape
        (64, 64, 3)
    """

    def __init__(self, size: int) -> None:
        check_integer('size', size, 1)
        self.size = size

    def transform(self, results: dict) -> dict:
        """Pad ``imgs``.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        imgs = results['imgs']
        for img in imgs:
            self._check(img)
        buffer = common_buffer(imgs)
        if buffer is None or buffer.shape[1:3] != (self.size, self.size):
            buffer = square_buffer(len(imgs), self.size, imgs[0].dtype)
            for img, target in zip(imgs, buffer):
                target[: img.shape[0], : img.shape[1]] = img
        for img, target in zip(imgs, buffer):
            target[img.shape[0] :] = 0
            target[: img.shape[0], img.shape[1] :] = 0
        results['imgs'] = list(buffer)
        results['img_shape'] = (self.size, self.size)
        return results

    def _check(self, img: np.ndarray) -> None:
        height, width = img.shape[:2]
        if max(height, width) > self.size:
            raise ValueError(
                f'PadFrames needs frames of at most {self.size}x{self.size} '
                f'pixels, but got {width}x{height} (width x height). Put '
                f'ResizeLongSide(size={self.size}) before it.'
            )

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(size={self.size})'
