# Copyright (c) clipbert_mm contributors.
"""Tests of measuring how well an index finds videos."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.apis import demo_rows
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.evaluating import evaluate, read_queries
from clipbert_mm.library.searching import search_in_two_passes

from .conftest import CLIPS, NUMBER


def write_queries(folder: Path, library: VideoLibrary) -> str:
    """Write the captions of the videos of an index, by their names."""
    captions = {Path(row['video']).name: row['caption'] for row in demo_rows()}
    rows = [row for row in library.videos() if row.clips]
    names = [Path(row.facts.path).name for row in rows]
    lines = ['query,video'] + [f'"{captions[n]}",{n}' for n in names]
    (folder / 'queries.csv').write_text('\n'.join(lines) + '\n')
    return str(folder / 'queries.csv')


@pytest.mark.slow
def test_evaluate__is_a_loop_over_searches(
    library: VideoLibrary, tmp_path: Path
) -> None:
    path = write_queries(tmp_path, library)
    queries = read_queries(path, library.videos())
    found = evaluate(library.store, library._model, queries)
    paths = {row.video: row.facts.path for row in library.videos()}
    ranks = []
    for query in queries:
        best = [match['video'] for match in library.search(query.text)]
        ranks.append(1 + best.index(paths[query.video]))
    for tier in ('exact', 'cascade'):
        assert found[tier]['R1'] == 100 * np.mean(np.array(ranks) == 1)
        assert found[tier]['MnR'] == np.mean(ranks)
    assert found['exact']['passes'] == CLIPS * NUMBER
    assert found['cascade']['passes'] == 2 * NUMBER + CLIPS * NUMBER


@pytest.mark.slow
def test_evaluate__video_that_a_tier_leaves_out_is_the_last(
    library: VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_queries(tmp_path, library)
    queries = read_queries(path, library.videos())
    monkeypatch.setattr('clipbert_mm.library.evaluating._BLOCK', 1)
    monkeypatch.setattr(search_in_two_passes, '__defaults__', (2, 1))
    found = evaluate(library.store, library._model, queries, ['cascade'])
    ranks = []
    for query in queries:
        (kept,) = search_in_two_passes(
            library.store, library._model, [query.text]
        ).found
        ranks.append(1 if kept.video == query.video else NUMBER)
    assert found['cascade']['MnR'] == np.mean(ranks)


@pytest.mark.slow
@pytest.mark.parametrize(
    'text, message',
    [
        ('text,video\na,b\n', r":1: the columns \['query'\] are missing"),
        ('query,video\na,none.mp4\n', ":2: .*but 0 have the name 'none.mp4'"),
        ('query,video\na,page.mp4\n', ':2: .*readable video of the index'),
        ('query,video\n,page.mp4\n', ':2: '),
        ('query,video\n', ':1: there are no rows'),
    ],
)
def test_read_queries__another_table(
    library: VideoLibrary, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / 'queries.csv'
    path.write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read_queries(str(path), library.videos())


@pytest.mark.slow
def test_read_queries__two_files_of_one_name(
    library: VideoLibrary, videos: Path, tmp_path: Path
) -> None:
    one = next(videos.glob('g*.mp4'))
    (videos / 'copy').mkdir()
    (videos / 'copy' / one.name).write_bytes(one.read_bytes())
    library.update(videos)
    path = tmp_path / 'queries.csv'
    path.write_text(f'query,video\na dog,{one.name}\n')
    with pytest.raises(AnnotationError, match='but 2 have the name'):
        read_queries(str(path), library.videos())
    path.write_text(f'query,video\na dog,{one}\n')
    (query,) = read_queries(str(path), library.videos())
    rows = {row.video: row.facts.path for row in library.videos()}
    assert rows[query.video] == str(one)
