# Copyright (c) clipbert_mm contributors.
"""Measure how fast the frames that ClipBERT tests with are read."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from clipbert_mm.datasets.transforms import LoadVideo, SparseClipSampler
from clipbert_mm.utils.error_text import describe


class Speed(NamedTuple):
    """Reading times of files before and after re-encoding.

    Args:
        files (int): Number of files measured.
        before (float): Seconds for the frames of all files before.
        after (float): Seconds for the frames of all files after.
        unreadable (list[str]): Files that are unreadable before, with the
            reason; they are not measured.
    """

    files: int
    before: float
    after: float
    unreadable: list[str]


def read_sparsely(path: Path) -> float:
    """Open a video, read 8 clips of 2 frames at 2 fps, and time it.

    Args:
        path (Path): Path of the video.

    Returns:
        float: Wall-clock seconds.
    """
    load = LoadVideo()
    sample = SparseClipSampler(2, 8, target_fps=2, mode='uniform')
    start = time.perf_counter()
    results: dict[str, Any] = load(dict(filename=str(path)))
    with results['video_reader'] as reader:
        reader.get_batch(sample(results)['frame_inds']).asnumpy()
    return time.perf_counter() - start


def compare(pairs: Sequence[tuple[Path, Path]], runs: int = 5) -> Speed:
    """Compare the reading speed of files, in alternating runs.

    Args:
        pairs (Sequence[tuple[Path, Path]]): Videos before and after.
        runs (int): Number of runs; their median counts. Defaults to 5.

    Returns:
        Speed: Sums of the medians.
    """
    before = after = 0.0
    unreadable = []
    for old, new in pairs:
        reason = _reason_against(old)
        if reason is not None:
            unreadable.append(f'{old}: {reason}')
            continue
        times = [(read_sparsely(old), read_sparsely(new)) for _ in range(runs)]
        before += statistics.median(pair[0] for pair in times)
        after += statistics.median(pair[1] for pair in times)
    return Speed(len(pairs) - len(unreadable), before, after, unreadable)


def _reason_against(path: Path) -> str | None:
    """Return why a file is unreadable; also warm the file cache."""
    try:
        read_sparsely(path)
    except Exception as error:  # decoders raise many kinds
        return describe(error)
    return None
