# Copyright (c) clipbert_mm contributors.
"""Tests of finding videos that look alike."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.similar_videos import find_similar

from .conftest import NUMBER


def test_find_similar__largest_cosine_of_two_clips(
    library: VideoLibrary, videos: Path
) -> None:
    store = library.store
    video = next(videos.glob('g*.mp4'))
    clips: dict[int, list] = {}
    rows = {r.video: r for r in library.videos() if r.clips}
    for row in store.take(list(rows), ('video', 'clip', 'vector')):
        clips.setdefault(row['video'], []).append(row['vector'])
    (own,) = (i for i, r in rows.items() if r.facts.path == str(video))
    expected = {
        i: float((np.array(clips[own]) @ np.array(vectors).T).max())
        for i, vectors in clips.items()
        if i != own
    }
    found = find_similar(store, video)
    assert len(found) == NUMBER - 1
    assert [match['id'] for match in found] == sorted(
        expected, key=lambda i: -expected[i]
    )
    for match in found:
        assert match['cosine'] == pytest.approx(
            expected[match['id']], abs=1e-5
        )
        assert match['video'] == rows[match['id']].facts.path
    assert find_similar(store, video, 2) == found[:2]
