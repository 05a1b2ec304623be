# Copyright (c) clipbert_mm contributors.
"""Read frames of a video with torchcodec."""

from typing import Any, BinaryIO

import av
import numpy as np
from torchcodec.decoders import VideoDecoder
from torchcodec.transforms import Resize

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.options import DEFAULTS, ReadOptions
from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader

from .packets import read_packets
from .torchcodec_limits import torchcodec_refusal


class TorchcodecReader(VideoReader):
    """Frames of a video, decoded by torchcodec.

    torchcodec knows when frames are shown only after decoding them. PyAV
    reads it from the packets instead, because the clip sampler asks for all
    frames. A video is refused if its packets have a form of which torchcodec
    shows other frames than it is asked for.

    Args:
        file (BinaryIO): Open file, read by seeking; the reader closes it.
        filename (str): Name of the file, for errors.
        options (ReadOptions): How it is read. torchcodec scales to
            ``decode_size`` with antialiasing. Its own FFmpeg cannot be asked
            about damage; only that of the container is found.

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
        options: ReadOptions = DEFAULTS,
    ) -> None:
        self._filename = filename
        self._file = file
        try:
            with read_packets(file, filename, options) as packets:
                self._index, stream = packets[2], packets[1].index
                refusal = torchcodec_refusal(*packets)
            if refusal:
                raise MediaError(filename, f"{refusal}; set decoder='pyav'")
            self._decoder: Any = self._open(file, stream, options)
        except MediaError:
            raise
        except (av.error.FFmpegError, RuntimeError, ValueError) as error:
            raise self._error(error) from error
        if len(self._decoder) != len(self):
            raise MediaError(
                filename,
                f'torchcodec finds {len(self._decoder)} frames, but PyAV '
                f"{len(self)}; set decoder='pyav'",
            )

    def __len__(self) -> int:
        return len(self._index.stamps)

    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second."""
        return self._index.fps

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        return self._index.timestamps(np.asarray(indices))

    def get_key_indices(self) -> np.ndarray:
        """Return the key frames."""
        return self._index.key_frames()

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
        self._file.close()

    @staticmethod
    def _open(file: Any, stream: int, options: ReadOptions) -> VideoDecoder:
        arguments: dict[str, Any] = dict(
            dimension_order='NHWC',
            num_ffmpeg_threads=options.num_threads,
            stream_index=stream,
        )
        if options.decode_size is not None:
            # Reads only the header, for the size of the frames.
            file.seek(0)
            header: Any = VideoDecoder(
                file, stream_index=stream, seek_mode='approximate'
            ).metadata
            arguments['transforms'] = [
                Resize(
                    long_side_shape(
                        header.height, header.width, options.decode_size
                    )
                )
            ]
        file.seek(0)
        return VideoDecoder(file, **arguments)

    def _error(self, error: Exception) -> MediaError:
        return MediaError(
            self._filename, f'torchcodec cannot decode it: {error}'
        )
