# Copyright (c) clipbert_mm contributors.
"""Tests of checking an index."""

from pathlib import Path

from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.verifying import verify

from .conftest import CLIPS


def test_verify__whole_index(library: VideoLibrary) -> None:
    assert verify(library.store) == []


def test_verify__clips_that_are_missing_or_surplus(
    library: VideoLibrary,
) -> None:
    store = library.store
    first, second, *_ = (row for row in library.videos() if row.clips)
    store._clips.delete(f'video = {first.video} AND clip = 1')
    store._videos.delete(f'video = {second.video}')
    assert verify(store) == [
        f'{CLIPS} clips belong to no video: index again',
        f'{first.facts.path}: {CLIPS - 1} of {CLIPS} clips: index again',
    ]


def test_verify__grid_of_another_size(library: VideoLibrary) -> None:
    store = library.store
    row = next(row for row in library.videos() if row.clips)
    store._clips.update(
        where=f'video = {row.video} AND clip = 0', values=dict(grid=b'12')
    )
    assert verify(store) == [f'{row.facts.path}: 1 grids of another size']


def test_verify__files_that_changed(
    library: VideoLibrary, videos: Path
) -> None:
    first, second, *_ = sorted(videos.glob('g*.mp4'))
    first.unlink()
    second.write_bytes(second.read_bytes() + b'\0')
    assert sorted(verify(library.store)) == [
        f'{first}: the file is gone',
        f'{second}: the file has changed: index again',
    ]
