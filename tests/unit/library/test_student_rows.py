# Copyright (c) clipbert_mm contributors.
"""Tests of counting the vectors of a student."""

import pytest

from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.student_rows import (
    KEY,
    VECTORS,
    count_vectors,
    has_student,
)
from clipbert_mm.library.student_tables import StudentTables, make_student

from .conftest import CLIPS


@pytest.mark.slow
def test_count_vectors__those_of_the_student_of_the_index(
    library: VideoLibrary,
) -> None:
    store, model = library.store, library._model
    assert (has_student(store), count_vectors(store)) == (False, {})
    StudentTables(store).save(make_student(model, store.description.width))
    readable = {row.video: CLIPS for row in library.videos() if row.clips}
    assert (has_student(store), count_vectors(store)) == (True, readable)
    schema = store.find_table(VECTORS).schema
    store.replace_table(VECTORS, schema.with_metadata({KEY: b'another'}))
    assert (has_student(store), count_vectors(store)) == (True, {})
