# Copyright (c) clipbert_mm contributors.
"""Model of an index, and what an index has to know of it."""

import json
import os
import os.path as osp
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config

from clipbert_mm.apis.model_loading import build_model, read_model_files
from clipbert_mm.apis.model_names import find_model
from clipbert_mm.apis.video_inputs import VideoFrames
from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.gallery.fingerprint import strings_digest
from clipbert_mm.utils.config_loading import override_config
from clipbert_mm.weights.calibration import Calibration, read_calibration

from .description import Description


class OpenedModel(NamedTuple):
    """Model that reads a number of clips of each video.

    Args:
        name (str): Its name, from any working directory.
        clips (int): Clips of a video.
        config (Config): Its config.
        model (VideoTextModel): The model.
        calibration (Calibration | None): Its calibration, if it has one.
    """

    name: str
    clips: int
    config: Config
    model: VideoTextModel
    calibration: Calibration | None


def open_model(
    name: str | os.PathLike[str] | Config,
    weights: str | os.PathLike[str] | None,
    device: str | None,
    clips: int,
) -> OpenedModel:
    """Load a model for an index.

    Args:
        name (str | os.PathLike[str] | Config): Model; see
            :class:`~clipbert_mm.apis.ClipBERTInferencer`.
        weights (str | os.PathLike[str] | None): Checkpoint, where the model
            is a config.
        device (str | None): Device of the model.
        clips (int): Clips of a video.

    Returns:
        OpenedModel: The model.

    Raises:
        ValueError: If the model matches no texts.
    """
    found = find_model(name)
    config, state = read_model_files(found, weights)
    override_config(config, dict(num_test_clips=clips))
    model = VideoTextModel(
        build_model(config, state, device), config, show_progress=False
    )
    if not model.matches_texts:
        raise ValueError(
            f'A model of {type(model.model.task).__name__} does not match '
            'texts with videos. Pass a retrieval model.'
        )
    folder = isinstance(found, str) and osp.isdir(found)
    return OpenedModel(
        _lasting_name(name),
        clips,
        config,
        model,
        read_calibration(Path(found)) if folder else None,
    )


def describe_grids(
    opened: OpenedModel, precision: str, shape: tuple[int, int]
) -> Description:
    """Describe the grids that a model makes.

    Args:
        opened (OpenedModel): The model.
        precision (str): Precision of the grids.
        shape (tuple[int, int]): Tokens of a clip, and their width.

    Returns:
        Description: What an index keeps.
    """
    steps = opened.config.test_dataloader.dataset.pipeline
    words = opened.model.tokenize.tokenizer.get_vocab()
    return Description(
        opened.name,
        opened.model.digest,
        strings_digest(
            json.dumps(dict(step), sort_keys=True, default=str)
            for step in steps
            if 'tokenizer' not in step
        ),
        strings_digest(sorted(words.items())),
        opened.clips,
        *shape,
        precision,
    )


def grid_shape(model: VideoTextModel) -> tuple[int, int]:
    """Return the shape of the grid of a clip, by encoding a black video.

    Args:
        model (VideoTextModel): The model.

    Returns:
        tuple[int, int]: Tokens of a clip, and their width.
    """
    frames = np.zeros((16, 64, 64, 3), np.uint8)
    clips = model.pipeline(VideoFrames(frames, fps=8.0))
    tokens = model.tokens([clips.frames[:1]])
    return tokens.shape[2], tokens.shape[3]


def _lasting_name(name: str | os.PathLike[str] | Config) -> str:
    """Return the name of a model from any working directory."""
    if isinstance(name, Config):
        return str(name.filename or 'config')
    text = os.fspath(name)
    is_local = isinstance(name, Path) or osp.exists(text)
    return osp.abspath(text) if is_local else text
