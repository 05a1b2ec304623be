# Copyright (c) clipbert_mm contributors.
"""Damage to the bytes of a file, as disks, networks and editors do it."""

from collections.abc import Callable

import numpy as np

from .forms import HEIGHT, WIDTH

Damage = Callable[[bytes, np.random.Generator], bytes]

_HEADER_BYTES = 400


def _cut(fraction: float) -> Damage:
    """Return a function that keeps the first part of a file."""
    return lambda content, rng: content[: int(len(content) * fraction)]


def _cut_tail(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: -int(rng.integers(1, 200))]


def _cut_front(content: bytes, rng: np.random.Generator) -> bytes:
    return content[int(rng.integers(1, len(content) // 4)) :]


def _flip(number: int, start: float, end: float) -> Damage:
    """Return a function that changes bytes of a part of a file."""

    def flip(content: bytes, rng: np.random.Generator) -> bytes:
        size = len(content)
        low = int(size * start)
        high = max(int(size * end), low + 1)
        return _changed(content, rng.integers(low, high, number), rng)

    return flip


def _flip_header(content: bytes, rng: np.random.Generator) -> bytes:
    high = min(len(content), _HEADER_BYTES)
    return _changed(content, rng.integers(4, high, 6), rng)


def _flip_one_bit(content: bytes, rng: np.random.Generator) -> bytes:
    data = bytearray(content)
    data[rng.integers(len(data) // 5, len(data))] ^= 1 << rng.integers(8)
    return bytes(data)


def _changed(
    content: bytes, places: np.ndarray, rng: np.random.Generator
) -> bytes:
    data = np.frombuffer(content, np.uint8).copy()
    data[places] ^= rng.integers(1, 256, len(places), np.uint8)
    return data.tobytes()


def _zero(start: float, end: float, at_most: int = 1 << 20) -> Damage:
    """Return a function that overwrites a part of a file with zeros."""

    def zero(content: bytes, rng: np.random.Generator) -> bytes:
        low = int(len(content) * start)
        high = min(int(len(content) * end), low + at_most)
        return content[:low] + bytes(high - low) + content[high:]

    return zero


def _zero_header(content: bytes, rng: np.random.Generator) -> bytes:
    return content[:16] + bytes(48) + content[64:]


def _block(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    size = max(min(2000, len(content) // 8), 1)
    start = int(rng.integers(len(content) // 4, len(content) * 3 // 4))
    return start, start + size


def _drop_block(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _block(content, rng)
    return content[:start] + content[end:]


def _double_block(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _block(content, rng)
    return content[:end] + content[start:]


def _swap_blocks(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _block(content, rng)
    size = end - start
    first, second = content[start:end], content[end : end + size]
    return content[:start] + second + first + content[end + size :]


def _lying_size(width: int, height: int) -> Damage:
    """Return a function that replaces the size of the frames."""

    def lie(content: bytes, rng: np.random.Generator) -> bytes:
        for order in ('big', 'little'):
            for old, new in ((WIDTH, width), (HEIGHT, height)):
                content = content.replace(
                    old.to_bytes(2, order),
                    new.to_bytes(2, order),
                    4,
                )
        return content

    return lie


# Boxes of an MP4 whose first integer after version and flags is a count.
_COUNTING_BOXES = (b'stsz', b'stts', b'stsc', b'stco', b'stss', b'ctts')


def _lying_count(content: bytes, rng: np.random.Generator) -> bytes:
    """State too many entries: in the tables of an MP4, else in a header."""
    data = bytearray(content)
    boxes = [b for b in _COUNTING_BOXES if b in content]
    if boxes:
        box = boxes[rng.integers(len(boxes))]
        place = content.index(box) + (12 if box == b'stsz' else 8)
        data[place : place + 4] = b'\x7f\xff\xff\xff'
    else:
        place = int(rng.integers(8, min(len(content), _HEADER_BYTES)))
        data[place : place + 4] = b'\xff\xff\xff\x7f'
    return bytes(data[: len(content)])


def _lying_box(content: bytes, rng: np.random.Generator) -> bytes:
    """Change the size of the first large box or chunk."""
    data = bytearray(content)
    for name in (b'moov', b'mdat', b'LIST', b'movi', b'moof'):
        place = content.find(name)
        if place >= 4:
            size = [0, 1, 7, 2**31, 2**32 - 1][rng.integers(5)]
            data[place - 4 : place] = size.to_bytes(4, 'big')
            break
    else:
        data[4:8] = b'\xff\xff\xff\xff'
    return bytes(data)


def _joined(content: bytes, rng: np.random.Generator) -> bytes:
    return content + content


def _junk_before(content: bytes, rng: np.random.Generator) -> bytes:
    return rng.bytes(1000) + content


def _junk_after(content: bytes, rng: np.random.Generator) -> bytes:
    return content + rng.bytes(5000)


def _text_mode(content: bytes, rng: np.random.Generator) -> bytes:
    """Return what a transfer in text mode leaves."""
    return content.replace(b'\n', b'\r\n')


#: Functions of the content of a file and a generator, by name.
DAMAGE: dict[str, Damage] = {
    'cut at 2 %': _cut(0.02),
    'cut at 10 %': _cut(0.1),
    'cut at 50 %': _cut(0.5),
    'cut at 75 %': _cut(0.75),
    'cut at 95 %': _cut(0.95),
    'cut in its last bytes': _cut_tail,
    'cut at its front': _cut_front,
    'bytes flipped in its header': _flip_header,
    'bytes flipped in its index': _flip(8, 0.96, 1),
    'one bit flipped': _flip_one_bit,
    'bytes flipped in its frames': _flip(20, 0.2, 0.9),
    'many bytes flipped': _flip(400, 0.05, 1),
    'header zeroed': _zero_header,
    'block zeroed': _zero(0.4, 0.6, 4096),
    'tail zeroed': _zero(0.8, 1),
    'block dropped': _drop_block,
    'block doubled': _double_block,
    'blocks swapped': _swap_blocks,
    'lies about its size': _lying_size(16000, 12000),
    'lies that it is tiny': _lying_size(2, 2),
    'lies about its counts': _lying_count,
    'lies about its boxes': _lying_box,
    'joined with itself': _joined,
    'junk before it': _junk_before,
    'junk after it': _junk_after,
    'sent in text mode': _text_mode,
}
