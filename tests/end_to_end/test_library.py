# Copyright (c) clipbert_mm contributors.
"""An index whose process is killed, and resumed."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clipbert_mm.apis import demo_videos
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.store import IndexStore
from clipbert_mm.library.verifying import verify
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import wait_for

pytest.importorskip('lancedb', reason='the extra search is not installed')
pytestmark = pytest.mark.slow

# A block for each video: a kill hits between two of them.
INDEX = """
import sys
from clipbert_mm.library import VideoLibrary, updating
from clipbert_mm.library.store import holds_index
updating._BLOCK = 1
index, videos, workers = sys.argv[1:]
if holds_index(index):
    library = VideoLibrary(index)
else:
    library = VideoLibrary.create(index, clips=2)
print(library.update(videos, int(workers)).same, flush=True)
"""
READ = """
import sys
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.verifying import verify
library = VideoLibrary(sys.argv[1])
assert verify(library.store) == []
for match in library.search('a big red ring moves at the left', top_k=99):
    print(match['video'], match['score'], match['clips'])
"""


SHARD = """
import sys
from clipbert_mm.library import VideoLibrary, updating
updating._BLOCK = 1  # many writes of both
index, videos, number = sys.argv[1:]
library = VideoLibrary(index)
sys.stdin.readline()
library.update(videos, shard=(int(number), 2))
"""


def python(program: str, *words: object) -> list[str]:
    return [sys.executable, '-W', 'ignore', '-c', program, *map(str, words)]


def output(command: list[str]) -> str:
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    return subprocess.run(
        command, check=True, text=True, stdout=-1, env=environment
    ).stdout


def test_index__killed_while_it_writes_goes_on(tmp_path: Path) -> None:
    videos = tmp_path / 'videos'
    videos.mkdir()
    for path in demo_videos()[:12]:
        shutil.copy2(path, videos)
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    output(python(INDEX, whole, videos, 0))
    process = subprocess.Popen(
        python(INDEX, killed, videos, 2),
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        start_new_session=True,
    )
    table = killed / 'videos.lance' / 'data'
    # A file is there before its rows count, so three videos need a fourth.
    wait_for(
        process,
        lambda: table.is_dir() and len(list(table.iterdir())) >= 4,
        300,
    )
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = int(output(python(INDEX, killed, videos, 2)))
    assert 3 <= kept < 12
    assert output(python(READ, killed)) == output(python(READ, whole))


def table(index: Path) -> list[tuple]:
    """Return all that an index holds, but for the numbers of its videos."""
    store = IndexStore(index)
    columns = ('video', 'clip', 'start', 'end', 'grid', 'vector', 'thumbnail')
    rows = []
    for row in store.videos():
        clips = store.take([row.video], columns)
        rows.append(
            (*row[1:], [tuple(c[name] for name in columns[1:]) for c in clips])
        )
    return sorted(rows, key=lambda row: row[0])


def test_shards__two_at_once_equal_one_process(tmp_path: Path) -> None:
    videos = tmp_path / 'videos'
    videos.mkdir()
    files = [Path(shutil.copy2(path, videos)) for path in demo_videos()[:6]]
    both, whole = tmp_path / 'both', tmp_path / 'whole'
    VideoLibrary.create(both, clips=2).update(videos)
    for path in files[:3]:
        path.unlink()
    files[3].write_bytes(files[4].read_bytes())
    for path in demo_videos()[6:14]:
        shutil.copy2(path, videos)
    (videos / 'page.mp4').write_text('<html></html>')
    processes = [
        subprocess.Popen(
            python(SHARD, both, videos, number),
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
            stdin=subprocess.PIPE,
        )
        for number in (1, 2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b'\n')
        process.stdin.flush()
    assert [process.wait(600) for process in processes] == [0, 0]
    VideoLibrary.create(whole, clips=2).update(videos)
    assert len(table(whole)) == 12
    assert table(both) == table(whole)
    assert verify(IndexStore(both)) == []
    numbers = [row.video for row in IndexStore(both).videos()]
    assert len(set(numbers)) == 12
