# Copyright (c) clipbert_mm contributors.
"""Tests of the HTTP side of a service."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from clipbert_mm.library import VideoLibrary
from clipbert_mm.serving import LibraryService, make_app

QUERY = 'a big red ring moves at the left'


@pytest.fixture
def client(service: LibraryService) -> TestClient:
    return TestClient(make_app(service), base_url='http://127.0.0.1:8000')


def test_search__answers_json(
    client: TestClient, service: LibraryService
) -> None:
    answer = client.post('/api/search', json=dict(query=QUERY, top_k=2))
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(service.search(QUERY, 2)))


def test_rerank__common_shape(client: TestClient) -> None:
    body = dict(
        model='any', query=QUERY, documents=[1, 0], return_documents=False
    )
    answer = client.post('/v1/rerank', json=body).json()
    assert {row['index'] for row in answer['results']} == {0, 1}
    assert set(answer['results'][0]) == {'index', 'relevance_score'}


@pytest.mark.slow
def test_media__ranges_types_and_names(client: TestClient) -> None:
    match = client.post('/api/search', json=dict(query=QUERY)).json()[
        'matches'
    ][0]
    address = f'/api/videos/{match["id"]}'
    times = dict(start=match['start'], end=match['end'])
    whole = client.get(f'{address}/moment.mp4', params=times)
    assert whole.headers['content-type'] == 'video/mp4'
    part = client.get(
        f'{address}/moment.mp4', params=times, headers=dict(Range='bytes=4-9')
    )
    assert part.status_code == 206
    assert part.content == whole.content[4:10]
    small = client.get(f'{address}/clips/{match["clip"]}.jpg')
    assert small.content[:2] == b'\xff\xd8'
    why = client.get(f'{address}/explanation', params=dict(query=QUERY))
    assert why.headers['content-type'] == 'image/jpeg'
    similar = client.get(f'{address}/similar').json()
    assert match['id'] not in [m['id'] for m in similar['matches']]


def test_page__has_no_foreign_part(client: TestClient) -> None:
    for name, kind in (
        ('', 'text/html'),
        ('page.js', 'text/javascript'),
        ('page.css', 'text/css'),
    ):
        answer = client.get(f'/{name}')
        assert answer.headers['content-type'].startswith(kind)
        assert '://' not in answer.text
        policy = answer.headers['content-security-policy']
        assert "default-src 'none'" in policy
        assert 'unsafe' not in policy


def test_health_and_metrics(client: TestClient) -> None:
    assert client.get('/healthz').json() == dict(status='ok')
    client.post('/api/search', json=dict(query=QUERY))
    text = client.get('/metrics').text
    line = 'clipbert_requests_total{route="/api/search",status="200"} 1'
    assert line in text.splitlines()
    assert 'clipbert_videos 4' in text.splitlines()
    about = client.get('/api/about').json()
    assert (about['model'], about['answers_questions']) == ('demo', False)


@pytest.mark.parametrize(
    'body, message',
    [
        (b'', 'expected a JSON object, but'),
        (b'[]', 'but got list'),
        (b'{"query": "a", "query": "b"}', 'expected a JSON object, but'),
        (b'{"query": "\\ud800"}', 'lone surrogate'),
        (b'\xff', 'expected a JSON object, but'),
        (b'[' * 1000, 'expected a JSON object, but'),
        (b'{"top_k": 3}', "the member 'query' is missing"),
        (b'{"query": "a", "path": "/etc/passwd"}', "unknown member 'path'"),
        (b'{"query": "a", "self": 1}', "unknown member 'self'"),
        (b'{"query": "ring", "top_k": 1e400}', ''),
    ],
)
def test_search__malformed_bodies(
    client: TestClient, body: bytes, message: str
) -> None:
    headers = {'Content-Type': 'application/json'}
    answer = client.post('/api/search', content=body, headers=headers)
    assert answer.status_code == 400
    assert message in answer.json()['error']


@pytest.mark.parametrize(
    'path, values, message',
    [
        ('/api/feedback', dict(query='a', vote=1), "the member 'id' is"),
        (
            '/api/feedback',
            dict(query='a', vote=1, video=0),
            "unknown member 'video'; known are query, id, vote",
        ),
        ('/v1/rerank', dict(query=QUERY, documents=[10**30]), 'is none'),
    ],
)
def test_members__are_those_of_the_manual(
    client: TestClient, path: str, values: dict, message: str
) -> None:
    answer = client.post(path, json=values)
    assert answer.status_code == 400
    assert message in answer.json()['error']


def test_search__sizes_types_and_methods(client: TestClient) -> None:
    headers = {'Content-Type': 'application/json'}
    big = client.post('/api/search', content=b' ' * 3000, headers=headers)
    assert big.status_code == 413
    form = client.post('/api/search', data=dict(query='a'))
    assert form.status_code == 415
    assert client.get('/api/search').status_code == 405


def test_hosts__others_are_refused(service: LibraryService) -> None:
    for host, status in (
        ('127.0.0.1:9', 200),
        ('localhost', 200),
        ('evil.example', 400),
        ('127.0.0.1.evil.example', 400),
    ):
        client = TestClient(make_app(service), base_url=f'http://{host}')
        assert client.get('/healthz').status_code == status, host


@pytest.mark.parametrize(
    'path',
    [
        '/page.py',
        '/../app.py',
        '/%2e%2e/app.py',
        '/static/page.html',
        '/api/videos/..%2f..%2fetc%2fpasswd/moment.mp4',
        '/api/videos/-1/similar',
        '/api/videos/0/clips/0.jpg/../../../x',
        '/api/videos/99999999999999999999/similar',
        '/api/videos/99999999999999999999/clips/0.jpg',
        '/api/videos/0/clips/99999999999999999999.jpg',
    ],
)
def test_paths__outside_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    'query, message',
    [
        ('', 'start must be a number'),
        ('?start=0', 'end must be a number'),
        ('?start=nan&end=1', 'must start before it ends'),
        ('?start=0&end=inf', 'last at most'),
        ('?start=x&end=1', "but got 'x'"),
    ],
)
def test_moment__wrong_times(
    client: TestClient, query: str, message: str
) -> None:
    answer = client.get(f'/api/videos/0/moment.mp4{query}')
    assert answer.status_code == 400
    assert message in answer.json()['error']


def test_answers__name_no_folder(
    client: TestClient, library: VideoLibrary
) -> None:
    folder = str(Path(library.path_of(0)).parent)
    for answer in (
        client.post('/api/search', json=dict(query=QUERY)),
        client.get('/api/videos/0/similar'),
        client.get('/api/about'),
        client.get('/metrics'),
        client.get('/api/videos/99/similar'),
    ):
        assert folder not in answer.text
        assert library.store.location not in answer.text


@pytest.mark.slow
def test_health_and_images__while_the_model_is_busy(
    service: LibraryService,
) -> None:
    words = dict(json=dict(query=QUERY))
    with (
        TestClient(make_app(service), 'http://127.0.0.1:8000') as client,
        ThreadPoolExecutor(60) as pool,
    ):
        with service.queue.turn():
            busy = [
                pool.submit(client.post, '/api/search', **words)
                for _ in range(45)  # more than Starlette has threads
            ]
            end = time.monotonic() + 30
            while service.queue.length < 46:
                assert time.monotonic() < end, service.queue.length
                time.sleep(0.01)
            quick = [
                pool.submit(client.get, path)
                for path in ('/healthz', '/', '/api/videos/0/clips/0.jpg')
            ]
            answers = [one.result(timeout=20) for one in quick]
            assert [answer.status_code for answer in answers] == [200] * 3
            assert not any(one.done() for one in busy)
        assert {one.result().status_code for one in busy} == {200}
