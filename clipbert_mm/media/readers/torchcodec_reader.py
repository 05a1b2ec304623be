# Copyright (c) clipbert_mm contributors.
"""Read frames of a video with torchcodec."""

import io
from typing import Any, BinaryIO

import av
import numpy as np
from torchcodec.decoders import VideoDecoder
from torchcodec.transforms import Resize

from clipbert_mm.media.containers import open_container, video_stream
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.packet_index import PacketIndex, read_packet_index
from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader


class TorchcodecReader(VideoReader):
    """Frames of a video, decoded by torchcodec.

    torchcodec knows when frames are shown only after decoding them. PyAV
    reads it from the packets instead, because the clip sampler asks for all
    frames.

    Args:
        file (BinaryIO): Open file; it is read into memory.
        filename (str): Name of the file, for errors.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1.
        decode_size (int | None): Length of the longer side in pixels, to
            which torchcodec scales, with antialiasing. Defaults to None, the
            size of the file.

    Raises:
        MediaError: If it is not a video that torchcodec can open.

    Example:
        >>> reader = TorchcodecReader(
        ...     open('a.mp4', 'rb'), 'a.mp4')  # doctest: +SKIP
        >>> reader.get_batch([0, 24]).asnumpy().shape  # doctest: +SKIP
        (2, 240, 320, 3)
    """

    def __init__(
        self,
        file: BinaryIO,
        filename: str,
        num_threads: int = 1,
        decode_size: int | None = None,
    ) -> None:
        self._filename = filename
        with file:
            content = file.read()
        try:
            self._index, stream = self._read_index(content)
            self._decoder: Any = self._open(
                content, stream, num_threads, decode_size
            )
        except (av.error.FFmpegError, RuntimeError, ValueError) as error:
            raise self._error(error) from error
        if len(self._decoder) != len(self):
            raise MediaError(
                filename,
                f'torchcodec finds {len(self._decoder)} frames, but PyAV '
                f'{len(self)}; use another decoder',
            )

    def __len__(self) -> int:
        return len(self._index.stamps)

    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second."""
        return self._index.fps

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        return self._index.timestamps(np.asarray(indices))

    def get_batch(self, indices: Indices) -> FrameBatch:
        """Decode frames; torchcodec itself sorts and deduplicates."""
        try:
            frames = self._decoder.get_frames_at([int(i) for i in indices])
        except (RuntimeError, IndexError) as error:
            raise self._error(error) from error
        return FrameBatch(frames.data.numpy())

    def close(self) -> None:
        """Release the decoder."""
        self._decoder = None

    @staticmethod
    def _read_index(content: bytes) -> tuple[PacketIndex, int]:
        with open_container(io.BytesIO(content)) as container:
            stream = video_stream(container)
            return read_packet_index(container, stream), stream.index

    @staticmethod
    def _open(
        content: bytes,
        stream: int,
        num_threads: int,
        decode_size: int | None,
    ) -> VideoDecoder:
        options: dict[str, Any] = dict(
            dimension_order='NHWC',
            num_ffmpeg_threads=num_threads,
            stream_index=stream,
        )
        if decode_size is not None:
            # Reads only the header, for the size of the frames.
            header: Any = VideoDecoder(
                content, stream_index=stream, seek_mode='approximate'
            ).metadata
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
