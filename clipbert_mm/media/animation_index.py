# Copyright (c) clipbert_mm contributors.
"""Index the frames of animated GIFs and WebPs, without decoding them."""

import io
from typing import BinaryIO, NamedTuple, cast

from .errors import MediaError
from .limits import MediaLimits

_DELAY = 100  # milliseconds where there is none, as in FFmpeg and browsers


class AnimationIndex(NamedTuple):
    """Size and frames of an animation, as its headers state them.

    Args:
        width (int): Largest width in pixels.
        height (int): Largest height in pixels.
        delays (list[int]): Duration of every frame in milliseconds.
        problem (str): Sign of damage; empty if there is none.
    """

    width: int
    height: int
    delays: list[int]
    problem: str


def read_animation_index(
    file: BinaryIO, filename: str, limits: MediaLimits
) -> AnimationIndex:
    """Read the headers of all frames of a GIF or an animated WebP.

    Args:
        file (BinaryIO): Open file, read from its start.
        filename (str): Name of the file, for errors.
        limits (MediaLimits): Limits of its frames.

    Returns:
        AnimationIndex: Its frames; of a file that ends early, those that are
        whole.

    Raises:
        MediaError: If it is above a limit, or is neither.
    """
    file.seek(0)
    buffered = io.BufferedReader(cast(io.RawIOBase, file), 2**16)
    scan = _Scan(buffered, filename, limits)
    try:
        head = scan.take(12)
        if head[:4] == b'GIF8':
            scan.read_gif(head)
        elif head[8:] == b'WEBP':
            scan.read_webp(int.from_bytes(head[4:8], 'little') + 8)
        else:
            raise MediaError(filename, 'it is neither a GIF nor a WebP')
    except EOFError:
        scan.problem = 'it ends early'
    finally:
        buffered.detach()
    return AnimationIndex(scan.width, scan.height, scan.delays, scan.problem)


class _Scan:
    """Walk over the blocks of a file."""

    def __init__(
        self, file: io.BufferedIOBase, filename: str, limits: MediaLimits
    ) -> None:
        self._file = file
        self._filename = filename
        self._limits = limits
        self.width = self.height = 0
        self.delays: list[int] = []
        self.problem = ''

    def take(self, number: int) -> bytes:
        content = self._file.read(number)
        if len(content) < number:
            raise EOFError
        return content

    def read_gif(self, head: bytes) -> None:
        head += self.take(1)
        self._grow(_number(head[6:8]), _number(head[8:10]))
        self._skip_colours(head[10])
        delay = 0
        while kind := self._file.read(1):
            if kind == b'\x21':  # an extension
                label, control = self.take(1), self._blocks()
                if label == b'\xf9' and len(control) >= 4:
                    delay = 10 * _number(control[1:3])
            elif kind == b'\x2c':  # an image
                place = self.take(9)
                left, top, width, height = (
                    _number(place[i : i + 2]) for i in range(0, 8, 2)
                )
                self._grow(left + width, top + height)
                self._skip_colours(place[8])
                self.take(1)
                self._blocks()
                self._add(delay)
                delay = 0
            elif kind == b'\x3b':  # the end, which many files lack
                return
            elif kind != b'\0':
                self.problem = f'it has a block of the unknown kind {kind!r}'
                return

    def read_webp(self, end: int) -> None:
        place = 12
        while place < end:
            head = self.take(8)
            size = _number(head[4:])
            size += size % 2
            place += 8 + size
            if head[:4] == b'VP8X':
                self._grow_webp(self.take(size), 4)
            elif head[:4] == b'ANMF':
                frame = self.take(16)
                self._grow_webp(frame, 6)
                self._skip(size - 16)
                self._add(_number(frame[12:15]))
            else:
                self._skip(size)

    def _add(self, delay: int) -> None:
        self.delays.append(delay or _DELAY)
        self._limits.check_frames(len(self.delays), self._filename)

    def _grow(self, width: int, height: int) -> None:
        self.width = max(self.width, width)
        self.height = max(self.height, height)
        self._limits.check_pixels(self.width, self.height, self._filename)

    def _grow_webp(self, content: bytes, place: int) -> None:
        sizes = content[place : place + 3], content[place + 3 : place + 6]
        self._grow(*(_number(size) + 1 for size in sizes))

    def _skip_colours(self, flags: int) -> None:
        if flags & 0x80:
            self.take(3 * 2 ** (flags % 8 + 1))

    def _blocks(self) -> bytes:
        """Skip the blocks up to an empty one; return the first."""
        first = content = self.take(self.take(1)[0])
        while content:
            content = self.take(self.take(1)[0])
        return first

    def _skip(self, number: int) -> None:
        while number > 0:
            number -= len(self.take(min(number, 2**16)))


def _number(content: bytes) -> int:
    return int.from_bytes(content, 'little')
