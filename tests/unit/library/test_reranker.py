# Copyright (c) clipbert_mm contributors.
"""Tests of the reranker, with tables of LanceDB."""

import os
from pathlib import Path
from typing import Any

import lancedb
import pytest

from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.reranker import ClipBERTReranker

from .conftest import CLIPS, NUMBER

QUERY = 'a big red ring moves at the left'


def scores(library: VideoLibrary) -> dict[int, float]:
    return {m['id']: m['score'] for m in library.search(QUERY)}


def check(rows: list[dict[str, Any]], expected: dict[int, float]) -> None:
    """Compare rows with a ranking, which they must follow."""
    found = [row['_relevance_score'] for row in rows]
    assert found == pytest.approx(
        [expected[row['video']] for row in rows], abs=1e-5
    )
    assert found == sorted(found, reverse=True)


@pytest.mark.slow
def test_reranker__nearest_clips_of_the_index(library: VideoLibrary) -> None:
    table = lancedb.connect(library.store.location).open_table('clips')
    vector = table.search().limit(1).to_list()[0]['vector']
    reranker = ClipBERTReranker(library)
    search = table.search(vector).limit(CLIPS * NUMBER)
    rows = search.rerank(reranker, query_string=QUERY).to_list()
    assert len(rows) == CLIPS * NUMBER
    assert '_distance' not in rows[0]
    check(rows, scores(library))
    nothing = table.search(vector).where('video < 0')
    found = nothing.rerank(reranker, query_string=QUERY).to_arrow()
    assert found.num_rows == 0
    assert '_relevance_score' in found.column_names
    few = table.search(vector).limit(3).rerank(reranker, query_string=QUERY)
    assert len(few.to_list()) == 3
    everything = ClipBERTReranker(library, return_score='all')
    rows = search.rerank(everything, query_string=QUERY).to_list()
    assert {'_distance', '_relevance_score'} <= set(rows[0])


@pytest.mark.slow
def test_reranker__words_and_both(
    library: VideoLibrary, tmp_path: Path
) -> None:
    expected = scores(library)
    table = lancedb.connect(tmp_path / 'own').create_table(
        'notes',
        [
            dict(video=video, text=f'ring {i % 2}', vector=[float(i), 1.0])
            for i, video in enumerate(sorted(expected))
        ],
    )
    table.create_fts_index('text')
    reranker = ClipBERTReranker(library)
    # The reranker reads the words that the search was for.
    rows = table.search('ring', query_type='fts').rerank(reranker).to_list()
    own = {m['id']: m['score'] for m in library.search('ring')}
    assert len(rows) == NUMBER
    check(rows, own)
    for score in ('relevance', 'all'):
        both = table.search(query_type='hybrid').vector([0.0, 1.0])
        rows = (
            both.text('ring')
            .rerank(ClipBERTReranker(library, return_score=score))
            .to_list()
        )
        assert len(rows) == NUMBER
        check(rows, own)
        assert ('_distance' in rows[0]) == (score == 'all')


@pytest.mark.slow
@pytest.mark.parametrize('kind', [str, os.fsencode])
def test_reranker__paths_and_strangers(
    library: VideoLibrary, videos: Path, tmp_path: Path, kind: Any
) -> None:
    expected = {m['video']: m['score'] for m in library.search(QUERY, top_k=2)}
    paths = ['/no/such.mp4', str(videos / 'page.mp4'), *reversed(expected)]
    table = lancedb.connect(tmp_path / 'own').create_table(
        'mine',
        [dict(file=kind(path), vector=[1.0, 0.0]) for path in paths],
    )
    reranker = ClipBERTReranker(library, 'file')
    search = table.search([1.0, 0.0])
    rows = search.rerank(reranker, query_string=QUERY).to_list()
    assert [row['file'] for row in rows[:2]] == list(map(kind, expected))
    assert [row['_relevance_score'] for row in rows] == [
        *(pytest.approx(score, abs=1e-5) for score in expected.values()),
        *[None, None],
    ]
    wrong = table.search([1.0, 0.0]).rerank(
        ClipBERTReranker(library), query_string=QUERY
    )
    with pytest.raises(ValueError, match=r"the column 'video', but have \['f"):
        wrong.to_list()
