# Copyright (c) clipbert_mm contributors.
"""Tests of the tables of a student, against the student itself."""

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch

from clipbert_mm.library import LibraryError, VideoLibrary
from clipbert_mm.library.searching import features_of
from clipbert_mm.library.store import IndexStore
from clipbert_mm.library.student import Student
from clipbert_mm.library.student_tables import (
    StudentTables,
    embed_queries,
    make_student,
)

from .conftest import CLIPS, NUMBER

TEXTS = ['a big red ring moves at the left', 'a small blue cross']


def untrained(library: VideoLibrary, seed: int = 0) -> Student:
    torch.manual_seed(seed)
    return make_student(library._model, library.store.description.width).eval()


@torch.no_grad()
def best_clips(library: VideoLibrary, student: Student) -> list[list[int]]:
    """Return the videos of the index for each text, by a loop over clips."""
    texts = embed_queries(student, library._model, TEXTS)
    cosines: list[dict[int, float]] = [{} for _ in TEXTS]
    for row in library.videos():
        if row.clips:
            rows = library.store.take([row.video])
            tokens = features_of(library.store, rows).tokens
            found = student.embed_clips(tokens) @ texts.T
            for own, best in zip(cosines, found.amax(0).tolist()):
                own[row.video] = best
    return [sorted(own, key=lambda v: -own[v]) for own in cosines]


def vectors_of(library: VideoLibrary) -> dict[tuple[int, int], list[float]]:
    rows = library.store.find_table('student_clips').search().to_list()
    return {(row['video'], row['clip']): row['vector'] for row in rows}


@pytest.mark.slow
def test_nearest__is_a_loop_over_clips(library: VideoLibrary) -> None:
    student, tables = untrained(library), StudentTables(library.store)
    tables.save(student)
    again = tables.load(library._model)
    texts = embed_queries(again, library._model, TEXTS).detach()
    for text, wanted in zip(texts, best_clips(library, student)):
        assert tables.nearest(again, text, NUMBER) == wanted
        assert tables.nearest(again, text, 2) == wanted[:2]


@pytest.mark.slow
def test_update__vectors_follow_the_videos(
    library: VideoLibrary, videos: Path
) -> None:
    (videos / 'page.mp4').unlink()
    library.update(videos)
    student, tables = untrained(library), StudentTables(library.store)
    tables.save(student)
    assert len(vectors_of(library)) == NUMBER * CLIPS
    first, *_, last = (row.video for row in library.videos())
    path = Path(library.path_of(last))
    path.write_bytes(Path(library.path_of(first)).read_bytes())
    assert library.update(videos).changed == 1
    rows = {row.video: row.clips for row in library.videos() if row.clips}
    assert last not in rows
    assert library.path_of(max(rows)) == str(path)
    found = vectors_of(library)
    assert {v for v, _ in found} == set(rows)
    tables.remove(rows)
    assert vectors_of(library) == {}
    assert tables.bring_up_to_date(student) == len(rows)
    assert tables.bring_up_to_date(student) == 0
    again = vectors_of(library)
    assert again.keys() == found.keys()
    for key, vector in again.items():
        assert vector == pytest.approx(found[key], abs=1e-5)


@pytest.mark.slow
def test_index__finds_what_a_loop_finds_and_what_comes_later(
    library: VideoLibrary, videos: Path
) -> None:
    student, tables = untrained(library), StudentTables(library.store)
    assert not tables.index_vectors(1)  # there are none
    tables.save(student)  # too few for an index
    vectors = library.store.find_table('student_clips')
    assert vectors.list_indices() == []
    assert tables.index_vectors(NUMBER * CLIPS)
    assert not tables.index_vectors(NUMBER * CLIPS)
    texts = embed_queries(student, library._model, TEXTS).detach()
    for text, wanted in zip(texts, best_clips(library, student)):
        assert tables.nearest(student, text, NUMBER) == wanted
    for number, path in enumerate(sorted(videos.glob('g*.mp4'))):
        shutil.copyfile(path, videos / f'new{number}.mp4')
    library.update(videos)
    (index,) = vectors.list_indices()
    assert index.num_unindexed_rows == NUMBER * CLIPS
    for text, wanted in zip(texts, best_clips(library, student)):
        found = tables.nearest(student, text, 2 * NUMBER)
        assert sorted(found) == sorted(wanted)
        assert set(found[:2]) == set(wanted[:2])  # a file and its copy
    library.store.compact(0)
    (index,) = vectors.list_indices()
    assert index.num_unindexed_rows == 0
    tables.remove(wanted[:2])
    assert tables.nearest(student, texts[-1], 1) == [wanted[2]]
    tables.bring_up_to_date(student)
    assert set(tables.nearest(student, texts[-1], 2)) == set(wanted[:2])


@pytest.mark.slow
def test_index__is_built_again_when_half_of_the_vectors_are_newer(
    library: VideoLibrary, videos: Path
) -> None:
    tables = StudentTables(library.store)
    tables.save(untrained(library))
    assert tables.index_vectors(1)
    for number, path in enumerate(sorted(videos.glob('g*.mp4'))):
        shutil.copyfile(path, videos / f'new{number}.mp4')
    library.update(videos)
    assert tables.index_vectors(1)
    vectors = library.store.find_table('student_clips')
    (index,) = vectors.list_indices()
    assert index.num_unindexed_rows == 0


@pytest.mark.slow
def test_nearest__vectors_of_another_student_are_refused(
    library: VideoLibrary, videos: Path
) -> None:
    tables = StudentTables(library.store)
    tables.save(untrained(library))
    killed = untrained(library, seed=1)
    # A run that was killed between its two tables.
    tables.bring_up_to_date(killed)
    student = tables.load(library._model)
    with pytest.raises(LibraryError, match='Run `clipbert-mm index` again'):
        tables.nearest(student, torch.zeros(64), 1)
    library.update(videos)
    assert library.search(TEXTS[0], tier='student')


def test_load__student_of_another_model(
    library: VideoLibrary, tmp_path: Path
) -> None:
    with pytest.raises(LibraryError, match='has no student. Make one with'):
        StudentTables(library.store).load(library._model)
    StudentTables(library.store).save(untrained(library))
    about = dataclasses.replace(
        library.store.description, weights='0', vocabulary='1'
    )
    other = IndexStore.create(tmp_path / 'other', about)
    table = library.store.find_table('student')
    rows = table.search().to_arrow().to_pylist()
    other.replace_table('student', table.schema, rows)
    with pytest.raises(
        LibraryError, match="weights is '0' in the index.*vocabulary is '1'"
    ):
        StudentTables(other).load(library._model)


@pytest.mark.slow
def test_export_and_compact__keep_the_student(
    library: VideoLibrary, tmp_path: Path
) -> None:
    StudentTables(library.store).save(untrained(library))
    library.store.compact(0)
    assert library.search(TEXTS[0], tier='student').tier == 'student'
