# Copyright (c) clipbert_mm contributors.
"""Tests of finding videos by the captions of one of them."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.library import LibraryError, VideoLibrary

from .conftest import CLIPS, NUMBER

CAPTIONS = ['a big red ring moves at the left', 'a small blue cross']


@pytest.mark.slow
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
