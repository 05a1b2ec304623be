# Copyright (c) clipbert_mm contributors.
"""A Ray cluster of this machine encodes and serves an index, with losses."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from clipbert_mm.apis import demo_videos
from clipbert_mm.library import VideoLibrary
from clipbert_mm.serving import LibraryService
from clipbert_mm.serving.ray_serving import Replica, serve_on_ray
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import run_python, wait_for

ray = pytest.importorskip('ray', reason='the extra ray is not installed')
pytest.importorskip('lancedb', reason='the extra search is not installed')
pytestmark = pytest.mark.slow

NUMBER = 12
UPDATE = """
import sys
from clipbert_mm.library import VideoLibrary, updating
updating._BLOCK = 1
index, videos, address = sys.argv[1:]
VideoLibrary.create(index, clips=2).update(
    videos, engine='ray', address=address)
"""


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    """Address of a cluster with two CPUs."""
    environment = dict(PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1')
    context = ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env=dict(env_vars=environment),
        # As fast as other tests that run now; else they go before it.
        _system_config=dict(worker_niceness=0),
    )
    yield context.address_info['address']
    ray.shutdown()


@pytest.fixture(scope='module')
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('videos')
    for path in demo_videos()[:NUMBER]:
        shutil.copy2(path, folder)
    (folder / 'page.mp4').write_text('<html></html>')
    return folder


@pytest.fixture(scope='module')
def local(
    videos: Path, tmp_path_factory: pytest.TempPathFactory
) -> VideoLibrary:
    """The index that this process makes alone."""
    folder = tmp_path_factory.mktemp('local') / 'index'
    library = VideoLibrary.create(folder, clips=2)
    library.update(videos)
    return library


def clips(library: VideoLibrary) -> list[dict[str, Any]]:
    ids = [row.video for row in library.videos()]
    columns = ('video', 'clip', 'start', 'end', 'grid', 'vector', 'thumbnail')
    return library.store.take(ids, columns)


def actors(name: str) -> list[int]:
    """Return the processes of Ray's actors of a kind."""
    found = []
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        try:
            command = path.read_bytes()
        except OSError:  # it has ended
            continue
        if command.startswith(b'ray::') and name.encode() in command:
            found.append(int(path.parent.name))
    return found


def test_ray__gives_the_rows_of_one_process_though_workers_are_killed(
    address: str, videos: Path, local: VideoLibrary, tmp_path: Path
) -> None:
    library = VideoLibrary.create(tmp_path / 'index', clips=2)
    killed: list[str] = []

    def kill(done: int, total: int) -> None:
        for name in ('_Decoder', '_Encoder'):
            if name not in killed and (pids := actors(name)):
                os.kill(pids[0], signal.SIGKILL)
                killed.append(name)

    report = library.update(videos, progress=kill, engine='ray')
    assert killed
    assert report.added == NUMBER + 1
    assert [Path(path).name for path, _ in report.unreadable] == ['page.mp4']
    assert library.videos() == local.videos()
    assert clips(library) == clips(local)


def test_ray__driver_that_is_killed_loses_nothing(
    address: str, videos: Path, local: VideoLibrary, tmp_path: Path
) -> None:
    folder = tmp_path / 'index'
    program = [sys.executable, '-W', 'ignore', '-c', UPDATE]
    driver = subprocess.Popen(
        [*program, str(folder), str(videos), address],
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    table = folder / 'videos.lance' / 'data'
    # A file is there before its row counts.
    wait_for(
        driver,
        lambda: table.is_dir() and len(list(table.iterdir())) >= 2,
        300,
    )
    driver.kill()
    driver.wait()
    library = VideoLibrary(folder)
    kept = len(library.videos())
    assert 1 <= kept < NUMBER
    report = library.update(videos, engine='ray')
    assert (report.same, report.added) == (kept, NUMBER + 1 - kept)
    query = 'a big red ring moves at the left'
    found, wanted = library.search(query, 99), local.search(query, 99)
    assert [m['video'] for m in found] == [m['video'] for m in wanted]
    assert [m['clips'] for m in found] == [m['clips'] for m in wanted]


def post(url: str, path: str, body: dict, host: str = '') -> tuple[int, Any]:
    """Send a JSON request, and return status and answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
    headers = {'Content-Type': 'application/json'}
    if host:
        headers['Host'] = host
    try:
        connection.request('POST', path, json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        known = answer.headers.get_content_type() == 'application/json'
        return answer.status, json.loads(content) if known else content
    finally:
        connection.close()


def until_answered(url: str, path: str, body: dict) -> Any:
    """Send a request again until a replica answers."""
    end = time.monotonic() + 300
    while True:
        status, found = post(url, path, body)
        if status == 200:
            return found
        assert status in (500, 503), found
        assert time.monotonic() < end, found
        time.sleep(0.5)


# Shells let background jobs ignore SIGINT, and children inherit that.
COMMAND = """
import signal
from clipbert_mm.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


@pytest.fixture
def served(address: str, local: VideoLibrary) -> Iterator[tuple[str, Any]]:
    """Address and process of `clipbert-mm serve --engine ray`."""
    pytest.importorskip('ray.serve', reason='the extra ray is not installed')
    command = [sys.executable, '-W', 'ignore', '-c', COMMAND]
    options = ['--engine', 'ray', '--address', address, '--port', '0']
    process = subprocess.Popen(
        [*command, 'serve', local.store.location, *options],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stderr is not None
    lines = []
    try:
        for line in process.stderr:
            lines.append(line)
            found = re.search(r'serving .* on (http://\S+);', line)
            if found:
                yield found[1], process
                break
        else:
            pytest.fail(''.join(lines))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_serve__replicas_answer_are_replaced_and_end_by_ctrl_c(
    served: tuple[str, Any], local: VideoLibrary
) -> None:
    url, process = served
    service = LibraryService(local)
    query = 'a big red ring moves at the left'
    search = dict(query=query, top_k=5)
    ids = [row.video for row in local.videos() if row.clips]
    rerank = dict(query=query, documents=ids[::-1], top_n=4)
    expected = service.search(**search)
    assert post(url, '/api/search', search) == (200, expected)
    assert post(url, '/v1/rerank', rerank) == (200, service.rerank(**rerank))
    assert post(url, '/api/search', search, 'evil.example')[0] == 400
    assert post(url, '/api/search', dict(query='x' * 70_000))[0] == 413
    assert post(url, '/api/search', {})[0] == 400
    with pytest.raises(ValueError, match='runs on this cluster already'):
        serve_on_ray(Replica(local.store.location), '127.0.0.1', 0)
    (replica,) = actors('ServeReplica')
    os.kill(replica, signal.SIGKILL)
    assert until_answered(url, '/api/search', search) == expected
    (other,) = actors('ServeReplica')
    assert other != replica
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert process.wait(300) == 130
    end = time.monotonic() + 60
    while actors('Serve') or actors('Proxy'):
        assert time.monotonic() < end, 'something is left behind'
        time.sleep(0.1)
    with pytest.raises(ConnectionRefusedError):
        post(url, '/api/search', search)


AFTERWARDS = """
import sys
import ray
from ray import serve
from clipbert_mm.serving.ray_serving import Replica, serve_on_ray
ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
serve.start(proxy_location='Disabled')
ray.shutdown()
serve_on_ray(Replica(sys.argv[1]), '127.0.0.1', 0)
"""


def test_serve__after_the_end_of_another_cluster(tmp_path: Path) -> None:
    pytest.importorskip('ray.serve', reason='the extra ray is not installed')
    found = run_python('-W', 'ignore', '-c', AFTERWARDS, str(tmp_path))
    assert f"LibraryError: there is no index in '{tmp_path}'" in found.stderr
