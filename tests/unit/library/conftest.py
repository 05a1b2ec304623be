# Copyright (c) clipbert_mm contributors.
"""Videos of the demo, and an index of them."""

import shutil
from pathlib import Path

import pytest

from clipbert_mm.apis import ClipBERTInferencer, demo_videos
from clipbert_mm.library import VideoLibrary

pytest.importorskip('lancedb', reason='the extra search is not installed')

CLIPS = 4
NUMBER = 6


@pytest.fixture(scope='session')
def inferencer() -> ClipBERTInferencer:
    """The model of the demo."""
    return ClipBERTInferencer('demo', device='cpu')


@pytest.fixture(scope='session')
def some_videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few videos of the demo, and a file that is none."""
    folder = tmp_path_factory.mktemp('library') / 'videos'
    folder.mkdir()
    for path in demo_videos()[:NUMBER]:
        shutil.copy2(path, folder)
    (folder / 'page.mp4').write_text('<html></html>')
    return folder


@pytest.fixture
def videos(some_videos: Path, tmp_path: Path) -> Path:
    """A copy of the folder, to be changed."""
    shutil.copytree(some_videos, tmp_path / 'videos')
    return tmp_path / 'videos'


@pytest.fixture
def library(videos: Path, tmp_path: Path) -> VideoLibrary:
    """An index of the folder."""
    made = VideoLibrary.create(tmp_path / 'index', clips=CLIPS)
    made.update(videos)
    return made
