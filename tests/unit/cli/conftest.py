# Copyright (c) clipbert_mm contributors.
"""An index of a few videos, for the commands that use one."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.toolbox.indexing import make_index, make_videos


class Indexed(NamedTuple):
    """Videos, their index, and what `clipbert-mm index` printed."""

    videos: Path
    folder: Path
    printed: dict[str, Any]


@pytest.fixture(scope='session')
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    pytest.importorskip('lancedb', reason='the extra search is not installed')
    videos = make_videos(tmp_path_factory.mktemp('videos'))
    folder = tmp_path_factory.mktemp('index') / 'library'
    return Indexed(videos, folder, make_index(videos, folder))
