# Copyright (c) clipbert_mm contributors.
"""Writing the media files of the quickstart's corpora."""

import contextlib
import json
import multiprocessing
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from clipbert_mm.utils.whole_files import PARTIAL, write_whole

STAMP = 'corpus.json'


def write_video(
    path: Path,
    frames: Iterable[np.ndarray],
    rate: int | Fraction,
    size: tuple[int, int],
    gop: int = 12,
) -> None:
    """Encode RGB frames as h264 in mp4.

    Args:
        path (Path): File to write.
        frames (Iterable[np.ndarray]): Frames ``(H, W, 3)``, uint8.
        rate (int | Fraction): Frames per second.
        size (tuple[int, int]): Width and height, pixels.
        gop (int): Frames from one key frame to the next: with few, random
            access is cheap. Defaults to 12.
    """
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(
            'libx264', rate=rate, options=dict(preset='ultrafast', crf='20')
        )
        stream.width, stream.height = size
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.gop_size = gop
        stream.codec_context.thread_count = 1
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@contextlib.contextmanager
def prepare(root: Path, stamp: dict, folders: Sequence[str]) -> Iterator[bool]:
    """Make empty folders, and mark the corpus as complete at the end.

    Args:
        root (Path): Folder of the corpus.
        stamp (dict): Everything that its files follow from.
        folders (Sequence[str]): Names of the folders that hold the files.

    Yields:
        bool: Whether the files must be written; False if they exist.

    Raises:
        ValueError: If ``root`` holds something else.
    """
    complete = json.dumps(dict(stamp, complete=True))
    if (root / STAMP).is_file():
        if (root / STAMP).read_text() == complete:
            yield False
            return
    elif root.exists() and not all(
        PARTIAL.fullmatch(path.name) for path in root.iterdir()
    ):
        raise ValueError(
            f'{root} is neither empty nor a corpus of the quickstart (it has '
            f'no {STAMP}). Choose another folder.'
        )
    # First: whatever interrupts the next lines, the folder is known as ours
    # and as incomplete.
    write_whole(root / STAMP, json.dumps(dict(stamp, complete=False)))
    for folder in folders:
        shutil.rmtree(root / folder, ignore_errors=True)
        (root / folder).mkdir(parents=True)
    yield True
    write_whole(root / STAMP, complete)


def write_media(
    write: Callable[[Any], None], items: Sequence[Any], processes: int
) -> None:
    """Write media files in parallel, and print a line at every tenth.

    Args:
        write (Callable[[Any], None]): Function at module level that writes
            one item.
        items (Sequence[Any]): The items.
        processes (int): Number of processes that write.
    """
    start, total = time.time(), len(items)
    step = max(1, total // 10)
    # Forking a process that runs torch can hang: start new interpreters.
    with multiprocessing.get_context('spawn').Pool(processes) as pool:
        results = pool.imap_unordered(write, items, chunksize=16)
        for done, _ in enumerate(results, 1):
            if done % step == 0 or done == total:
                print(
                    f'  {done} of {total} media files, '
                    f'{time.time() - start:.0f} s',
                    flush=True,
                )


def write_once(
    root: Path,
    stamp: dict,
    folders: Sequence[str],
    plan: dict[str, list[Any]],
    write: Callable[[Any], None],
    describe: Callable[[], None],
    processes: int,
) -> bool:
    """Write a corpus, unless it exists.

    Args:
        root (Path): Folder of the corpus.
        stamp (dict): Everything that its files follow from.
        folders (Sequence[str]): Names of the folders that hold the files.
        plan (dict[str, list[Any]]): Media files to write, by split.
        write (Callable[[Any], None]): Function at module level that writes
            one of them.
        describe (Callable[[], None]): Function that writes and checks the
            annotations, after the media.
        processes (int): Number of processes that write.

    Returns:
        bool: Whether anything had to be written.

    Raises:
        ValueError: If ``root`` holds something else.
    """
    with prepare(root, stamp, folders) as needed:
        if needed:
            items = [item for split in plan.values() for item in split]
            write_media(write, items, processes)
            describe()
    return needed
