# Copyright (c) clipbert_mm contributors.
"""Peak memory of reading a video, in a process that does nothing else."""

from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch

from tools.benchmarks.process_memory import resident_bytes

from .case import LoaderCase
from .sides import decoding_side, drawn_turns, pipeline_side


def peak_memory(name: str, case: LoaderCase, path: Path) -> int:
    """Measure the peak memory of reading one video.

    Args:
        name (str): ``'pipeline'``, or a name of
            :func:`~.sides.decoding_side`.
        case (LoaderCase): Pipeline and clips.
        path (Path): The video.

    Returns:
        int: Bytes above what the process held before it opened the video.
    """
    clips = drawn_turns(case, [path], draws=1, turns=1)
    # A process of the fork server has imported everything and read nothing,
    # so no memory of an earlier video is used again.
    context = get_context('forkserver')
    context.set_forkserver_preload([__name__])
    with context.Pool(1) as pool:
        return pool.apply(_measure, (name, case, path, clips))


def _measure(
    name: str,
    case: LoaderCase,
    path: Path,
    clips: Sequence[Sequence[np.ndarray]],
) -> int:
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    side = (
        pipeline_side(case, [path], draws=1)
        if name == 'pipeline'
        else decoding_side(name, case, [path], 1, clips)
    )
    before = resident_bytes('VmRSS')
    frames = side()
    peak = resident_bytes('VmHWM')
    del frames  # not before the peak is known
    return peak - before
