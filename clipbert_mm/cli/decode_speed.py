# Copyright (c) clipbert_mm contributors.
"""Measure how fast the frames that ClipBERT tests with are read."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from clipbert_mm.datasets.transforms import LoadVideo, SparseClipSampler

# before the host packages: it checks and repairs them
from clipbert_mm.media.errors import describe

STEPS = (
    LoadVideo(),
    SparseClipSampler(clip_len=2, num_clips=8, target_fps=2, mode='uniform'),
)


class Speed(NamedTuple):
    """Seconds to read the frames of all files, before and after.

    ``unreadable`` are the files that cannot be read before, with the reason;
    they do not count.
    """

    files: int
    before: float
    after: float
    unreadable: list[str]


def read_sparsely(path: Path) -> float:
    """Open a video, read 8 clips of 2 frames at 2 fps; the seconds it took.

    Args:
        path (Path): The video.

    Returns:
        float: Wall-clock seconds.
    """
    start = time.perf_counter()
    results: dict[str, Any] = dict(filename=str(path))
    for step in STEPS:
        results = step(results)
    # The sampler has made the reader go forwards.
    results['video_reader'].get_batch(results['frame_inds']).asnumpy()
    return time.perf_counter() - start


def compare(pairs: Sequence[tuple[Path, Path]], runs: int = 5) -> Speed:
    """Compare the speed of files, in runs that take turns.

    Args:
        pairs (Sequence[tuple[Path, Path]]): Videos before and after.
        runs (int): Runs of which the median counts. Defaults to 5.

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
    """Why decord cannot read a file; also warms the cache."""
    try:
        read_sparsely(path)
    except Exception as error:  # decoders raise many kinds
        return describe(error)
    return None
