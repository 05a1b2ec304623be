# Copyright (c) clipbert_mm contributors.
"""Read a file as a dataset does, in a process of its own."""

import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmaction.datasets.transforms import DecordDecode

from clipbert_mm.datasets.transforms import (
    LoadImageClip,
    LoadVideo,
    SparseClipSampler,
)
from clipbert_mm.media.errors import MediaError

from .oracle import decode_in_order

MIB = 1 << 20
# Read once by the server that all processes are forked from.
PRELOADED = [__name__]


class Frames(NamedTuple):
    """Frames that a pipeline read.

    Args:
        pixels (list[np.ndarray]): Frames, ``(H, W, 3)``, uint8, RGB.
        indices (list[int]): Their indices.
        times (list[float]): Their times in seconds from the first frame.
    """

    pixels: list[np.ndarray]
    indices: list[int]
    times: list[float]


class Ending(NamedTuple):
    """End of a process.

    Args:
        kind (str): ``'done'``, ``'refused'``, ``'raw error'``, ``'crash'``
            or ``'hang'``.
        value (Any): Result of the function, if it is done.
        text (str): Message of the error, or signal of the crash.
        mib (float): Peak of the memory above that at the start, in MiB.
    """

    kind: str
    value: Any = None
    text: str = ''
    mib: float = 0.0


def read_video(path: Path, decoder: str, on_damage: str = 'raise') -> Frames:
    """Read clips of a video through the transforms of a dataset.

    Args:
        path (Path): The file.
        decoder (str): Decoder of ``LoadVideo``.
        on_damage (str): What ``LoadVideo`` does with damaged files. Defaults
            to ``'raise'``.

    Returns:
        Frames: Frames of four clips of two frames.
    """
    item = LoadVideo(decoder=decoder, on_damage=on_damage)(
        dict(filename=str(path))
    )
    item = SparseClipSampler(2, 4, target_fps=5, mode='uniform')(item)
    reader = item['video_reader']
    indices = item['frame_inds'].tolist()
    times = np.asarray(reader.get_frame_timestamp([0, *indices]))[:, 0]
    item = DecordDecode()(item)
    return Frames(item['imgs'], indices, (times[1:] - times[0]).tolist())


def read_still(path: Path, decoder: str) -> Frames:
    """Read an image through the transform of a dataset.

    Args:
        path (Path): The file.
        decoder (str): Unused: images have one decoder.

    Returns:
        Frames: One frame.
    """
    return Frames(LoadImageClip()(dict(filename=str(path)))['imgs'], [0], [0])


def decode_reference(path: Path, decoder: str) -> Any:
    """Return the sequential decode of a file.

    Args:
        path (Path): The file.
        decoder (str): Unused.

    Returns:
        Any: Result of :func:`decode_in_order`.
    """
    return decode_in_order(path)


def run_apart(
    function: Callable[[Path, str], Any],
    path: Path,
    decoder: str,
    seconds: float = 60,
    mib: int = 2048,
) -> Ending:
    """Call a function in a new process, within limits.

    Args:
        function (Callable[[Path, str], Any]): Function of this module.
        path (Path): File to read.
        decoder (str): Decoder to read it with.
        seconds (float): Longest time. Defaults to 60.
        mib (int): Most memory beyond that at the start, in MiB. Defaults to
            2048.

    Returns:
        Ending: How the process ended.
    """
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(PRELOADED)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_child, args=(sender, function, path, decoder, mib), daemon=True
    )
    process.start()
    sender.close()
    ending = None
    try:
        if receiver.poll(seconds):
            ending = receiver.recv()
    except EOFError:
        pass  # it has died
    else:
        if ending is None:
            process.kill()
            ending = Ending('hang', text=f'no end within {seconds} s')
    process.join(10 if ending else None)
    receiver.close()
    if ending is None:
        ending = Ending('crash', text=f'exit status {process.exitcode}')
    elif process.exitcode is None:
        process.kill()
        process.join()
        ending = Ending('hang', text='the process does not end')
    elif process.exitcode and ending.kind != 'hang':
        ending = Ending('crash', text=f'exit status {process.exitcode} at end')
    return ending


def _child(
    sender: Connection,
    function: Callable[[Path, str], Any],
    path: Path,
    decoder: str,
    mib: int,
) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    start = _virtual_bytes()
    limit = start + mib * MIB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    before = _peak_mib()
    ending = _call(function, path, decoder)
    ending = ending._replace(mib=_peak_mib() - before)
    try:
        sender.send(ending)
    except MemoryError:
        sender.send(Ending('raw error', text='MemoryError in sending'))
    sender.close()


def _call(
    function: Callable[[Path, str], Any], path: Path, decoder: str
) -> Ending:
    try:
        return Ending('done', function(path, decoder))
    except (MediaError, OSError) as error:
        named = isinstance(error, MediaError) or error.filename is not None
        kind = 'refused' if named and str(path) in str(error) else 'raw error'
        return Ending(kind, text=f'{type(error).__name__}: {error}')
    except BaseException as error:  # of any kind: the table lists it
        return Ending('raw error', text=f'{type(error).__name__}: {error}')


def _virtual_bytes() -> int:
    pages = int(Path('/proc/self/statm').read_text().split()[0])
    return pages * resource.getpagesize()


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
