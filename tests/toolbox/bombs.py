# Copyright (c) clipbert_mm contributors.
"""Small files that ask for much memory, and the memory that a call takes."""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import av

from .paths import ROOT

_MEASURE = """
import json, resource, sys
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video, read_image

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

found = []
for statement in json.loads(sys.argv[1]):
    start, outcome = peak(), 'done'
    try:
        exec(statement)
    except MediaError as error:
        outcome = str(error)
    found.append((peak() - start, outcome))
print()
print(json.dumps(found))
"""


def memory_of(statements: Sequence[str]) -> list[tuple[int, str]]:
    """Run statements in a process of their own, and measure its memory.

    Args:
        statements (Sequence[str]): Statements with ``open_video`` and
            ``read_image``, those that take little first.

    Returns:
        list[tuple[int, str]]: For each statement the growth of the maximum
        memory of the process in MiB, and the MediaError or ``'done'``.
    """
    done = subprocess.run(
        [sys.executable, '-c', _MEASURE, json.dumps(statements)],
        cwd=ROOT,  # `python -c` finds the package of this checkout there
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [tuple(pair) for pair in json.loads(done.stdout.splitlines()[-1])]


def write_large_frames(path: Path, size: int, number: int) -> Path:
    """Write a video of grey frames, a few kilobytes each."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = size
        stream.pix_fmt = 'yuv420p'
        stream.options = dict(preset='ultrafast', crf='40')
        frame = av.VideoFrame(size, size, 'yuv420p')
        for plane in frame.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        for i in range(number):
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_gif_header(path: Path, size: int, frames: int = 1) -> Path:
    """Write a GIF whose header states a size, with tiny frames."""
    image = b'\x2c' + struct.pack('<HHHHB', 0, 0, 1, 1, 0)
    image += b'\x02\x02\x44\x01\x00'
    colours = bytes(6)
    head = b'GIF89a' + struct.pack('<HHBBB', size, size, 0x80, 0, 0)
    path.write_bytes(head + colours + image * frames + b'\x3b')
    return path


def write_png_bomb(path: Path, size: int) -> Path:
    """Write a black PNG whose pixels compress a thousand times."""
    packer = zlib.compressobj(1)
    row = bytes(1 + size)
    data = b''.join(packer.compress(row) for _ in range(size))
    data += packer.flush()
    head = struct.pack('>IIBBBBB', size, size, 8, 0, 0, 0, 0)
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + _chunk(b'IHDR', head)
        + _chunk(b'IDAT', data)
        + _chunk(b'IEND', b'')
    )
    return path


def write_sparse_film(path: Path, source: Path, num_bytes: int) -> Path:
    """Write an MP4 of which a box without content takes most bytes.

    The frames come before it and their index after it, so that the whole file
    is reached for; on the disk it takes little.
    """
    content = source.read_bytes()
    place = content.index(b'moov') - 4
    with path.open('wb') as file:
        file.write(content[:place])
        file.write(struct.pack('>I4sQ', 1, b'free', num_bytes))
        file.seek(num_bytes - 16, 1)
        file.write(content[place:])
    return path


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return (
        struct.pack('>I', len(content))
        + checked
        + struct.pack('>I', zlib.crc32(checked))
    )
