# Copyright (c) clipbert_mm contributors.
"""Tests of the visualizer: built by MMAction2's registry, files, backends."""

from pathlib import Path

import numpy as np
import pytest
from mmaction.registry import VISUALIZERS
from mmaction.structures import ActionDataSample
from mmaction.visualization import ActionVisualizer
from PIL import Image

from clipbert_mm.visualization import Tile, VideoTextVisualizer
from tests.toolbox.media import write_video

CLIPS = np.full((2, 1, 40, 40, 3), (250, 10, 10), np.uint8)


@pytest.fixture
def visualizer(tmp_path: Path) -> VideoTextVisualizer:
    built = VISUALIZERS.build(
        dict(
            type='VideoTextVisualizer',
            name=str(tmp_path),  # MMEngine keeps one instance of a name
            vis_backends=[dict(type='LocalVisBackend')],
            save_dir=str(tmp_path),
        )
    )
    assert isinstance(built, ActionVisualizer)
    return built


@pytest.fixture
def sample() -> ActionDataSample:
    found = ActionDataSample()
    found.set_field(['a dog'], 'texts')
    found.set_field(np.array([0.7]), 'match_score')
    return found


@pytest.mark.slow
def test_add_datasample__writes_one_file(
    visualizer: VideoTextVisualizer, sample: ActionDataSample, tmp_path: Path
) -> None:
    path = tmp_path / 'sheets' / 'a.png'
    sheet = visualizer.add_datasample('a/b', CLIPS, sample, out_path=path)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), sheet)
    assert [p.name for p in tmp_path.rglob('*.png')] == ['a.png']
    assert not np.array_equal(sheet, visualizer.add_datasample('a/b', CLIPS))


def test_add_datasample__goes_to_the_backends(
    visualizer: VideoTextVisualizer, sample: ActionDataSample, tmp_path: Path
) -> None:
    sheet = visualizer.add_datasample('a/b', CLIPS, sample, step=3)
    (path,) = tmp_path.rglob('*.png')
    assert path.name == 'a_b_3.png'
    np.testing.assert_array_equal(np.asarray(Image.open(path)), sheet)


def test_add_datasample__shows_the_scores_of_clips(
    visualizer: VideoTextVisualizer, sample: ActionDataSample
) -> None:
    bare = visualizer.add_datasample('a', CLIPS, sample)
    sample.set_field([sample.clone() for _ in CLIPS], 'clip_samples')
    assert len(visualizer.add_datasample('a', CLIPS, sample)) > len(bare)
    plain = visualizer.add_datasample('a', CLIPS, sample, draw_score=False)
    assert len(plain) == len(bare)


def test_add_datasample__reads_a_file(
    visualizer: VideoTextVisualizer, sample: ActionDataSample, tmp_path: Path
) -> None:
    video = write_video(tmp_path / 'имя.mp4', num_frames=5)
    sheet = visualizer.add_datasample('имя', video, sample, frame_size=64)
    assert sheet.shape[1] > 5 * 64


def test_add_ranking__marks_the_right_one(
    visualizer: VideoTextVisualizer, tmp_path: Path
) -> None:
    tiles = [Tile(list(CLIPS[0]), 'a.mp4', 0.9, is_right=True)]
    path = tmp_path / 'a.png'
    sheet = visualizer.add_ranking('a', 'a dog', tiles, out_path=path)
    assert (sheet == (26, 138, 60)).all(-1).any()
    np.testing.assert_array_equal(np.asarray(Image.open(path)), sheet)
