# Copyright (c) clipbert_mm contributors.
"""Tests of finding videos that look alike."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.description import Description
from clipbert_mm.library.file_facts import FileFacts
from clipbert_mm.library.similar_videos import find_similar
from clipbert_mm.library.store import ClipRow, IndexStore, VideoRow

from .conftest import NUMBER


@pytest.mark.slow
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


def test_find_similar__as_many_as_are_wanted(tmp_path: Path) -> None:
    about = Description('', '', '', '', 16, 1, 2, 'float16')
    store = IndexStore.create(tmp_path / 'index', about)
    videos, clips = [], []
    for video, name in enumerate('abcd'):
        facts = FileFacts(f'/{name}.mp4', 1, 1)
        videos.append(VideoRow(video, facts, name, 16, 16.0, ''))
        vector = [np.cos(video / 9), np.sin(video / 9)]
        clips += [
            ClipRow(video, i, i, i + 1.0, b'', vector, b'') for i in range(16)
        ]
    store.add(videos, clips)
    for top_k in (1, 2, 3):
        found = find_similar(store, '/a.mp4', top_k)
        assert [match['id'] for match in found] == [1, 2, 3][:top_k]
