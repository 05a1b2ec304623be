# Copyright (c) clipbert_mm contributors.
"""Judge what came out of reading a file of the corpus."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from .corpus import WrittenCase
from .oracle import Decoded, Flag
from .trial import Ending, Frames

#: What a reader may do: right frames; a refusal that names the file; frames
#: of a damaged file in which FFmpeg finds no damage.
ALLOWED = ('right', 'refused', 'unflagged')
#: What it must not do.
FORBIDDEN = (
    'intact refused',
    'wrong frames',
    'silent',
    'accepted',
    'raw error',
    'hang',
    'crash',
)
# Largest difference of the means of 8x8 pixels. PyAV decodes as the oracle
# does; others have another version of FFmpeg or another library.
_TOLERANCE = dict(pyav=1.0)
_OTHER_TOLERANCE = 16.0
_BLOCK = 8
_MOST_DELAY = 4  # frames that a decoder holds back


class Verdict(NamedTuple):
    """Verdict on a reader and a file.

    Args:
        word (str): One of :data:`ALLOWED` or :data:`FORBIDDEN`.
        text (str): Message of the error, or what FFmpeg reports.
    """

    word: str
    text: str = ''


def judge(
    written: WrittenCase,
    decoder: str,
    ending: Ending,
    truth: Decoded,
    intact: Decoded,
    anywhere: bool = False,
) -> Verdict:
    """Judge a reader.

    Args:
        written (WrittenCase): The file.
        decoder (str): Decoder that read it.
        ending (Ending): How its process ended.
        truth (Decoded): Sequential decode of the file by FFmpeg.
        intact (Decoded): That of the file that it was made from.
        anywhere (bool): Whether all reports about the file count, and not
            only those about the frames. Defaults to False.

    Returns:
        Verdict: The verdict.
    """
    case = written.case
    if ending.kind == 'refused' and case.kind == 'intact':
        return Verdict('intact refused', ending.text)
    if ending.kind != 'done':
        return Verdict(ending.kind, ending.text)
    if case.kind == 'bomb':
        return Verdict('right', f'{ending.mib:.0f} MiB')
    if case.kind in ('disguised', 'no file'):
        return Verdict('accepted', f'{len(ending.value.pixels)} frames')
    frames: Frames = ending.value
    tolerance = _TOLERANCE.get(decoder, _OTHER_TOLERANCE)
    flags = new_flags(truth.flags, intact.flags)
    if case.medium == 'image':
        return _judge_image(written, frames.pixels[0], intact, flags)
    places = places_as_decoded(frames, truth, tolerance)
    if case.kind == 'intact':
        return Verdict('wrong frames' if None in places else 'right')
    wrong = [
        place
        for place, pixels in zip(places, frames.pixels)
        if not is_among(pixels, intact.frames, tolerance)
    ]
    if not wrong and (flags or None not in places):
        return Verdict('right')
    reports = [
        flag.text
        for flag in flags
        if anywhere or _is_about(flag, wrong, truth)
    ]
    if reports:
        return Verdict('silent', '; '.join(reports[:3]))
    return Verdict('wrong frames' if None in places else 'unflagged')


def _judge_image(
    written: WrittenCase,
    pixels: np.ndarray,
    intact: Decoded,
    flags: Sequence[Flag],
) -> Verdict:
    """Judge an image: damaged pixels are its only fault."""
    assert written.intact is not None
    with Image.open(written.intact) as image:  # turns it as its tags say
        turned = ImageOps.exif_transpose(image).convert('RGB')
    others = [np.asarray(turned), *intact.frames[:1]]
    if is_among(pixels, others, _OTHER_TOLERANCE):
        return Verdict('right')
    if written.case.kind == 'intact':
        return Verdict('wrong frames')
    if flags:
        return Verdict('silent', '; '.join(f.text for f in flags[:3]))
    return Verdict('unflagged')


def new_flags(flags: Sequence[Flag], usual: Sequence[Flag]) -> list[Flag]:
    """Return the reports of FFmpeg that the intact file does not cause.

    Args:
        flags (Sequence[Flag]): Reports on a damaged file.
        usual (Sequence[Flag]): Reports on the intact one.

    Returns:
        list[Flag]: Reports that differ in more than numbers.

    Example:
        >>> new_flags([Flag(2, 'log: 7 bits left'), Flag(2, 'corrupt frame')],
        ...           [Flag(0, 'log: 5 bits left')])
        [Flag(place=2, text='corrupt frame')]
    """
    known = {_without_numbers(flag.text) for flag in usual}
    return [f for f in flags if _without_numbers(f.text) not in known]


def places_as_decoded(
    frames: Frames, truth: Decoded, tolerance: float
) -> list[int | None]:
    """Find frames among those that FFmpeg decodes in order.

    Args:
        frames (Frames): Frames of the reader.
        truth (Decoded): Frames of FFmpeg.
        tolerance (float): Largest difference of the means of blocks.

    Returns:
        list[int | None]: Index of the frame that is the same and has the
        same index or time; None if there is none.
    """
    known = len(truth.times) and np.isfinite(truth.times).all()
    places: list[int | None] = []
    for pixels, index, time in zip(
        frames.pixels, frames.indices, frames.times
    ):
        candidates = [min(index, len(truth.frames) - 1)]
        if known:
            candidates.append(int(np.abs(truth.times - time).argmin()))
        same = (
            place
            for place in candidates
            if place >= 0 and is_same(pixels, truth.frames[place], tolerance)
        )
        places.append(next(same, None))
    return places


def _is_about(
    flag: Flag, places: Sequence[int | None], truth: Decoded
) -> bool:
    """Return whether a report is about the group of one of some frames.

    Damage of frames that are neither wanted nor needed is not looked for. Of
    a frame that is not FFmpeg's any report counts.
    """
    for place in places:
        if place is None:
            return True
        key = max((k for k in truth.keys if k <= place), default=0)
        if key - _MOST_DELAY <= flag.place <= place + 1:
            return True
    return False


def is_among(
    pixels: np.ndarray, others: Iterable[np.ndarray], tolerance: float
) -> bool:
    """Return whether a frame is one of some frames.

    Args:
        pixels (np.ndarray): Frame of a reader.
        others (Iterable[np.ndarray]): Frames of the intact file.
        tolerance (float): Largest difference of the means of blocks.

    Returns:
        bool: True if it is the same as one of them.
    """
    return any(is_same(pixels, other, tolerance) for other in others)


def is_same(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    """Return whether two images are the same up to rounding.

    Args:
        one (np.ndarray): Shape ``(H, W, 3)``, uint8.
        other (np.ndarray): Shape ``(H, W, 3)``, uint8.
        tolerance (float): Largest difference of the means of blocks.

    Returns:
        bool: True if they are.

    Example:
        >>> black = np.zeros((16, 16, 3), np.uint8)
        >>> is_same(black, black + 1, 2), is_same(black, black + 3, 2)
        (True, False)
    """
    if one.shape != other.shape:
        return False
    height, width = (size // _BLOCK * _BLOCK for size in one.shape[:2])
    difference = one[:height, :width].astype(np.float32)
    difference -= other[:height, :width]
    blocks = difference.reshape(
        height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3
    )
    return bool(np.abs(blocks.mean((1, 3))).max(initial=0) <= tolerance)


def _without_numbers(flag: str) -> str:
    return re.sub(r"0x[0-9a-f]+|\d+|'[^']*'", '#', flag)
