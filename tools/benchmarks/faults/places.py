# Copyright (c) clipbert_mm contributors.
"""Things that are no regular files, links, and files that eat memory."""

import os
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from .forms import FORM_BY_NAME, write_form

Maker = Callable[[Path], None]


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    """Bind a socket from its folder: the path may be too long for one."""
    here = os.open('.', os.O_RDONLY)
    try:
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def _link_to(target: str) -> Maker:
    return lambda path: path.symlink_to(target)


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def _link_to_pipe(path: Path) -> None:
    pipe = path.with_suffix('.pipe')
    os.mkfifo(pipe)
    path.symlink_to(pipe.name)


#: Functions that make something at a path from which no video can be read.
PLACES: dict[str, Maker] = {
    'named pipe': _pipe,
    'folder': _folder,
    'socket': _socket,
    'link to nothing': _link_to('nothing.mp4'),
    'link to itself': _link_to_itself,
    'link to a named pipe': _link_to_pipe,
    'link to a folder': _link_to('.'),
    'link to /dev/zero': _link_to('/dev/zero'),
    'link to /dev/random': _link_to('/dev/random'),
    'link to /dev/null': _link_to('/dev/null'),
    'link to /dev/stdin': _link_to('/dev/stdin'),
    'missing': lambda path: None,
}


def _huge_frames(path: Path) -> None:
    """Write 8192x8192 frames of one colour: 66 million pixels each."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(
            'libx264', rate=10, options=dict(preset='ultrafast')
        )
        stream.width = stream.height = 8192
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.thread_count = 1
        frame = av.VideoFrame(8192, 8192, 'yuv420p')
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for _ in range(4):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _gif(width: int, height: int, frames: int) -> Maker:
    """Return a function that writes a GIF of a few bytes for each frame."""

    def write(path: Path) -> None:
        block = (
            b'!\xf9\x04\x00\x0a\x00\x00\x00'
            b',\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00'
        )
        path.write_bytes(
            b'GIF89a'
            + struct.pack('<HH', width, height)
            + b'\x80\x00\x00\x00\x00\x00\xff\xff\xff'
            + block * frames
            + b';'
        )

    return write


def _png(width: int, height: int) -> Maker:
    """Return a function that writes a PNG of zeros."""

    def write(path: Path) -> None:
        packer = zlib.compressobj(9)
        row = bytes(width * 3 + 1)
        pixels = b''.join(packer.compress(row) for _ in range(height))
        chunks = (
            (b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)),
            (b'IDAT', pixels + packer.flush()),
            (b'IEND', b''),
        )
        content = b'\x89PNG\r\n\x1a\n' + b''.join(
            struct.pack('>I', len(data))
            + kind
            + data
            + struct.pack('>I', zlib.crc32(kind + data))
            for kind, data in chunks
        )
        path.write_bytes(content)

    return write


def _sparse(path: Path) -> None:
    """Write a video that is followed by 200 GB of zeros, on no blocks."""
    write_form(path, FORM_BY_NAME['libx264.mp4'])
    with path.open('r+b') as file:
        file.truncate(200 << 30)


def _endless_duration(path: Path) -> None:
    """Write an MP4 whose last frame is shown for years."""
    write_form(path, FORM_BY_NAME['libx264.mp4'])
    content = bytearray(path.read_bytes())
    for box, place in ((b'mvhd', 20), (b'mdhd', 20)):
        start = content.index(box) + place
        content[start : start + 4] = b'\x7f\xff\xff\xff'
    path.write_bytes(content)


def _grey(path: Path, width: int, height: int) -> None:
    pixels = np.zeros((height, width, 3), np.uint8)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('png', rate=10)
        stream.width, stream.height = width, height
        stream.pix_fmt = 'rgb24'
        frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


#: Functions that write a file which would take much memory or time; a reader
#: must refuse it or stay within its limits. Suffix and
#: function by name.
BOMBS: dict[str, tuple[str, Maker]] = {
    'huge frames': ('mp4', _huge_frames),
    'huge GIF header': ('gif', _gif(13_000, 13_000, 3)),
    'GIF of many frames': ('gif', _gif(2000, 2000, 2000)),
    'huge PNG in a video': ('mov', lambda p: _grey(p, 9000, 9000)),
    'long sparse file': ('mp4', _sparse),
    'endless duration': ('mp4', _endless_duration),
}
IMAGE_BOMBS: dict[str, tuple[str, Maker]] = {
    'huge PNG': ('png', _png(30_000, 20_000)),
    'wide PNG': ('png', _png(1_000_000, 100)),
}
