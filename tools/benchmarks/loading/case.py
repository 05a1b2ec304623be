# Copyright (c) clipbert_mm contributors.
"""Case of the benchmark of loading: videos, clips and pipeline."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from .videos import VideoKind, caption


class LoaderCase(NamedTuple):
    """Videos and the pipeline that reads them.

    Args:
        cfg (Config): Config with the training pipeline.
        tokenizer (str): Folder of the vocabulary to tokenise with.
        small (list[Path]): Small videos.
        large (list[Path]): Large videos.
        compressed (list[Path]): The large videos after compress.py.
        long (list[Path]): One video of hours.
        kinds (tuple[VideoKind, VideoKind, VideoKind]): Kinds of small, large
            and long videos.
        num_clips (int): Number of clips of a video.
        draws (int): Number of draws of clips of each large video.
        decoder_threads (int): Threads of every decoder.
    """

    cfg: Config
    tokenizer: str
    small: list[Path]
    large: list[Path]
    compressed: list[Path]
    long: list[Path]
    kinds: tuple[VideoKind, VideoKind, VideoKind]
    num_clips: int
    draws: int
    decoder_threads: int

    def steps(self, **load_options: Any) -> list[dict]:
        """Return the training pipeline of the config.

        Args:
            **load_options (Any): Options of ``LoadVideo``.

        Returns:
            list[dict]: The steps.

        Raises:
            ValueError: If the pipeline does not read videos.
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
        """Return the items that a dataset passes to the pipeline.

        Args:
            paths (Sequence[Path]): The videos.
            draws (int): Number of draws of clips of each. Defaults to 1.
            turn (int): Number of the turn, which changes the draws. Defaults
                to 0.

        Returns:
            list[dict]: One item for each draw. Its generator is new in each
            call, so that in a turn all sides read the same frames.
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
