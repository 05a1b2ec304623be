# Copyright (c) clipbert_mm contributors.
"""Maps of relevance: by occlusion of the frames, or from attention."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from clipbert_mm.models.explanation.recorded_head import explain_pairs

from .clip_pipeline import Clips
from .explained_target import ExplainedTarget, clip_evidence
from .text_words import Word
from .video_features import VideoFeatures
from .video_text_model import VideoTextModel

METHODS = ('occlusion', 'attention')
# The long side has so many cells, and 3 x 3 of them are hidden at a time.
_CELLS = 8
_AT_ONCE = 8  # occluded copies of a video


class RelevanceMaps(NamedTuple):
    """Maps of the clips, and the size of their cells.

    Args:
        whole (np.ndarray): For the whole text, ``(C, rows, columns)``.
        words (np.ndarray): For each word, ``(words, C, rows, columns)``.
        cell_size (tuple[float, float]): Height and width, pixels.
    """

    whole: np.ndarray
    words: np.ndarray
    cell_size: tuple[float, float]


def occlude(
    frames: np.ndarray, image_shape: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Hide every place of a video in turn.

    A place is a cell with the eight around it; it gets the mean colour of
    its frame, without the padding.

    Args:
        frames (np.ndarray): uint8 ``(C, ch, T, H, W)``.
        image_shape (tuple[int, int]): Height and width without padding.

    Yields:
        np.ndarray: Copy of the frames, one for each cell, row by row.
    """
    height, width = image_shape
    inner = frames[..., :height, :width]
    colour = inner.mean((-2, -1), keepdims=True).round().astype(frames.dtype)
    side = cell_side(image_shape)
    rows, columns = grid_shape(image_shape)
    for row in range(rows):
        for column in range(columns):
            top, left = round((row - 1) * side), round((column - 1) * side)
            bottom, right = top + round(3 * side), left + round(3 * side)
            hidden = frames.copy()
            hidden[
                ...,
                max(0, top) : min(height, bottom),
                max(0, left) : min(width, right),
            ] = colour
            yield hidden


def cell_side(image_shape: tuple[int, int]) -> float:
    """Return the side of the cells of an occlusion.

    Args:
        image_shape (tuple[int, int]): Height and width, pixels.

    Returns:
        float: An eighth of the longer side.

    Example:
        >>> cell_side((48, 64))
        8.0
    """
    return max(image_shape) / _CELLS


def grid_shape(image_shape: tuple[int, int]) -> tuple[int, int]:
    """Return the rows and columns of the cells of an occlusion.

    Args:
        image_shape (tuple[int, int]): Height and width, pixels.

    Returns:
        tuple[int, int]: Numbers of rows and columns.

    Example:
        >>> grid_shape((48, 64))
        (6, 8)
    """
    rows, columns = (
        -(-length * _CELLS // max(image_shape)) for length in image_shape
    )
    return rows, columns


def occlusion_maps(
    core: VideoTextModel,
    clips: Clips,
    features: VideoFeatures,
    target: ExplainedTarget,
    texts: Sequence[str],
) -> RelevanceMaps:
    """Return the evidence that is lost when a place is hidden.

    The map of a word is the part of that loss which disappears with the
    word: what word and place add together.

    Args:
        core (VideoTextModel): The model.
        clips (Clips): The video.
        features (VideoFeatures): Its features.
        target (ExplainedTarget): What is explained.
        texts (Sequence[str]): The text, and the text without each word.

    Returns:
        RelevanceMaps: The maps.
    """

    def evidence(videos: Sequence[VideoFeatures]) -> Tensor:
        with torch.no_grad():
            logits = core.clip_logits(videos, texts)
            return clip_evidence(core, logits, target.label)  # (n, M, C)

    lost, whole = [], evidence([features])
    places = list(range(int(np.prod(grid_shape(clips.image_shape)))))
    hidden = occlude(clips.frames, clips.image_shape)
    for start in places[::_AT_ONCE]:
        frames = [next(hidden) for _ in places[start : start + _AT_ONCE]]
        videos = [
            VideoFeatures(features.video, tokens, features.clips, core.digest)
            for tokens in core.tokens(frames)
        ]
        lost.append(whole - evidence(videos))
    maps = torch.cat(lost).permute(1, 2, 0).numpy()  # (M, C, places)
    maps = maps.reshape(*maps.shape[:2], *grid_shape(clips.image_shape))
    side = cell_side(clips.image_shape)
    return RelevanceMaps(maps[0], maps[0] - maps[1:], (side, side))


def attention_maps(
    core: VideoTextModel,
    clips: Clips,
    target: ExplainedTarget,
    words: Sequence[Word],
) -> RelevanceMaps:
    """Return the relevance of the grid's cells by Chefer et al.'s rule.

    The map of the text is the row of ``[CLS]``, that of a word the sum of the
    rows of its pieces. A cell of joined frames is the sum over the frames, as
    an occlusion hides a place in all of them.

    Args:
        core (VideoTextModel): The model.
        clips (Clips): The video.
        target (ExplainedTarget): What is explained.
        words (Sequence[Word]): Words of the text.

    Returns:
        RelevanceMaps: The maps.
    """
    model = core.model
    ids = core.tokenize.tokenize([target.text])['input_ids']
    with torch.no_grad():
        grid = model.extract_grid(core.preprocess([clips.frames]))
        visual = model.head.grid_embedding(grid)
        text = model.embed_texts(torch.as_tensor(ids)[None].to(visual.device))
    rows, columns = grid.shape[-3:-1]
    relevance = explain_pairs(
        model.head,
        text,
        None,
        visual,
        lambda logits: clip_evidence(core, logits, target.label),
    ).relevance[0, 0, :, :, -visual.shape[2] :]
    maps = relevance.unflatten(-1, (-1, rows, columns)).sum(-3).cpu().numpy()
    height, width = clips.frames.shape[-2:]
    return RelevanceMaps(
        maps[:, 0],
        np.array([maps[:, word.tokens].sum(1) for word in words]),
        (height / rows, width / columns),
    )
