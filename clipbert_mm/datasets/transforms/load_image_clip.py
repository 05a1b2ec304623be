# Copyright (c) clipbert_mm contributors.
"""Read a still image as one clip of one frame."""

import cv2
import mmcv
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.reading import read_media


@TRANSFORMS.register_module()
class LoadImageClip(BaseTransform):
    """Read an image file as a video of one clip with one frame.

    It stands in for the three decoding steps of a video, so that image-text
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
        backend_args (dict, optional): Where MMEngine reads files from, e.g.
            ``dict(backend='lmdb', db_path='images.lmdb')``, whose keys are
            the stems of the files. Defaults to None, the local disk.

    Raises:
        MediaError: If there is no such key, or the file is empty or no image.
        OSError: If the file cannot be read.

    Example:
        >>> LoadImageClip()(dict(filename='a.jpg'))['imgs'][0].shape
        (480, 640, 3)
    """

    def __init__(self, backend_args: dict | None = None) -> None:
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Read the image.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        content = read_media(results['filename'], self.backend_args)
        try:
            img = mmcv.imfrombytes(content, channel_order='rgb')
        except cv2.error as error:
            raise MediaError(
                results['filename'], f'OpenCV cannot decode it: {error}'
            ) from error
        if img is None:
            raise MediaError(
                results['filename'],
                'it is not an image that OpenCV can decode',
            )
        results['imgs'] = [img]
        results['num_clips'] = 1
        results['clip_len'] = 1
        results['original_shape'] = img.shape[:2]
        results['img_shape'] = img.shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(backend_args={self.backend_args})'
