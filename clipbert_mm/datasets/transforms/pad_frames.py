# Copyright (c) clipbert_mm contributors.
"""Pad frames with zeros to a square."""

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from .clip_buffer import common_buffer, square_buffer


@TRANSFORMS.register_module()
class PadFrames(BaseTransform):
    """Pad every frame with zeros at the bottom and right to a square.

    As in the reference (at a118b02), this comes before the mean is
    subtracted, so padded pixels become minus the mean. MMAction2 has no
    padding for ``imgs``, and its data preprocessor pads after normalising.
    All frames become one array; those of :class:`ResizeLongSide` are in such
    an array already and stay where they are.

    Required Keys:

        - imgs (list[np.ndarray]): each ``(H, W, 3)``, uint8 or float32

    Modified Keys:

        - imgs (list[np.ndarray]): each ``(size, size, 3)``, same dtype
        - img_shape (tuple[int, int]): ``(size, size)``

    Args:
        size (int): Side of the square, the paper's L.

    Raises:
        ValueError: If ``size`` is below 1, or a frame is larger.

    Example:
        >>> frames = [np.ones((48, 64, 3), np.uint8)]
        >>> PadFrames(64)(dict(imgs=frames))['imgs'][0].shape
        (64, 64, 3)
    """

    def __init__(self, size: int) -> None:
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                f'size must be a whole number >= 1, but got {size!r}.'
            )
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
