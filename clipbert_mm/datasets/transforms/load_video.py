# Copyright (c) clipbert_mm contributors.
"""Open a video file, a GIF too, from a disk or a database."""
import io
from typing import Optional, Union

import decord
from mmaction.datasets.transforms import DecordInit
from mmaction.registry import TRANSFORMS

from ..media_error import MediaError
from ..media_reading import read_media
from .gif_reader import DECODING_ERRORS, GifReader


@TRANSFORMS.register_module()
class LoadVideo(DecordInit):
    """Open a video for ``DecordDecode``.

    For video files on a disk MMAction2's ``DecordInit`` does as well. It does
    not do for an LMDB whose keys are the stems of files: it looks for a name
    without a suffix under ``<name>.mp4``; a missing key becomes "Error
    reading 0 bytes"; and once it has read, it cannot be handed to spawned
    workers. Nor does it read GIFs, because decord does not.

    Required Keys:

        - filename (str)

    Added Keys:

        - video_reader
        - total_frames (int)
        - avg_fps (float)

    Args:
        backend_args (dict, optional): Where MMEngine reads files from, e.g.
            ``dict(backend='lmdb', db_path='videos.lmdb')``, whose keys are
            the stems of the files. Defaults to None, the local disk.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1.

    Raises:
        MediaError: If there is no such key, the file is empty, or a GIF is
            damaged.
        OSError: If the file cannot be read.

    Example:
        >>> load = LoadVideo(dict(backend='lmdb', db_path='videos.lmdb'))
        >>> load(dict(filename='videos/video0.mp4'))['total_frames']
        250
    """

    def __init__(self,
                 backend_args: Optional[dict] = None,
                 num_threads: int = 1) -> None:
        super().__init__(num_threads=num_threads)
        self.backend_args = backend_args

    def _get_video_reader(
            self, filename: str) -> Union[decord.VideoReader, GifReader]:
        content = read_media(filename, self.backend_args)
        if bytes(content[:4]) != b'GIF8':
            return decord.VideoReader(
                io.BytesIO(content), num_threads=self.num_threads)
        try:
            return GifReader(content)
        except DECODING_ERRORS as error:
            raise MediaError(
                filename, f'this GIF cannot be decoded: {error}') from error

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(backend_args={self.backend_args}, '
                f'num_threads={self.num_threads})')
