# Copyright (c) clipbert_mm contributors.
"""Arrange the frames of an item into clips."""

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.datasets.clip_buffer import common_buffer


@TRANSFORMS.register_module()
class FormatClips(BaseTransform):
    """Arrange frames as ``(num_clips, 3, T, H, W)`` without copying them.

    The memory layout stays channels-last, as decoded, which is how the CNN
    reads it. Frames that lie in one array, as :class:`ResizeLongSide` and
    :class:`PadFrames` leave them, are not copied. MMAction2's
    ``FormatShape(input_format='NCTHW')`` gives the same values, but stacks
    the frames and then copies them a second time, channels first.

    Required Keys:

        - imgs (list[np.ndarray]): each ``(H, W, 3)``, clip after clip
        - num_clips (int)
        - clip_len (int)

    Modified Keys:

        - imgs (np.ndarray): shape ``(num_clips, 3, T, H, W)``, a view of
          memory in the order ``(num_clips, T, H, W, 3)``

    Added Keys:

        - input_shape (tuple[int, ...]): shape of ``imgs``

    Raises:
        ValueError: If the number of frames does not match the clips, or
            frames differ in shape.

    Example:
        >>> item = dict(imgs=list(np.zeros((4, 64, 64, 3), np.uint8)),
        ...             num_clips=2, clip_len=2)
        >>> FormatClips()(item)['imgs'].shape
        (2, 3, 2, 64, 64)
    """

    def transform(self, results: dict) -> dict:
        """Arrange ``imgs``.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        imgs = results['imgs']
        clips = (results['num_clips'], results['clip_len'])
        if len(imgs) != clips[0] * clips[1]:
            raise ValueError(
                f'FormatClips needs num_clips x clip_len = {clips[0]} x '
                f'{clips[1]} frames, but got {len(imgs)}. Put it after the '
                'steps that sample and decode.'
            )
        shapes = sorted({img.shape for img in imgs})
        if len(shapes) > 1:
            raise ValueError(
                'FormatClips needs frames of one shape, but got '
                f'{shapes}. Put PadFrames before it.'
            )
        frames = common_buffer(imgs)
        if frames is None or frames.shape[1:] != shapes[0]:
            frames = np.stack(imgs)
        results['imgs'] = frames.reshape(*clips, *shapes[0]).transpose(
            0, 4, 1, 2, 3
        )
        results['input_shape'] = results['imgs'].shape
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}()'
