# Copyright (c) clipbert_mm contributors.
"""Make frames square, as the image processors of transformers do."""

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from PIL import Image

from clipbert_mm.utils.checks import check_choice, check_integer

FITS = ('stretch', 'crop')


@TRANSFORMS.register_module()
class ResizeSquare(BaseTransform):
    """Resize frames to squares, with Pillow's bicubic filter.

    It averages over the pixels that become one, which OpenCV's does not, and
    is what image-text models were trained with: the result is that of their
    image processors.

    Required Keys:

        - imgs (list[np.ndarray]): each ``(H, W, 3)``, uint8

    Modified Keys:

        - imgs (list[np.ndarray]): each ``(size, size, 3)``, uint8
        - img_shape (tuple[int, int]): ``(size, size)``

    Args:
        size (int): Side of the square in pixels.
        fit (str): ``'stretch'``: the aspect ratio is lost (BLIP, SigLIP);
            ``'crop'``: the shorter side becomes ``size``, and the middle is
            kept (CLIP). Defaults to ``'stretch'``.

    Raises:
        ValueError: If an option is out of range.

    Example:
        >>> frames = [np.zeros((240, 320, 3), np.uint8)]
        >>> ResizeSquare(64, 'crop')(dict(imgs=frames))['imgs'][0].shape
        (64, 64, 3)
    """

    def __init__(self, size: int, fit: str = 'stretch') -> None:
        check_integer('size', size, 1)
        check_choice('fit', fit, FITS)
        self.size = size
        self.fit = fit

    def transform(self, results: dict) -> dict:
        """Resize ``imgs``.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        results['imgs'] = [self._resize(img) for img in results['imgs']]
        results['img_shape'] = (self.size, self.size)
        return results

    def _resize(self, img: np.ndarray) -> np.ndarray:
        height, width = img.shape[:2]
        if self.fit == 'stretch':
            height = width = self.size
        else:
            shorter = min(height, width)
            height = self.size * height // shorter
            width = self.size * width // shorter
        resized = np.asarray(
            Image.fromarray(img).resize(
                (width, height), Image.Resampling.BICUBIC
            )
        )
        top, left = (height - self.size) // 2, (width - self.size) // 2
        return resized[top : top + self.size, left : left + self.size]

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(size={self.size}, fit={self.fit!r})'
