# Copyright (c) clipbert_mm contributors.
"""A service of a small library."""

from pathlib import Path

import pytest

from clipbert_mm.library import VideoLibrary
from clipbert_mm.serving import LibraryService, ServiceLimits
from tests.toolbox.indexing import make_index, make_videos

pytest.importorskip('lancedb', reason='the extra web is not installed')
pytest.importorskip('starlette', reason='the extra web is not installed')


@pytest.fixture(scope='session')
def library(tmp_path_factory: pytest.TempPathFactory) -> VideoLibrary:
    """An index of a few videos of the demo."""
    videos = make_videos(tmp_path_factory.mktemp('videos'))
    folder = tmp_path_factory.mktemp('index') / 'library'
    make_index(videos, folder)
    return VideoLibrary(folder, device='cpu')


@pytest.fixture
def service(library: VideoLibrary) -> LibraryService:
    """A service with small limits."""
    limits = ServiceLimits(
        body_bytes=2000, query_characters=200, results=50, documents=9
    )
    return LibraryService(library, limits)


@pytest.fixture
def page(library: VideoLibrary) -> int:
    """The number of the unreadable file of the index."""
    (number,) = (row.video for row in library.videos() if not row.clips)
    assert Path(library.path_of(number)).name == 'page.mp4'
    return number
