# Copyright (c) clipbert_mm contributors.
"""Cut a moment out of a video, without encoding it again where possible."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from clipbert_mm.utils.whole_files import whole_file

from .containers import open_source, packets_of, reason_of, video_stream
from .errors import MediaError
from .frame_size import fitted_size
from .opening import open_video, read_image
from .reading import is_image
from .timestamps import has_constant_rate
from .video_reader import VideoReader

COPIED, ENCODED = 'copied', 'encoded'
#: Codecs that players expect in an mp4.
_COPYABLE = ('h264', 'hevc', 'av1', 'vp9', 'mpeg4')
_LONGEST_SIDE = 8192  # of what x264 encodes
_CHUNK = 8  # frames decoded at a time
_TICK = Fraction(1, 90_000)


def cut_moment(
    source: Path,
    target: Path,
    start: float,
    end: float,
    overwrite: bool = False,
) -> str:
    """Write the frames from ``start`` to ``end`` as an mp4 without sound.

    Frames of common codecs are copied, from the key frame before the start.
    An edit list then makes players begin at the start. All others are
    encoded again, as h264: GIFs, images, and codecs that an mp4 does not
    hold.

    Args:
        source (Path): Video, GIF or image.
        target (Path): File to write.
        start (float): Start in seconds.
        end (float): End in seconds.
        overwrite (bool): Replace an existing target. Defaults to False.

    Returns:
        str: ``'copied'`` or ``'encoded'``.

    Raises:
        FileExistsError: If the target exists and may not be replaced.
        MediaError: If the source is unreadable.
        OSError: If a file cannot be read or written.

    Example:
        >>> cut_moment(Path('a.mp4'), Path('b.mp4'), 3.5, 4.5)
        ... # doctest: +SKIP
        'copied'
    """
    if not overwrite and (target.exists() or target.is_symlink()):
        raise FileExistsError(
            f'{str(target)!r} exists. Choose another folder.'
        )
    with whole_file(target) as partial:
        if is_image(source) or not _copy(source, partial, start, end):
            _encode(source, partial, start, end)
            return ENCODED
    return COPIED


def _copy(source: Path, target: Path, start: float, end: float) -> bool:
    """Copy packets; return whether that was possible."""
    try:
        with open_source(source) as container:
            stream = video_stream(container)
            if (
                stream.codec_context.name not in _COPYABLE
                or not stream.time_base
            ):
                return False
            packets = _packets(container, stream, start, end)
            if not packets:
                return False
            offset = round((start + _origin(stream)) / stream.time_base)
            with av.open(str(target), 'w', format='mp4') as output:
                copy = output.add_stream_from_template(stream)
                for packet in packets:
                    assert packet.pts is not None and packet.dts is not None
                    packet.pts -= offset
                    packet.dts -= offset
                    packet.stream = copy
                    output.mux(packet)
    except (av.error.FFmpegError, MediaError, ValueError):
        return False  # what is wrong with it is said when it is decoded
    return True


def _origin(stream: av.video.stream.VideoStream) -> float:
    """Return the time stamp of the first frame in seconds."""
    return float((stream.start_time or 0) * (stream.time_base or 0))


def _packets(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    start: float,
    end: float,
) -> list[av.Packet]:
    """Return the packets from the key frame before the start to the end."""
    base = float(stream.time_base or 1)
    first = (start + _origin(stream)) / base
    last = (end + _origin(stream)) / base
    container.seek(int(first), backward=True, stream=stream)
    found: list[av.Packet] = []
    for packet in packets_of(container, stream):
        if packet.pts is None or packet.dts is None or packet.is_corrupt:
            if packet.size:
                return []  # without time stamps, or damaged
            break
        if packet.dts >= last:
            break
        found.append(packet)
    if not found or not found[0].is_keyframe:
        return []
    stamps = [packet.pts or 0 for packet in found]
    shown = [p + (q.duration or 1) > first for p, q in zip(stamps, found)]
    return found if stamps[0] <= first + 1 and any(shown) else []


def _encode(source: Path, target: Path, start: float, end: float) -> None:
    """Decode frames and encode them as h264."""
    if is_image(source):
        _write(target, iter([(0, read_image(source))]), Fraction(1))
        return
    with open_video(source) as reader:
        stamps = np.asarray(reader.get_frame_timestamp(np.arange(len(reader))))
        shown = (stamps[:, 1] > start) & (stamps[:, 0] < end)
        inds = np.flatnonzero(shown)
        if not len(inds):
            raise MediaError(
                str(source), f'it shows nothing from {start} to {end} s'
            )
        rate = Fraction(reader.get_avg_fps()).limit_denominator(1001)
        regular = has_constant_rate(stamps[:, 0])
        times = (
            np.arange(len(inds)) / float(rate)
            if regular
            else stamps[inds, 0] - stamps[inds[0], 0]
        )
        ticks = np.round(times / float(_TICK)).astype(np.int64).tolist()
        _write(target, zip(ticks, _frames(reader, inds)), rate)


def _frames(reader: VideoReader, inds: np.ndarray) -> Iterator[np.ndarray]:
    for begin in range(0, len(inds), _CHUNK):
        yield from reader.get_batch(inds[begin : begin + _CHUNK]).asnumpy()


def _write(
    target: Path,
    frames: Iterator[tuple[int, np.ndarray]],
    rate: Fraction,
) -> None:
    stream = None
    try:
        with av.open(str(target), 'w', format='mp4') as output:
            for stamp, pixels in frames:
                frame = av.VideoFrame.from_ndarray(
                    np.ascontiguousarray(pixels), format='rgb24'
                )
                if stream is None:
                    stream = output.add_stream('libx264', rate=rate)
                    stream.width, stream.height = fitted_size(
                        frame.width, frame.height, _LONGEST_SIDE
                    )
                    stream.pix_fmt = 'yuv420p'
                    stream.codec_context.time_base = _TICK
                frame.pts, frame.time_base = stamp, _TICK
                output.mux(stream.encode(frame))
            assert stream is not None
            output.mux(stream.encode())
    except av.error.FFmpegError as error:
        raise MediaError(
            str(target), f'FFmpeg cannot write it: {reason_of(error)}'
        ) from error
