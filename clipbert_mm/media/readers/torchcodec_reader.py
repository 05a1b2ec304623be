# Copyright (c) clipbert_mm contributors.
"""Read frames of a video with torchcodec."""

import io
from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from torchcodec.decoders import VideoDecoder
from torchcodec.transforms import Resize

from clipbert_mm.datasets.transforms.resize_long_side import long_side_shape
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.packet_index import PacketIndex, read_packet_index

from .forward_reader import FrameBatch


class TorchcodecReader:
    """The frames of a video by torchcodec, with decord's methods.

    torchcodec tells when frames are shown only once it has decoded them, so
    PyAV reads that from the packets: the sampler wants it for all frames.

    Args:
        content (bytes): The file.
        filename (str): Its name, for errors.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1.
        decode_size (int, optional): Length of the longer side, to which
            torchcodec scales, with antialiasing. Defaults to None, the size
            of the file.

    Raises:
        MediaError: If it is no video.

    Example:
        >>> reader = TorchcodecReader(Path('a.mp4').read_bytes(), 'a.mp4')
        >>> reader.get_batch([0, 24]).asnumpy().shape
        (2, 240, 320, 3)
    """

    def __init__(
        self,
        content: bytes,
        filename: str,
        num_threads: int = 1,
        decode_size: int | None = None,
    ) -> None:
        self._filename = filename
        try:
            self._index = self._read_index(content)
            self._decoder = self._open(content, num_threads, decode_size)
        except (av.error.FFmpegError, RuntimeError, ValueError) as error:
            raise self._error(error) from error
        if len(self._decoder) != len(self):
            raise MediaError(
                filename,
                f'torchcodec finds {len(self._decoder)} frames, and '
                f'PyAV {len(self)}; read it with another decoder',
            )

    def __len__(self) -> int:
        return len(self._index.stamps)

    def get_avg_fps(self) -> float:
        """Mean rate in frames per second."""
        return self._index.fps

    def get_frame_timestamp(self, indices: Sequence[int]) -> np.ndarray:
        """Start and end of frames in seconds, shape ``(len(indices), 2)``."""
        return self._index.timestamps(np.asarray(indices))

    def get_batch(self, indices: Sequence[int]) -> FrameBatch:
        """Some frames, RGB.

        Args:
            indices (Sequence[int]): 0-based, in any order.

        Returns:
            FrameBatch: One frame for each index, in their order.

        Raises:
            MediaError: If one cannot be decoded.
        """
        try:
            frames = self._decoder.get_frames_at([int(i) for i in indices])
        except (RuntimeError, IndexError) as error:
            raise self._error(error) from error
        return FrameBatch(frames.data.numpy())

    @staticmethod
    def _read_index(content: bytes) -> PacketIndex:
        with av.open(io.BytesIO(content)) as container:
            if not container.streams.video:
                raise ValueError('it has no video stream')
            return read_packet_index(container, container.streams.video[0])

    @staticmethod
    def _open(
        content: bytes, num_threads: int, decode_size: int | None
    ) -> VideoDecoder:
        options: dict[str, Any] = dict(
            dimension_order='NHWC', num_ffmpeg_threads=num_threads
        )
        if decode_size is not None:
            # Reads the header alone, for the size of the frames.
            header = VideoDecoder(content, seek_mode='approximate').metadata
            options['transforms'] = [
                Resize(
                    long_side_shape(header.height, header.width, decode_size)
                )
            ]
        return VideoDecoder(content, **options)

    def _error(self, error: Exception) -> MediaError:
        return MediaError(
            self._filename, f'torchcodec cannot decode it: {error}'
        )
