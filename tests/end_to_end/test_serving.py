# Copyright (c) clipbert_mm contributors.
"""The service in a process of its own: load, hostile requests, a browser."""

import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from clipbert_mm.library import VideoLibrary
from tests.toolbox.indexing import NUMBER, make_index, make_videos
from tests.toolbox.paths import ROOT

pytest.importorskip('lancedb', reason='the extra web is not installed')
pytest.importorskip('uvicorn', reason='the extra web is not installed')
pytestmark = pytest.mark.slow

QUERY = 'a big red ring moves at the left'
CLIENTS = 50


@pytest.fixture(scope='module')
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('index') / 'library'
    make_index(make_videos(tmp_path_factory.mktemp('videos')), folder)
    return folder


@pytest.fixture(scope='module')
def url(index: Path) -> Iterator[str]:
    """Address of `clipbert-mm serve`, which ends by Ctrl-C."""
    command = [sys.executable, '-W', 'ignore', '-m', 'clipbert_mm.cli.main']
    process = subprocess.Popen(
        [
            *command,
            *('serve', str(index), '--port', '0'),
            *('--qa-model', 'demo-qa', '--device', 'cpu'),
        ],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        found = re.search(r'serving .* on (http://\S+);', line)
        if found:
            break
    else:
        pytest.fail(''.join(lines))
    yield found[1]
    process.send_signal(signal.SIGINT)
    assert process.wait(30) in (0, 130)


def post(url: str, path: str, body: dict) -> tuple[int, dict]:
    """Send a JSON request, and return status and answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {'Content-Type': 'application/json'}
    connection.request('POST', path, json.dumps(body), headers)
    answer = connection.getresponse()
    try:
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_many_clients__get_what_one_gets(url: str, index: Path) -> None:
    expected = [m['score'] for m in VideoLibrary(index).search(QUERY)]

    def ask(client: int) -> list[float]:
        query = QUERY if client % 2 else 'a small blue cross'
        status, found = post(url, '/api/search', dict(query=query))
        assert status == 200
        return [match['score'] for match in found['matches']]

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(ask, range(2 * CLIENTS)))
    assert all(scores == pytest.approx(expected) for scores in found[1::2])
    assert all(scores == found[0] for scores in found[::2])


@pytest.mark.parametrize(
    'request_bytes',
    [
        b'\x16\x03\x01\x02\x00\x01\x00\x01',
        b'GET /\r\n\r\n',
        b'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
        b'GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n',
        b'GET /' + b'a' * 200_000 + b' HTTP/1.1\r\nHost: localhost\r\n\r\n',
        b'POST /api/search HTTP/1.1\r\nHost: localhost\r\n'
        b'Content-Type: application/json\r\nContent-Length: 99999999999\r\n'
        b'\r\n' + b'x' * 200_000,
        b'POST /api/search HTTP/1.1\r\nHost: localhost\r\n'
        b'Transfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
)
def test_hostile_requests__are_refused(url: str, request_bytes: bytes) -> None:
    place = urlsplit(url)
    address = (place.hostname or '', place.port or 0)
    with socket.create_connection(address, timeout=30) as connection:
        try:
            connection.sendall(request_bytes)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(100)
        except OSError:  # the service has closed the connection
            answer = b''
    assert not re.match(rb'HTTP/1.1 2', answer)
    assert post(url, '/api/search', dict(query=QUERY))[0] == 200


def wait(page: Any, expression: str) -> None:
    """Wait until an expression of JavaScript is true.

    The policy of the page refuses the evaluation of Playwright's own waiting.
    """
    end = time.monotonic() + 30
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        time.sleep(0.05)


@pytest.mark.browser
def test_page__searches_plays_explains_asks(url: str, tmp_path: Path) -> None:
    chromium = shutil.which('chromium')
    if chromium is None:
        pytest.skip('chromium is not installed: apt-get install chromium')
    api = pytest.importorskip('playwright.sync_api')
    problems: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=['--no-sandbox']
        )
        page = browser.new_page(viewport=dict(width=900, height=900))
        page.on('pageerror', lambda error: problems.append(str(error)))
        page.on(
            'console',
            lambda m: m.type == 'error' and problems.append(m.text),
        )
        page.goto(url)
        page.fill('#query', QUERY)
        page.click('#search button')
        page.wait_for_selector('article')
        assert page.locator('article').count() == NUMBER
        status = page.locator('#status').inner_text()
        assert (
            status == f'{QUERY}: {NUMBER} videos (exact, {3 * NUMBER} passes)'
        )
        first = page.locator('article').first
        assert first.locator('.timeline button').count() == 3
        first.locator('video').hover()
        wait(page, "document.querySelector('article video').currentTime > 0")
        first.locator('.why').click()
        wait(page, "document.querySelector('.explanation').naturalWidth > 0")
        first.locator('.question input').fill('what colour is the ring')
        first.locator('.question button').click()
        wait(page, "document.querySelector('.question output').textContent")
        first.locator('.good').click()
        page.wait_for_selector('.good:disabled')
        page.screenshot(path=tmp_path / 'page.png', full_page=True)
        first.locator('.similar').click()
        wait(
            page,
            "document.querySelector('#status').textContent.startsWith('Like')",
        )
        assert page.locator('article').count() == NUMBER - 1
        page.fill('#query', 'ж')
        page.click('#search button')
        wait(
            page,
            "document.querySelector('#status').textContent.includes('none')",
        )
        browser.close()
    # The query of unknown words is answered with 400, which Chromium reports.
    assert [p for p in problems if '400' not in p] == []
    image = Image.open(tmp_path / 'page.png').convert('L')
    assert len(set(image.getdata())) > 50  # a drawn page, with thumbnails
