# Copyright (c) clipbert_mm contributors.
"""Tests of the comparison of reading speed before and after re-encoding."""

import statistics
from pathlib import Path

import pytest

from clipbert_mm.datasets.checking import decode_speed
from clipbert_mm.datasets.checking.decode_speed import compare, read_sparsely
from tests.toolbox.media import write_video


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp('speed') / 'a.mp4', 12)


def test_read_sparsely__takes_time(video: Path) -> None:
    assert 0 < read_sparsely(video) < 60


def test_compare__sums_the_medians_of_alternating_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = {
        'a': [9.0, 1.0, 2.0, 3.0],  # the first only warms the cache
        'b': [0.5, 0.6, 0.1],
        'c': [9.0, 4.0, 4.0, 5.0],
        'd': [1.0, 2.0, 9.0],
    }
    order: list[str] = []

    def read(path: Path) -> float:
        order.append(path.name)
        return seconds[path.name].pop(0)

    monkeypatch.setattr(decode_speed, 'read_sparsely', read)
    pairs = [(Path('a'), Path('b')), (Path('c'), Path('d'))]
    speed = compare(pairs, runs=3)
    assert ''.join(order) == 'a' + 'ab' * 3 + 'c' + 'cd' * 3
    assert speed.files == 2
    assert speed.before == statistics.median([1, 2, 3]) + 4
    assert speed.after == pytest.approx(0.5 + 2)
    assert speed.unreadable == []


def test_compare__leaves_unreadable_files_out(
    video: Path, tmp_path: Path
) -> None:
    bad = tmp_path / 'bad.mp4'
    bad.write_text('not a video')
    speed = compare([(bad, video), (video, video)], runs=1)
    assert speed.files == 1
    assert speed.before > 0
    assert speed.after > 0
    (line,) = speed.unreadable
    assert line.startswith(f'{bad}: MediaError: ')
