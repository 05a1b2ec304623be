# Copyright (c) clipbert_mm contributors.
"""Tests of the videos that an argument may name."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.apis import SkippedVideo, VideoFrames
from clipbert_mm.apis.video_inputs import expand_videos, is_single_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ('b.mp4', 'a.MKV', 'sub/c.webm', 'notes.txt', 'd.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_expand__folders_patterns_and_files(folder: Path) -> None:
    below = [str(folder / name) for name in ('a.MKV', 'b.mp4', 'sub/c.webm')]
    assert expand_videos(folder) == below
    assert expand_videos(str(folder) + os.sep) == below
    assert expand_videos(str(folder / '*.mp4')) == [str(folder / 'b.mp4')]
    assert expand_videos(f'{folder}/**/*.w*') == [below[2]]
    assert expand_videos([folder / 'sub', below[0]]) == [below[2], below[0]]
    assert expand_videos(path for path in below) == below
    assert expand_videos(np.array(below)) == below
    assert expand_videos(folder, ('.jpg',)) == [str(folder / 'd.jpg')]
    assert expand_videos('missing.mp4') == ['missing.mp4']


def test_expand__names_with_pattern_characters(tmp_path: Path) -> None:
    path = tmp_path / 'take [1]*?.mp4'
    path.touch()
    assert expand_videos(path) == [str(path)]
    assert is_single_video(path)


def test_expand__frames_and_skipped_pass() -> None:
    frames = VideoFrames(np.zeros((2, 8, 8, 3), np.uint8), 5)
    skipped = SkippedVideo('a.mp4', 'empty')
    assert expand_videos([frames, skipped]) == [frames, skipped]
    assert expand_videos(frames) == [frames]
    assert is_single_video(frames)


@pytest.mark.parametrize(
    'videos, error, message',
    [
        ([], ValueError, 'at least one video'),
        (['a.mp4', ' '], ValueError, "Video 1 must be .* got ' '"),
        ('https://a.b/c.mp4', ValueError, 'is not downloaded. Download the'),
        ('s3://b/c.mp4', ValueError, 'the address'),
        ('no/*.mp4', FileNotFoundError, r"matches the pattern 'no/\*.mp4'"),
        (None, TypeError, r'got None \(NoneType\)'),
        (3, TypeError, r'got 3 \(int\)'),
        ({'a': 'a.mp4'}, TypeError, r'\(dict\)'),
        (['a.mp4', None], TypeError, 'Video 1 must be a path'),
        ([['a.mp4']], TypeError, r'Video 0 .*\(list\)'),
        (torch.zeros(2, 3, 8, 8), TypeError, r'shape \(2, 3, 8, 8\)'),
    ],
)
def test_expand__wrong_arguments(
    videos: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        expand_videos(videos)


def test_expand__folder_without_videos(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='holds no file with one of'):
        expand_videos(tmp_path)


def test_is_single_video(folder: Path) -> None:
    assert is_single_video(str(folder / 'b.mp4'))
    assert not is_single_video(folder)
    assert not is_single_video(str(folder / '*.mp4'))
    assert not is_single_video(['a.mp4'])


def test_frames__channels_first_or_last() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (4, 6, 5, 3), np.uint8)
    for given in (
        frames,
        torch.from_numpy(frames),
        torch.from_numpy(frames).permute(0, 3, 1, 2),
    ):
        np.testing.assert_array_equal(VideoFrames(given, 5).array(), frames)


@pytest.mark.parametrize('name', [None, 7, Path('a.mp4')])
def test_frames__name_of_another_type(name: object) -> None:
    with pytest.raises(TypeError, match='must be its name, a string, but got'):
        VideoFrames(np.zeros((2, 8, 8, 3), np.uint8), 5, name)  # type: ignore[arg-type]
