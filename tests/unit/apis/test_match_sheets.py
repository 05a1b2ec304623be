# Copyright (c) clipbert_mm contributors.
"""Tests of the sheets of predictions: which frames, of which input."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from PIL import Image

from clipbert_mm.apis.match_sheets import draw_match_sheet, sources_of
from clipbert_mm.apis.video_features import SkippedVideo, VideoFeatures
from clipbert_mm.apis.video_inputs import Video, VideoFrames
from clipbert_mm.visualization.drawing import fit

TIMES = ((0.0, 0.2), (0.4, 0.6), (0.8, 1.0))


def prediction_of(video: str, **scores: float) -> ActionDataSample:
    sample = ActionDataSample()
    sample.set_field(video, 'video')
    sample.set_field(['a dog', 'a cat'], 'texts')
    sample.set_field(
        torch.tensor([0.25, scores.get('cat', 0.5)]), 'match_score'
    )
    sample.set_field(torch.rand(2, 3), 'clip_scores')
    sample.set_field(TIMES, 'clip_times')
    return sample


def numbered() -> VideoFrames:
    """Ten frames at ten a second, each of its own grey."""
    levels = np.arange(10, dtype=np.uint8)[:, None, None, None] * 20
    return VideoFrames(np.tile(levels, (1, 112, 112, 3)), fps=10)


def holds(sheet: np.ndarray, frame: np.ndarray) -> bool:
    """Whether a sheet holds a frame, as it is fitted into its square."""
    tile = np.asarray(fit(frame, 112))
    height, width = sheet.shape[:2]
    return any(
        np.array_equal(sheet[top : top + 112, left : left + 112], tile)
        for top in range(height - 111)
        for left in (12, 136, 260)
        if left + 112 <= width
    )


def test_draw__the_middle_frame_of_each_clip() -> None:
    frames = numbered()
    sheet = draw_match_sheet(prediction_of('frames'), frames)
    found = [i for i in range(10) if holds(sheet, frames.array()[i])]
    assert found == [1, 5, 9]


def test_draw__scores_are_shown() -> None:
    first = draw_match_sheet(prediction_of('frames'), numbered())
    other = draw_match_sheet(prediction_of('frames', cat=0.75), numbered())
    assert first.shape == other.shape
    assert not np.array_equal(first, other)


def test_draw__still_image(tmp_path: Path) -> None:
    path = str(tmp_path / 'a.png')
    pixels = np.full((112, 112, 3), (250, 10, 10), np.uint8)
    Image.fromarray(pixels).save(path)
    sheet = draw_match_sheet(prediction_of(path), path)
    assert holds(sheet, pixels)
    assert (sheet == pixels[0, 0]).all(-1).sum() == 3 * 108 * 108


def test_draw__features_need_their_file() -> None:
    features = VideoFeatures('frames', torch.zeros(3, 1, 8), TIMES, '')
    with pytest.raises(FileNotFoundError, match='instead of its features'):
        draw_match_sheet(prediction_of('frames'), features)


def test_sources__in_order_without_the_skipped() -> None:
    inputs: list[Video] = [
        'a.mp4',
        SkippedVideo('b.mp4', 'empty'),
        'c.mp4',
        numbered(),
        'a.mp4',
    ]
    names = ['a.mp4', 'frames', 'a.mp4']
    found = list(sources_of(inputs, [prediction_of(n) for n in names]))
    assert found == [inputs[0], inputs[3], inputs[4]]
