# Copyright (c) clipbert_mm contributors.
"""FFmpeg's own sequential decode of a file: the truth about damaged files."""

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

# Demuxers that open no other file; the names of files lie here.
_OPTIONS = {'protocol_whitelist': 'file'}
_MOST_FRAMES = 200


class Flag(NamedTuple):
    """Report of FFmpeg about damage.

    Args:
        place (int): Number of frames that had come out before.
        text (str): The report.
    """

    place: int
    text: str


class Decoded(NamedTuple):
    """Frames of a file as FFmpeg decodes them from first to last.

    Args:
        frames (np.ndarray): Shape ``(T, H, W, 3)``, uint8, RGB; those of the
            size of the first frame.
        times (np.ndarray): Shape ``(T,)``, seconds from the first frame; NaN
            where a frame has no time stamp.
        keys (tuple[int, ...]): Indices of the key frames.
        flags (tuple[Flag, ...]): What FFmpeg reports about damage: its log at
            the level of errors, packets and frames that it marks as corrupt,
            and the error with ``err_detect=explode``.
    """

    frames: np.ndarray
    times: np.ndarray
    keys: tuple[int, ...]
    flags: tuple[Flag, ...]


NOTHING = Decoded(np.empty(0), np.empty(0), (), ())


def decode_in_order(path: Path) -> Decoded:
    """Decode a file sequentially and collect what FFmpeg says about it.

    Args:
        path (Path): Video or image.

    Returns:
        Decoded: Frames and reports; without frames if FFmpeg cannot open it.
    """
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    usual = _Pass()
    with av.logging.Capture(local=False) as log:
        usual.run(path, {}, log)
    strict = _Pass()
    with av.logging.Capture(local=False) as log:
        strict.run(path, {'err_detect': 'explode'}, log)
    frames = usual.frames
    same = [i for i, f in enumerate(frames) if f.shape == frames[0].shape]
    times = np.array([usual.stamps[i] for i in same], np.float64)
    return Decoded(
        np.stack([frames[i] for i in same]) if same else np.empty(0),
        times - times[:1],
        tuple(usual.keys),
        (*usual.flags, *strict.flags),
    )


class _Pass:
    """One pass over a file."""

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []
        self.stamps: list[float] = []
        self.keys: list[int] = []
        self.flags: list[Flag] = []

    def run(self, path: Path, options: dict[str, str], log: list) -> None:
        """Decode until the end or an error."""
        try:
            self._decode(path, options, log)
        except (av.error.FFmpegError, ValueError) as error:
            self._flag(f'error: {error}')
        self._take(log)

    def _decode(self, path: Path, options: dict[str, str], log: list) -> None:
        with av.open(
            str(path),
            container_options={**_OPTIONS, **options},
            metadata_errors='replace',
        ) as container:
            stream: Any = container.streams.best('video')
            if stream is None:
                raise ValueError('no video stream')
            stream.codec_context.thread_count = 1
            stream.codec_context.options = options
            base = stream.time_base or Fraction(1)
            for packet in container.demux(stream):
                if packet.is_corrupt:
                    self._flag('corrupt packet')
                frames = packet.decode()
                self._take(log)
                for frame in frames:
                    self._keep(frame, base)

    def _keep(self, frame: av.VideoFrame, base: Fraction) -> None:
        if frame.is_corrupt:
            self._flag('corrupt frame')
        if len(self.frames) == _MOST_FRAMES:
            return
        if frame.key_frame:
            self.keys.append(len(self.frames))
        self.frames.append(frame.to_ndarray(format='rgb24'))
        known = frame.pts is not None
        self.stamps.append(float((frame.pts or 0) * base) if known else np.nan)

    def _flag(self, text: str) -> None:
        self.flags.append(Flag(len(self.frames), text))

    def _take(self, log: list) -> None:
        """Empty the log of FFmpeg."""
        for _, name, text in log:
            self._flag(f'log: {name}: {text.strip()}')
        log.clear()
