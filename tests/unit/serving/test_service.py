# Copyright (c) clipbert_mm contributors.
"""Tests of what a service does, apart from HTTP."""

import io
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.library import VideoLibrary
from clipbert_mm.media.opening import open_video
from clipbert_mm.serving import LibraryService
from clipbert_mm.serving.errors import RequestError
from tests.toolbox.indexing import NUMBER

QUERY = 'a big red ring moves at the left'


def test_search__is_that_of_the_library_without_paths(
    service: LibraryService, library: VideoLibrary
) -> None:
    found = service.search(QUERY, 3)
    expected = library.search(QUERY, 3)
    assert (found['tier'], found['passes']) == ('exact', 3 * NUMBER)
    for match, wanted in zip(found['matches'], expected, strict=True):
        assert match['id'] == wanted['id']
        assert match['score'] == wanted['score']
        assert match['name'] == Path(wanted['video']).name
        assert match['clips'][match['clip']][0] == wanted['start']
        assert str(Path(wanted['video']).parent) not in str(match)


def test_rerank__orders_documents(
    service: LibraryService, library: VideoLibrary
) -> None:
    scores = {m['id']: m['score'] for m in library.search(QUERY)}
    ids = sorted(scores)
    found = service.rerank(QUERY, [ids[0], dict(id=ids[2]), ids[1]])
    order = [ids[0], ids[2], ids[1]]
    ranked = [order[row['index']] for row in found['results']]
    assert ranked == sorted(order, key=lambda i: -scores[i])
    for row in found['results']:
        wanted = scores[order[row['index']]]
        assert row['relevance_score'] == pytest.approx(wanted, abs=1e-6)
    assert len(service.rerank(QUERY, ids, top_n=2)['results']) == 2


def test_similar__names_and_first_clips(service: LibraryService) -> None:
    found = service.similar(0, 2)['matches']
    assert len(found) == 2
    assert {'id', 'name', 'cosine', 'clip', 'start', 'end'} <= set(found[0])


@pytest.mark.slow
def test_explain__image(service: LibraryService) -> None:
    image = Image.open(io.BytesIO(service.explain(0, QUERY)))
    assert image.format == 'JPEG'
    assert min(image.size) > 50


def test_moment_and_thumbnail__of_a_clip(service: LibraryService) -> None:
    match = service.search(QUERY, 1)['matches'][0]
    times = (match['start'], match['end'])
    with (
        service.moment(match['id'], *times) as file,
        open_video(Path(file.name)) as reader,
    ):
        assert len(reader) >= 1
    small = service.thumbnail(match['id'], match['clip'])
    assert Image.open(io.BytesIO(small)).format == 'JPEG'


def test_ask__answers_of_the_model(library: VideoLibrary) -> None:
    answerer = ClipBERTInferencer('demo-qa', device='cpu')
    service = LibraryService(library, answerer=answerer)
    question = 'what colour is the ring'
    found = service.ask(0, question)['answers']
    expected = answerer.answer(library.path_of(0), question)
    assert found == [list(pair) for pair in expected]


def test_judge__is_kept_with_the_path(
    service: LibraryService, library: VideoLibrary
) -> None:
    assert service.judge(QUERY, 1, -1) == {}
    row = service._feedback.rows()[-1]
    assert (row['query'], row['vote']) == (QUERY, -1)
    assert row['path'] == library.path_of(1)


@pytest.mark.parametrize(
    'call, status, message',
    [
        (lambda s: s.search(None), 400, 'query must be a text'),
        (lambda s: s.search('  '), 400, 'query must be a text'),
        (lambda s: s.search('a' * 201), 400, 'at most 200 characters'),
        (lambda s: s.search('ж'), 400, 'vocabulary knows none'),
        (lambda s: s.search('\ud800'), 400, 'lone surrogate'),
        (lambda s: s.search(QUERY, 51), 400, 'top_k must be .* <= 50'),
        (lambda s: s.search(QUERY, True), 400, 'top_k must be a number'),
        (lambda s: s.search(QUERY, 1.5), 400, 'top_k must be a number'),
        (lambda s: s.search(QUERY, 1, 'x'), 400, 'min_score must be'),
        (
            lambda s: s.search(QUERY, 1, float('nan')),
            400,
            'min_score must be',
        ),
        (lambda s: s.search(QUERY, tier='x'), 400, 'tier must be one of'),
        (lambda s: s.search(QUERY, tier='student'), 404, 'distill INDEX --qu'),
        (lambda s: s.rerank(QUERY, []), 400, 'a list of 1 to 9 numbers'),
        (lambda s: s.rerank(QUERY, [0] * 10), 400, 'a list of 1 to 9'),
        (lambda s: s.rerank(QUERY, 'a'), 400, 'a list of 1 to 9'),
        (lambda s: s.rerank(QUERY, ['/etc/passwd']), 400, 'documents must'),
        (lambda s: s.rerank(QUERY, [{}]), 400, 'documents must'),
        (lambda s: s.rerank(QUERY, [99]), 400, 'but 99 is none'),
        (lambda s: s.rerank(QUERY, [0], 0), 400, 'top_n must be'),
        (lambda s: s.similar(99), 404, 'no video 99'),
        (lambda s: s.explain(99, QUERY), 404, 'no video 99'),
        (lambda s: s.explain(0, ''), 400, 'query must be'),
        (lambda s: s.thumbnail(0, 99), 404, 'no clip 99'),
        (lambda s: s.moment(99, 0, 1), 404, 'no video 99'),
        (lambda s: s.moment(0, 2, 1), 400, 'must start before it ends'),
        (lambda s: s.moment(0, -1, 1), 400, 'must start before'),
        (lambda s: s.moment(0, 0, 61), 400, 'last at most 60 s'),
        (lambda s: s.moment(0, float('nan'), 1), 400, 'must start'),
        (lambda s: s.moment(0, 1e6, 1e6), 400, 'the video ends at'),
        (lambda s: s.ask(0, 'what'), 404, 'answers no questions'),
        (lambda s: s.judge(QUERY, 0, 2), 400, 'vote must be 1 or -1'),
        (lambda s: s.judge(QUERY, 0, True), 400, 'vote must be 1 or -1'),
        (lambda s: s.judge(QUERY, '0', 1), 400, 'id must be a number'),
        (lambda s: s.judge(QUERY, 99, 1), 404, 'no video 99'),
    ],
)
def test_calls__wrong_arguments(
    service: LibraryService, call: Any, status: int, message: str
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        call(service)
    assert caught.value.status == status


def test_calls__unreadable_video(service: LibraryService, page: int) -> None:
    for call in (
        lambda: service.moment(page, 0, 1),
        lambda: service.explain(page, QUERY),
        lambda: service.rerank(QUERY, [page]),
    ):
        with pytest.raises(RequestError):
            call()


def test_calls__file_that_has_gone(
    service: LibraryService, library: VideoLibrary, tmp_path: Path
) -> None:
    path = library.path_of(2)
    os.rename(path, tmp_path / 'moved.mp4')
    try:
        for call in (
            lambda: service.moment(2, 0.0, 0.5),
            lambda: service.explain(2, QUERY),
        ):
            with pytest.raises(RequestError, match='unreadable') as caught:
                call()
            assert caught.value.status == 410
            assert str(Path(path).parent) not in str(caught.value)
        assert service.search(QUERY)['matches']  # needs no file
    finally:
        os.rename(tmp_path / 'moved.mp4', path)
