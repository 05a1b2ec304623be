# Copyright (c) clipbert_mm contributors.
"""The videos, pipelines and sides of the benchmark of loading."""

import copy
import functools
import io
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import decord
import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.transforms import LoadVideo
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.opening import DECODERS

from .reference_decoding import decode_clips
from .videos import VideoKind, caption


class LoaderCase(NamedTuple):
    """What is measured.

    Args:
        cfg (Config): Whose training pipeline it is.
        tokenizer (str): Folder of the vocabulary to tokenise with.
        small (list[Path]): Small videos.
        large (list[Path]): Large videos.
        compressed (list[Path]): The large ones after compress.py.
        kinds (tuple[VideoKind, VideoKind]): Small and large.
        num_clips (int): Clips of a video.
        draws (int): Draws of clips of each large video.
        decoder_threads (int): Threads of every decoder.
    """

    cfg: Config
    tokenizer: str
    small: list[Path]
    large: list[Path]
    compressed: list[Path]
    kinds: tuple[VideoKind, VideoKind]
    num_clips: int
    draws: int
    decoder_threads: int

    def steps(self, **load_options: Any) -> list[dict]:
        """The training pipeline of the config.

        Args:
            **load_options (Any): Of ``LoadVideo``.

        Returns:
            list[dict]: The steps.

        Raises:
            ValueError: If it does not read videos.
        """
        init_default_scope('mmaction')
        steps = copy.deepcopy(list(self.cfg.train_dataloader.dataset.pipeline))
        if steps[0]['type'] != 'LoadVideo':
            raise ValueError(
                'The config must read videos by LoadVideo, but '
                f'its first step is {steps[0]["type"]}.'
            )
        steps[0].update(num_threads=self.decoder_threads, **load_options)
        for step in steps:
            if 'tokenizer' in step:
                step['tokenizer'] = self.tokenizer
            if step['type'] == 'SparseClipSampler':
                step.update(num_clips=self.num_clips, mode='random')
        return steps

    def items(
        self, paths: Sequence[Path], draws: int = 1, turn: int = 0
    ) -> list[dict]:
        """What the data set gives to the pipeline.

        Args:
            paths (Sequence[Path]): The videos.
            draws (int): Draws of clips of each. Defaults to 1.
            turn (int): Other turns have other draws. Defaults to 0.

        Returns:
            list[dict]: An item for each draw. Its generator is new in each
            call: in a turn all sides read the same frames.
        """
        return [
            dict(
                filename=str(path),
                video_id=path.stem,
                rng=np.random.default_rng((turn, draw, i)),
                modality='RGB',
                start_index=0,
                texts=[caption(2 * i), caption(2 * i + 1)],
                text_labels=np.array([1, 0]),
            )
            for draw in range(draws)
            for i, path in enumerate(paths)
        ]


@functools.cache
def available_decoders() -> list[str]:
    """The decoders that can be imported here; says which cannot."""
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
    """The steps up to decoding, and those after it.

    Args:
        steps (list[dict]): A pipeline.

    Returns:
        tuple[Compose, Compose]: Both parts.
    """
    last = [step['type'] for step in steps].index('DecordDecode') + 1
    return Compose(steps[:last]), Compose(steps[last:])


def drawn_clips(steps: list[dict], items: Sequence[dict]) -> list[np.ndarray]:
    """The frames that the sampler draws for items.

    Args:
        steps (list[dict]): The pipeline.
        items (Sequence[dict]): Of :meth:`LoaderCase.items`.

    Returns:
        list[np.ndarray]: Each ``(num_clips, clip_len)``.
    """
    sample = Compose(steps[:2])
    clips = []
    for item in items:
        result = sample(item)
        clips.append(result['frame_inds'].reshape(result['num_clips'], -1))
    return clips


def decoding_sides(
    case: LoaderCase, paths: Sequence[Path], draws: int, turns: int
) -> dict[str, Callable[[], list]]:
    """Ways to decode the clips of videos, which give the same pixels.

    Args:
        case (LoaderCase): What is measured.
        paths (Sequence[Path]): The videos.
        draws (int): Draws of clips of each in a turn.
        turns (int): How often each side will be called; each time it reads
            other clips, and so do the others.

    Returns:
        dict[str, Callable]: ``'reference'``; ``'bare'``, decord alone;
        ``'decord'``, ``'pyav'`` ..., ours; each returns the frames.
    """
    files = [Path(item['filename']) for item in case.items(paths, draws)]
    clips = [
        drawn_clips(case.steps(), case.items(paths, draws, turn))
        for turn in range(turns)
    ]

    def reference(turn: int) -> list:
        return [
            decode_clips(path, drawn, case.decoder_threads)
            for path, drawn in zip(files, clips[turn])
        ]

    def bare(turn: int) -> list:
        frames = []
        for path, drawn in zip(files, clips[turn]):
            reader = decord.VideoReader(
                io.BytesIO(path.read_bytes()), num_threads=case.decoder_threads
            )
            frames.append(reader.get_batch(np.unique(drawn)).asnumpy())
        return frames

    def ours(decoder: str) -> Callable[[int], list]:
        decode, _ = split(case.steps(decoder=decoder))
        return lambda turn: [
            decode(item)['imgs'] for item in case.items(paths, draws, turn)
        ]

    sides = dict(reference=reference, bare=bare)
    sides.update({name: ours(name) for name in available_decoders()})
    return {name: _in_turns(side) for name, side in sides.items()}


def pipeline_side(
    case: LoaderCase, paths: Sequence[Path], draws: int
) -> Callable[[], object]:
    """The whole pipeline, and the items collated.

    Args:
        case (LoaderCase): What is measured.
        paths (Sequence[Path]): The videos.
        draws (int): Draws of clips of each in a turn.

    Returns:
        Callable: To be timed, with other clips at each call.
    """
    pipeline = Compose(case.steps())
    return _in_turns(
        lambda turn: pseudo_collate(
            [pipeline(item) for item in case.items(paths, draws, turn)]
        )
    )


def _in_turns(side: Callable[[int], Any]) -> Callable[[], Any]:
    """A function that is told how often it has been called."""
    turn = itertools.count()
    return lambda: side(next(turn))


def resized_after(
    case: LoaderCase, path: Path, decoder: str, size: int
) -> np.ndarray:
    """Frames resized as ``ResizeLongSide`` does."""
    decode, _ = split(case.steps(decoder=decoder))
    imgs = decode(case.items([path])[0])['imgs']
    height, width = long_side_shape(*imgs[0].shape[:2], size)
    return np.stack(
        [
            cv2.resize(img, (width, height), interpolation=cv2.INTER_LINEAR)
            for img in imgs
        ]
    )


def scaled_in_decoder(
    case: LoaderCase, path: Path, decoder: str, size: int
) -> np.ndarray:
    """Frames that the decoder scales."""
    decode, _ = split(case.steps(decoder=decoder, decode_size=size))
    return np.stack(decode(case.items([path])[0])['imgs'])


class VideoItems(torch.utils.data.Dataset):
    """A data set of videos, for data loaders.

    Args:
        case (LoaderCase): What is measured.
        decoder (str): Of ``LoadVideo``.
    """

    def __init__(self, case: LoaderCase, decoder: str) -> None:
        self.case = case
        self.pipeline = Compose(case.steps(decoder=decoder))

    def __len__(self) -> int:
        # A few batches, so that workers have something to do.
        return 4 * len(self.case.small)

    def __getitem__(self, index: int) -> dict:
        path = self.case.small[index % len(self.case.small)]
        return self.pipeline(self.case.items([path])[0])


def build_steps(steps: list[dict]) -> list[tuple[str, Callable]]:
    """The transforms of a pipeline with their names."""
    return [(step['type'], TRANSFORMS.build(step)) for step in steps]
