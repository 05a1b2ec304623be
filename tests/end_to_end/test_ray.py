# Copyright (c) clipbert_mm contributors.
"""An index that a Ray cluster of this machine encodes, with losses."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.apis import demo_videos
from clipbert_mm.library import VideoLibrary
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import wait_for

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
