# Copyright (c) clipbert_mm contributors.
"""Writing the media files of the quickstart's corpora."""

import argparse
import contextlib
import dataclasses
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

STAMP = 'corpus.json'


def write_video(
    path: Path,
    pictures: Iterable[np.ndarray],
    rate: 'int | Fraction',
    size: tuple[int, int],
    gop: int = 12,
) -> None:
    """Encode RGB frames as h264 in mp4.

    Args:
        path (Path): The file.
        pictures (Iterable[np.ndarray]): ``(height, width, 3)``, uint8.
        rate (int | Fraction): Frames per second.
        size (tuple[int, int]): Width and height.
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
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@contextlib.contextmanager
def prepare(root: Path, stamp: dict, folders: Sequence[str]) -> Iterator[bool]:
    """Make empty folders and mark the corpus as complete at the end.

    Args:
        root (Path): Of the corpus.
        stamp (dict): What its files follow from.
        folders (Sequence[str]): The folders that hold them.

    Yields:
        bool: Whether the files must be written; False if they are there.

    Raises:
        ValueError: If ``root`` holds something else.
    """
    complete = json.dumps(dict(stamp, complete=True))
    if (root / STAMP).is_file():
        if (root / STAMP).read_text() == complete:
            yield False
            return
        for folder in folders:
            shutil.rmtree(root / folder, ignore_errors=True)
    elif root.exists() and any(root.iterdir()):
        raise ValueError(
            f'{root} is neither empty nor a corpus of the quickstart (it has '
            f'no {STAMP}): name another folder.'
        )
    for folder in folders:
        (root / folder).mkdir(parents=True)
    (root / STAMP).write_text(json.dumps(dict(stamp, complete=False)))
    yield True
    (root / STAMP).write_text(complete)


def write_media(
    write: Callable[[Any], None], items: Sequence[Any], processes: int
) -> None:
    """Write media files side by side, and print a line at every tenth.

    Args:
        write (Callable): Writes one item; a function of a module.
        items (Sequence): The items.
        processes (int): Writers side by side.
    """
    start, total = time.time(), len(items)
    step = max(1, total // 10)
    # A fresh interpreter each: forking a process that runs torch can hang.
    with multiprocessing.get_context('spawn').Pool(processes) as pool:
        results = pool.imap_unordered(write, items, chunksize=16)
        for done, _ in enumerate(results, 1):
            if done % step == 0 or done == total:
                print(
                    f'  {done} of {total} media files, '
                    f'{time.time() - start:.0f} s',
                    flush=True,
                )


def run_writer(
    description: str, settings: type, generate: Callable[..., bool], what: str
) -> None:
    """Write a corpus from the command line.

    Args:
        description (str): Of the command.
        settings (type): Dataclass of whole numbers, one option for each.
        generate (Callable): Takes the folder, the settings and the number of
            writers, and tells whether it had to write.
        what (str): What it writes, in words.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('root', help='folder of the corpus')
    for field in dataclasses.fields(settings):
        parser.add_argument(
            '--' + field.name.replace('_', '-'),
            type=int,
            default=field.default,
            help='default: %(default)s',
        )
    parser.add_argument('--processes', type=int, default=2)
    values = vars(parser.parse_args())
    root, processes = values.pop('root'), values.pop('processes')
    wrote = generate(root, settings(**values), processes)
    print(f'{"wrote" if wrote else "found"} {what} in {root}')
