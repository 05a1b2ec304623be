# Copyright (c) clipbert_mm contributors.
"""Find out whether decord reads a video wrongly."""

from typing import BinaryIO, NamedTuple

import av
import numpy as np

from clipbert_mm.media.options import ReadOptions
from clipbert_mm.media.packet_index import PacketIndex
from clipbert_mm.media.sniffing import HEAD_BYTES

from .packets import read_packets

# Where decord finds the frames that it is asked for.
_CONTAINERS = ('mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm', 'avi')
_CODECS = ('h264', 'hevc', 'mpeg4', 'vp8', 'vp9', 'mjpeg')
_REORDERING_CODECS = ('h264', 'hevc')
# Marks of playlists, which decord's FFmpeg looks for in any file.
_MARKS = (b'<MPD', b'#EXTM3U', b'c=IN IP', b'ffconcat')


class CheckedVideo(NamedTuple):
    """Video that decord may read, as PyAV sees it.

    Args:
        packets (PacketIndex): Index of its frames.
        refusal (str): Why decord would read it wrongly; empty if it does
            not.
    """

    packets: PacketIndex
    refusal: str


def check_for_decord(
    file: BinaryIO, filename: str, options: ReadOptions
) -> CheckedVideo:
    """Read the packets of a video and look for forms that decord misreads.

    Args:
        file (BinaryIO): Open file.
        filename (str): Name of the file, for errors.
        options (ReadOptions): How it is read: ``on_damage='raise'`` also
            refuses damaged containers.

    Returns:
        CheckedVideo: Index of the frames, and the reason for a refusal.

    Raises:
        MediaError: If the container is damaged, or above a limit.
        av.error.FFmpegError: If FFmpeg cannot open it.
        ValueError: If it has no video stream.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    with read_packets(file, filename, options) as (container, stream, index):
        return CheckedVideo(index, _refusal(head, container, stream, index))


def _refusal(
    head: bytes,
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    index: PacketIndex,
) -> str:
    form, codec = container.format, stream.codec_context
    reorders = index.reordered or codec.has_b_frames
    in_order = codec.name in _REORDERING_CODECS and form.name != 'avi'
    problems = {
        f'decord cannot seek in {form.long_name}': (
            form.name not in _CONTAINERS
        ),
        f'decord does not decode {codec.name} reliably': (
            codec.name not in _CODECS or codec.pix_fmt == 'pal8'
        ),
        'decord takes its B-frames for their neighbours': (
            bool(reorders) and not in_order
        ),
        'decord cannot seek in its open groups of pictures': index.open_groups,
        'decord cannot decode its first frames': index.num_leading > 0,
        'decord shows another of its video streams': (
            container.streams.best('video') != stream
        ),
        'it holds text of a playlist': any(mark in head for mark in _MARKS),
    }
    return next((text for text, holds in problems.items() if holds), '')


def compare_frames(starts: np.ndarray, index: PacketIndex) -> str:
    """Compare the frames that decord finds with those of the packets.

    Args:
        starts (np.ndarray): Shape ``(T,)``, start of every frame in seconds,
            as decord reports it.
        index (PacketIndex): Index of the frames.

    Returns:
        str: Difference between the two; empty if there is none.

    Example:
        >>> index = PacketIndex(*[np.arange(2)] * 4, 1.0, 1.0, False)
        >>> compare_frames(np.array([0.0, -1e14]), index)
        'its time stamps do not ascend'
    """
    number = len(index.stamps)
    if len(starts) != number:
        return f'decord finds {len(starts)} frames, but PyAV {number}'
    expected = index.timestamps(np.arange(number))[:, 0].astype(np.float64)
    starts = starts.astype(np.float64)
    if not np.isfinite(starts).all() or (np.diff(starts) <= 0).any():
        return 'its time stamps do not ascend'
    shortest = np.diff(expected).min() if number > 1 else 1.0
    if np.abs(starts - starts[:1] - expected).max(initial=0) > shortest / 2:
        return 'decord reports other time stamps than PyAV'
    return ''
