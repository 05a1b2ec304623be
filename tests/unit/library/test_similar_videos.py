# Copyright (c) clipbert_mm contributors.
"""Tests of finding videos that look alike."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.library import LibraryError, VideoLibrary
from clipbert_mm.library.description import Description
from clipbert_mm.library.file_facts import FileFacts
from clipbert_mm.library.similar_videos import find_similar
from clipbert_mm.library.store import ClipRow, IndexStore, VideoRow

from .conftest import CLIPS, NUMBER


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


CAPTIONS = ['a big red ring moves at the left', 'a small blue cross']


def test_similar_by_captions__mean_of_log_odds(
    library: VideoLibrary, videos: Path
) -> None:
    video = next(videos.glob('g*.mp4'))
    logits: dict[int, float] = {}
    for caption in CAPTIONS:
        for match in library.search(caption):
            odds = match['score'] / (1 - match['score'])
            own = logits.get(match['id'], 0.0)
            logits[match['id']] = own + np.log(odds) / len(CAPTIONS)
    numbers = {row.facts.path: row.video for row in library.videos()}
    del logits[numbers[str(video)]]
    found = library.similar(video, captions=CAPTIONS)
    assert [m['id'] for m in found] == sorted(logits, key=lambda i: -logits[i])
    for match in found:
        wanted = 1 / (1 + np.exp(-logits[match['id']]))
        assert match['score'] == pytest.approx(wanted, rel=1e-3, abs=1e-6)
        best = max(match['clips'], key=lambda clip: clip[2])
        assert best[:2] == (match['start'], match['end'])
    assert (found.tier, found.passes) == ('exact', 2 * NUMBER * CLIPS)
    one = library.similar(video, 2, CAPTIONS[:1], 'cascade')
    assert one.tier == 'cascade'
    others = [m for m in library.search(CAPTIONS[0]) if m['id'] in logits][:2]
    assert [m['id'] for m in one] == [m['id'] for m in others]
    scores = [m['score'] for m in others]
    assert [m['score'] for m in one] == pytest.approx(scores, abs=1e-5)


def test_similar_by_captions__refused(
    library: VideoLibrary, videos: Path
) -> None:
    video = next(videos.glob('g*.mp4'))
    with pytest.raises(LibraryError, match='is not a readable video'):
        library.similar(videos / 'page.mp4', captions=CAPTIONS)
    with pytest.raises(LibraryError, match='has no student'):
        library.similar(video, captions=CAPTIONS, tier='student')
    with pytest.raises(ValueError, match="tier='exact' is for captions"):
        library.similar(video, tier='exact')
    for captions in ([], ['ж']):
        with pytest.raises(ValueError, match='captions|vocabulary'):
            library.similar(video, captions=captions)
