# Copyright (c) clipbert_mm contributors.
"""Resize frames so that their longer side has a given length."""

import cv2
import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.datasets.clip_buffer import square_buffer
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.utils.checks import check_integer


@TRANSFORMS.register_module()
class ResizeLongSide(BaseTransform):
    """Resize the longer side of all frames to ``size``, keeping the ratio.

    Bilinear without antialiasing, up as well as down, with the size rule of
    the reference (at a118b02), which MMAction2's ``Resize`` rounds
    differently. Frames are written where :class:`PadFrames` of the same size
    expects them, so that it need not move them.

    Required Keys:

        - filename (str)
        - imgs (list[np.ndarray]): each ``(H, W, 3)``, uint8 or float32

    Modified Keys:

        - imgs (list[np.ndarray]): each ``(H', W', 3)`` with
          ``max(H', W') == size``
        - img_shape (tuple[int, int]): ``(H', W')``

    Args:
        size (int): Length of the longer side in pixels, the paper's L.
        to_float32 (bool): Resize float32 copies, so that nothing is rounded
            to integer grey levels: the reference's numbers, at four times the
            memory. Defaults to False.
        max_aspect_ratio (float): Maximum ratio of the longer to the shorter
            side. Defaults to 5.0, as in the reference.

    Raises:
        ValueError: If an argument is out of range.
        MediaError: If the longer side is more than ``max_aspect_ratio`` times
            the shorter one.

    Example:
        >>> frames = [np.zeros((240, 320, 3), np.uint8)]
        >>> resize = ResizeLongSide(64)
        >>> resize(dict(filename='a.mp4', imgs=frames))['img_shape']
        (48, 64)
    """

    def __init__(
        self,
        size: int,
        to_float32: bool = False,
        max_aspect_ratio: float = 5.0,
    ) -> None:
        check_integer('size', size, 1)
        if not max_aspect_ratio >= 1:
            raise ValueError(
                f'max_aspect_ratio must be >= 1, but got {max_aspect_ratio}.'
            )
        self.size = size
        self.to_float32 = to_float32
        self.max_aspect_ratio = max_aspect_ratio

    def transform(self, results: dict) -> dict:
        """Resize ``imgs``.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        height, width = results['imgs'][0].shape[:2]
        if max(height, width) > self.max_aspect_ratio * min(height, width):
            raise MediaError(
                results['filename'],
                f'its frames of {width}x{height} pixels (width x height) '
                f'exceed max_aspect_ratio={self.max_aspect_ratio}',
            )
        new_height, new_width = long_side_shape(height, width, self.size)
        imgs = results['imgs']
        if self.to_float32:
            imgs = [img.astype(np.float32) for img in imgs]
        if (new_height, new_width) != (height, width):
            imgs = self._resize(imgs, new_height, new_width)
        results['imgs'] = imgs
        results['img_shape'] = (new_height, new_width)
        return results

    def _resize(
        self, imgs: list[np.ndarray], height: int, width: int
    ) -> list[np.ndarray]:
        buffer = square_buffer(len(imgs), self.size, imgs[0].dtype)
        resized = list(buffer[:, :height, :width])
        for img, target in zip(imgs, resized):
            cv2.resize(
                img,
                (width, height),
                dst=target,
                interpolation=cv2.INTER_LINEAR,
            )
        return resized

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(size={self.size}, '
            f'to_float32={self.to_float32}, '
            f'max_aspect_ratio={self.max_aspect_ratio})'
        )
