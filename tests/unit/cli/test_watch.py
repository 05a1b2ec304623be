# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm watch`, in this process."""

import json
from pathlib import Path

import pytest

from clipbert_mm.library import VideoLibrary
from tests.toolbox.indexing import make_videos, run

TEXT = 'a big red ring moves at the left'


@pytest.mark.slow
def test_watch__lines_of_new_files(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    pytest.importorskip('lancedb', reason='the extra search is missing')
    videos, index = tmp_path / 'videos', tmp_path / 'index'
    videos.mkdir()
    VideoLibrary.create(index, clips=1)
    queries = tmp_path / 'queries.txt'
    queries.write_text(f'{TEXT}\n\na small blue cross\n')
    words = ('watch', index, videos, '--queries', queries, '--once')
    words = (*words, '--every', 0.1, '--min-score', 0)
    assert run(*words) == 3
    assert capsys.readouterr().out == ''
    make_videos(videos)
    for path in sorted(videos.glob('g*.mp4'))[2:]:
        path.unlink()
    assert run(*words, '--json') == 0
    out, err = capsys.readouterr()
    matches = [json.loads(line) for line in out.splitlines()]
    assert [m['query'] for m in matches] == 2 * [TEXT, 'a small blue cross']
    scores = {m['video']: m['score'] for m in VideoLibrary(index).search(TEXT)}
    assert {
        m['video']: m['score'] for m in matches if m['query'] == TEXT
    } == pytest.approx(scores, abs=1e-6)
    assert 'clipbert-mm: 3 added, 0 changed, 0 moved, 0 removed' in err
    assert 'page.mp4: it is a web page' in err
    first = Path(matches[0]['video'])
    first.with_name('copy.mp4').write_bytes(first.read_bytes())
    assert run(*words) == 0
    line, _ = capsys.readouterr().out.splitlines()
    assert line.startswith(f'{matches[0]["score"]:.3f}  ')
    assert line.endswith(f' s  {TEXT}: {videos / "copy.mp4"}')


def test_watch__wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ('watch', tmp_path / 'index', tmp_path, '--queries')
    assert run(*words[:-1]) == 2
    assert run(*words, 'q.txt', '--every', 0) == 2
    assert run(words[0], words[1], tmp_path / 'no', words[3], 'q.txt') == 2
    capsys.readouterr()
    assert run(*words, tmp_path / 'none.txt', '--once') == 2
    assert 'There is no file' in capsys.readouterr().err
