# Copyright (c) clipbert_mm contributors.
"""Sides of the benchmark of loading: functions and datasets to time."""

import functools
import io
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import decord
import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose, pseudo_collate

from clipbert_mm.datasets.transforms import LoadVideo
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.opening import DECODERS

from .case import LoaderCase
from .reference_decoding import decode_clips


@functools.cache
def available_decoders() -> list[str]:
    """Return the decoders that can be imported, and print which cannot."""
    found = []
    for decoder in DECODERS:
        try:
            LoadVideo(decoder=decoder)
        except ImportError as error:
            print(f'not measured: {error}\n')
        else:
            found.append(decoder)
    return found


def split(steps: list[dict]) -> tuple[Compose, Compose]:
    """Split a pipeline after decoding.

    Args:
        steps (list[dict]): The pipeline.

    Returns:
        tuple[Compose, Compose]: The steps up to decoding, and the others.
    """
    last = [step['type'] for step in steps].index('DecordDecode') + 1
    return Compose(steps[:last]), Compose(steps[last:])


def drawn_clips(steps: list[dict], items: Sequence[dict]) -> list[np.ndarray]:
    """Return the frames that the sampler draws.

    Args:
        steps (list[dict]): The pipeline.
        items (Sequence[dict]): Items from :meth:`LoaderCase.items`.

    Returns:
        list[np.ndarray]: Indices of frames ``(C, T)`` of each item.
    """
    sample = Compose(steps[:2])
    clips = []
    for item in items:
        result = sample(item)
        clips.append(result['frame_inds'].reshape(result['num_clips'], -1))
    return clips


def drawn_turns(
    case: LoaderCase, paths: Sequence[Path], draws: int, turns: int
) -> list[list[np.ndarray]]:
    """Return the frames that every side reads in each of its turns.

    Args:
        case (LoaderCase): Pipeline and clips.
        paths (Sequence[Path]): The videos.
        draws (int): Number of draws of clips of each video in a turn.
        turns (int): Number of turns.

    Returns:
        list[list[np.ndarray]]: Indices of frames ``(C, T)`` of each item of
        each turn.
    """
    return [
        drawn_clips(case.steps(), case.items(paths, draws, turn))
        for turn in range(turns)
    ]


def decoding_side(
    name: str,
    case: LoaderCase,
    paths: Sequence[Path],
    draws: int,
    clips: Sequence[Sequence[np.ndarray]],
) -> Callable[[], list]:
    """Return a way to decode the clips of videos.

    Args:
        name (str): ``'reference'``; ``'bare'``, decord alone; or a decoder of
            ``LoadVideo``, ours.
        case (LoaderCase): Pipeline and clips.
        paths (Sequence[Path]): The videos.
        draws (int): Number of draws of clips of each video in a turn.
        clips (Sequence[Sequence[np.ndarray]]): Result of
            :func:`drawn_turns`, for the sides that are not ours.

    Returns:
        Callable[[], list]: Function that returns the frames; every call reads
        those of the next turn.
    """
    files = [Path(item['filename']) for item in case.items(paths, draws)]
    if name == 'reference':
        return _in_turns(
            lambda turn: [
                decode_clips(path, drawn, case.decoder_threads)
                for path, drawn in zip(files, clips[turn])
            ]
        )
    if name == 'bare':
        return _in_turns(
            lambda turn: [
                _decode_bare(path, drawn, case.decoder_threads)
                for path, drawn in zip(files, clips[turn])
            ]
        )
    decode, _ = split(case.steps(decoder=name))
    return _in_turns(
        lambda turn: [
            decode(item)['imgs'] for item in case.items(paths, draws, turn)
        ]
    )


def _decode_bare(path: Path, clips: np.ndarray, threads: int) -> np.ndarray:
    reader = decord.VideoReader(
        io.BytesIO(path.read_bytes()), num_threads=threads
    )
    return reader.get_batch(np.unique(clips)).asnumpy()


def decoding_sides(
    case: LoaderCase, paths: Sequence[Path], draws: int, turns: int
) -> dict[str, Callable[[], list]]:
    """Return ways to decode the clips of videos, with equal results.

    Args:
        case (LoaderCase): Pipeline and clips.
        paths (Sequence[Path]): The videos.
        draws (int): Number of draws of clips of each video in a turn.
        turns (int): Number of calls of each side. Every call reads other
            clips, the same ones on every side.

    Returns:
        dict[str, Callable[[], list]]: Result of :func:`decoding_side`, by
        name.
    """
    clips = drawn_turns(case, paths, draws, turns)
    return {
        name: decoding_side(name, case, paths, draws, clips)
        for name in ('reference', 'bare', *available_decoders())
    }


def pipeline_side(
    case: LoaderCase, paths: Sequence[Path], draws: int
) -> Callable[[], object]:
    """Return a function that runs the whole pipeline and collates.

    Args:
        case (LoaderCase): Pipeline and clips.
        paths (Sequence[Path]): The videos.
        draws (int): Number of draws of clips of each video in a turn.

    Returns:
        Callable[[], object]: The function; every call reads other clips.
    """
    pipeline = Compose(case.steps())
    return _in_turns(
        lambda turn: pseudo_collate(
            [pipeline(item) for item in case.items(paths, draws, turn)]
        )
    )


def _in_turns(side: Callable[[int], Any]) -> Callable[[], Any]:
    """Return a function that passes on the number of earlier calls."""
    turn = itertools.count()
    return lambda: side(next(turn))


def resized_after(
    case: LoaderCase, path: Path, decoder: str, size: int
) -> np.ndarray:
    """Decode frames, then resize them as ``ResizeLongSide`` does.

    Args:
        case (LoaderCase): Pipeline and clips.
        path (Path): The video.
        decoder (str): Decoder of ``LoadVideo``.
        size (int): Length of the longer side, pixels.

    Returns:
        np.ndarray: Frames ``(C * T, H, W, 3)``.
    """
    decode, _ = split(case.steps(decoder=decoder))
    imgs = decode(case.items([path])[0])['imgs']
    height, width = long_side_shape(imgs[0].shape[0], imgs[0].shape[1], size)
    return np.stack(
        [
            cv2.resize(img, (width, height), interpolation=cv2.INTER_LINEAR)
            for img in imgs
        ]
    )


def scaled_in_decoder(
    case: LoaderCase, path: Path, decoder: str, size: int
) -> np.ndarray:
    """Decode frames and let the decoder scale them.

    Args:
        case (LoaderCase): Pipeline and clips.
        path (Path): The video.
        decoder (str): Decoder of ``LoadVideo``.
        size (int): Length of the longer side, pixels.

    Returns:
        np.ndarray: Frames ``(C * T, H, W, 3)``.
    """
    decode, _ = split(case.steps(decoder=decoder, decode_size=size))
    return np.stack(decode(case.items([path])[0])['imgs'])


class VideoItems(torch.utils.data.Dataset):
    """Dataset of videos, for data loaders.

    Args:
        case (LoaderCase): Videos and pipeline.
        decoder (str): Decoder of ``LoadVideo``.
    """

    def __init__(self, case: LoaderCase, decoder: str) -> None:
        self.case = case
        self.pipeline = Compose(case.steps(decoder=decoder))

    def __len__(self) -> int:
        # A few batches, so that all workers are busy.
        return 4 * len(self.case.small)

    def __getitem__(self, index: int) -> dict:
        path = self.case.small[index % len(self.case.small)]
        return self.pipeline(self.case.items([path])[0])


def build_steps(steps: list[dict]) -> list[tuple[str, Callable]]:
    """Build the transforms of a pipeline.

    Args:
        steps (list[dict]): The pipeline.

    Returns:
        list[tuple[str, Callable]]: Name and transform of each step.
    """
    return [(step['type'], TRANSFORMS.build(step)) for step in steps]
