# Copyright (c) clipbert_mm contributors.
"""Table of the key frames nearest to the frames of the clip sampler."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from clipbert_mm.datasets.transforms import LoadVideo, SparseClipSampler
from tools.benchmarks.harness import alternate, medians, print_table

from .case import LoaderCase


def print_snapping(case: LoaderCase, args: argparse.Namespace) -> None:
    """Print the gain of reading key frames only, and how far frames move.

    Args:
        case (LoaderCase): Videos and pipeline.
        args (argparse.Namespace): Options with ``runs``.
    """
    rows = []
    videos = (case.small[0], case.large[0], case.long[0])
    for kind, path in zip(case.kinds, videos):
        readers = {
            name: Reading(path, case, snap)
            for name, snap in (('exact', False), ('key frames', True))
        }
        seconds = medians(
            alternate(
                {name: own.read for name, own in readers.items()}, args.runs
            )
        )
        exact, snapped = (own.starts() for own in readers.values())
        moved = np.abs(exact - snapped)
        rows.append(
            (
                str(kind),
                1e3 * seconds['exact'],
                1e3 * seconds['key frames'],
                seconds['exact'] / seconds['key frames'],
                float(moved.mean()),
                float(moved.max()),
            )
        )
    print_table(
        f'{case.num_clips} uniform clips of 2 frames: snap_to_keyframes=True',
        (
            'video',
            'ms exact',
            'ms key frames',
            'ratio',
            'moved by s, mean',
            'largest',
        ),
        rows,
    )


class Reading:
    """Opening of a video, and reading of its uniform clips.

    Args:
        path (Path): Path of the video.
        case (LoaderCase): Number of clips and threads.
        snap (bool): Whether to read the nearest key frames.
    """

    def __init__(self, path: Path, case: LoaderCase, snap: bool) -> None:
        self.path = path
        self._load = LoadVideo(
            num_threads=case.decoder_threads, key_frames=snap
        )
        self._sample = SparseClipSampler(
            2,
            case.num_clips,
            target_fps=2,
            mode='uniform',
            snap_to_keyframes=snap,
        )

    def read(self) -> np.ndarray:
        """Return the frames."""
        item = self._item()
        with item['video_reader'] as reader:
            return reader.get_batch(item['frame_inds']).asnumpy()

    def starts(self) -> np.ndarray:
        """Return when the frames are shown, in seconds."""
        item = self._item()
        with item['video_reader'] as reader:
            return reader.get_frame_timestamp(item['frame_inds'])[:, 0]

    def _item(self) -> dict[str, Any]:
        item: Any = self._sample(self._load(dict(filename=str(self.path))))
        return item
