# Copyright (c) clipbert_mm contributors.
"""Damaged copies of files, and FFmpeg's own opinion of them."""

import random
from pathlib import Path
from typing import NamedTuple

import av
import av.logging
import numpy as np
from av.logging import Capture

DAMAGES = ('flip', 'zero', 'drop', 'junk')


def damage(source: Path, target: Path, kind: str, seed: int) -> Path:
    """Write a damaged copy of a file.

    Args:
        source (Path): The file.
        target (Path): File to write.
        kind (str): One of :data:`DAMAGES`.
        seed (int): Seed of the places; none is in the first tenth.

    Returns:
        Path: ``target``.
    """
    content = bytearray(source.read_bytes())
    rng = random.Random(f'{source.name} {kind} {seed}')
    start = rng.randrange(len(content) // 10, len(content) - 400)
    if kind == 'flip':
        for _ in range(10):
            place = rng.randrange(len(content) // 10, len(content))
            content[place] = rng.randrange(256)
    elif kind == 'zero':
        content[start : start + 200] = bytes(200)
    elif kind == 'drop':
        del content[start : start + 188]
    else:
        content[start : start + 300] = rng.randbytes(300)
    target.write_bytes(content)
    return target


class InOrder(NamedTuple):
    """What FFmpeg says and shows when it decodes a file from its start.

    Args:
        messages (list[str]): Errors in its log.
        flagged (bool): Whether it reports an error in any way.
        frames (list[np.ndarray]): All frames in RGB, in their order.
    """

    messages: list[str]
    flagged: bool
    frames: list[np.ndarray]


def decode_in_order(path: Path) -> InOrder:
    """Decode a whole file by PyAV alone, with its log at error level.

    Args:
        path (Path): The file.

    Returns:
        InOrder: Errors and frames.
    """
    av.logging.set_level(av.logging.ERROR)
    frames: list[np.ndarray] = []
    flagged = False
    try:
        with Capture() as log:
            try:
                with av.open(str(path), metadata_errors='replace') as reader:
                    stream = reader.streams.video[0]
                    # Several threads conceal the damage of HEVC otherwise.
                    stream.codec_context.thread_count = 1
                    for packet in reader.demux(stream):
                        try:
                            for frame in packet.decode():
                                flagged |= frame.is_corrupt
                                frames.append(frame.to_ndarray(format='rgb24'))
                        except av.error.FFmpegError:
                            flagged = True
            except (av.error.FFmpegError, IndexError):
                flagged = True
            messages = [text.strip() for _, _, text in log]
    finally:
        av.logging.set_level(None)
    return InOrder(messages, flagged or bool(messages), frames)
