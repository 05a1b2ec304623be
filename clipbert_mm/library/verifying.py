# Copyright (c) clipbert_mm contributors.
"""Check that an index is complete, without decoding a video."""

import os.path as osp
from collections import Counter
from collections.abc import Mapping

from .file_facts import facts_of
from .store import IndexStore, VideoRow
from .student_rows import count_vectors, has_student


def verify(store: IndexStore) -> list[str]:
    """Return what is wrong with an index.

    Args:
        store (IndexStore): The index.

    Returns:
        list[str]: A line for each problem: clips that are missing, surplus
        or cut, files that are gone or have changed, and vectors of the
        student that are missing or surplus.
    """
    about = store.description
    size = about.tokens * about.width * 2
    if about.precision == 'int8':
        size = about.tokens * (about.width + 4)
    rows = {row.video: row for row in store.videos()}
    found: Counter[int] = Counter()
    cut: Counter[int] = Counter()
    for block in store.scan():
        for clip in block:
            found[clip['video']] += 1
            cut[clip['video']] += len(clip['grid']) != size
    problems = [
        f'{found[video]} clips belong to no video: index again'
        for video in sorted(found.keys() - rows.keys())
    ]
    for video, row in rows.items():
        path = row.facts.path
        if found[video] != row.clips:
            problems.append(
                f'{path}: {found[video]} of {row.clips} clips: index again'
            )
        if cut[video]:
            problems.append(f'{path}: {cut[video]} grids of another size')
        if not osp.exists(path):
            problems.append(f'{path}: the file is gone')
        elif facts_of(path) != row.facts:
            problems.append(f'{path}: the file has changed: index again')
    return problems + _student_problems(store, rows)


def _student_problems(
    store: IndexStore, rows: Mapping[int, VideoRow]
) -> list[str]:
    """Return what is wrong with the vectors of the student, if any."""
    if not has_student(store):
        return []
    found = count_vectors(store)
    wanted = {video: row.clips for video, row in rows.items()}
    missing = sum(found.get(v, 0) < n for v, n in wanted.items())
    surplus = sum(n > wanted.get(v, 0) for v, n in found.items())
    return [
        f'{number} videos have {what} vectors of the student: index again'
        for number, what in ((missing, 'missing'), (surplus, 'surplus'))
        if number
    ]
