# Copyright (c) clipbert_mm contributors.
"""Tables of a student in an index, counted without PyTorch."""

from typing import Any

from .store import IndexStore

#: Tables of the weights and of the vectors of all clips.
WEIGHTS, VECTORS = 'student', 'student_clips'
#: Key of the metadata of both: which student they are of.
KEY = b'student'


def has_student(store: IndexStore) -> bool:
    """Return whether an index has a student.

    Args:
        store (IndexStore): The index.

    Returns:
        bool: Whether there are weights of one.

    Example:
        >>> has_student(IndexStore('index'))  # doctest: +SKIP
        False
    """
    return store.find_table(WEIGHTS) is not None


def count_vectors(store: IndexStore) -> dict[int, int]:
    """Return how many vectors the student has of each video.

    Args:
        store (IndexStore): The index.

    Returns:
        dict[int, int]: Numbers of vectors, by the number of the video; none
        without a student, or if they are those of another.

    Example:
        >>> count_vectors(IndexStore('index'))  # doctest: +SKIP
        {0: 16, 1: 16}
    """
    weights, vectors = store.find_table(WEIGHTS), store.find_table(VECTORS)
    if weights is None or vectors is None:
        return {}
    if student_of(weights) != student_of(vectors):
        return {}
    return count_rows(vectors)


def student_of(table: Any) -> str:
    """Return which student a table is of.

    Args:
        table (Any): Table of weights or vectors.

    Returns:
        str: Digest of the weights; empty if unknown.
    """
    return (table.schema.metadata or {}).get(KEY, b'').decode()


def count_rows(table: Any) -> dict[int, int]:
    """Return the number of rows of each video.

    Args:
        table (Any): Table with the column ``video``.

    Returns:
        dict[int, int]: Numbers of rows, by the number of the video.
    """
    found = table.search().select(['video']).to_arrow()['video']
    pairs = found.value_counts().to_pylist()
    return {pair['values']: pair['counts'] for pair in pairs}
