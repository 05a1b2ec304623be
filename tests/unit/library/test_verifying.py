# Copyright (c) clipbert_mm contributors.
"""Tests of checking an index."""

from pathlib import Path

import pytest
import torch

from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.student_tables import StudentTables, make_student
from clipbert_mm.library.verifying import verify

from .conftest import CLIPS, NUMBER


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


@pytest.mark.slow
def test_verify__grid_of_another_size(library: VideoLibrary) -> None:
    store = library.store
    row = next(row for row in library.videos() if row.clips)
    store._clips.update(
        where=f'video = {row.video} AND clip = 0', values=dict(grid=b'12')
    )
    assert verify(store) == [f'{row.facts.path}: 1 grids of another size']


@pytest.mark.slow
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


@pytest.mark.slow
def test_verify__vectors_that_are_missing_or_surplus(
    library: VideoLibrary,
) -> None:
    store, tables = library.store, StudentTables(library.store)
    width = store.description.width
    student = make_student(library._model, width)
    tables.save(student)
    assert verify(store) == []
    first, second, third, *_ = (r.video for r in library.videos() if r.clips)
    tables.remove([first])
    vectors = store.find_table('student_clips')
    vectors.delete(f'video = {second} AND clip = 0')
    surplus = dict(video=third, clip=CLIPS, vector=[0.0] * 64)
    vectors.add([surplus, dict(surplus, video=999)])
    problems = [
        f'2 videos have {what} vectors of the student: index again'
        for what in ('missing', 'surplus')
    ]
    assert verify(store) == problems
    tables.bring_up_to_date(student)
    assert verify(store) == []
    with torch.no_grad():
        student.log_scale += 1
    tables.bring_up_to_date(student)  # vectors of another student
    assert verify(store) == [problems[0].replace('2', str(NUMBER))]
