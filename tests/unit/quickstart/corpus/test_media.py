# Copyright (c) clipbert_mm contributors.
"""Tests of written media files and of folders that are written once."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clipbert_mm.quickstart.corpus.media import (
    STAMP,
    prepare,
    write_media,
    write_once,
    write_video,
)

FOLDERS = ('videos', 'texts')


@pytest.mark.parametrize('rate', [8, Fraction(30000, 1001)])
def test_write_video__is_read_back(tmp_path: Path, rate: Fraction) -> None:
    levels = [20, 60, 100, 140, 180, 220]
    frames = [np.full((48, 64, 3), level, np.uint8) for level in levels]
    path = tmp_path / 'a.mp4'
    write_video(path, iter(frames), rate, (64, 48), gop=4)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == 'h264'
        assert stream.average_rate == rate
        assert (stream.width, stream.height) == (64, 48)
        decoded = list(container.decode(stream))
    assert [frame.key_frame for frame in decoded] == [
        i % 4 == 0 for i in range(6)
    ]
    shown = [frame.to_ndarray(format='rgb24').mean() for frame in decoded]
    assert shown == pytest.approx(levels, abs=3)


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob('*')}


def test_prepare__marks_the_corpus_as_complete_at_the_end(
    tmp_path: Path,
) -> None:
    root = tmp_path / 'new' / 'corpus'
    with prepare(root, dict(seed=1), FOLDERS) as needed:
        assert needed
        assert names(root) == {STAMP, *FOLDERS}
        stamp = json.loads((root / STAMP).read_text())
        assert stamp == dict(seed=1, complete=False)
        (root / 'videos' / 'a').touch()
    stamp = json.loads((root / STAMP).read_text())
    assert stamp == dict(seed=1, complete=True)
    with prepare(root, dict(seed=1), FOLDERS) as needed:
        assert not needed
    assert (root / 'videos' / 'a').exists()


def write(root: Path, seed: int) -> None:
    with prepare(root, dict(seed=seed), FOLDERS):
        (root / 'videos' / f'seed{seed}').touch()


def test_prepare__other_settings_empty_its_folders_alone(
    tmp_path: Path,
) -> None:
    write(tmp_path, 1)
    (tmp_path / 'mine').touch()
    write(tmp_path, 2)
    assert names(tmp_path) == {STAMP, *FOLDERS, 'videos/seed2', 'mine'}


def test_prepare__an_interrupted_corpus_is_written_again(
    tmp_path: Path,
) -> None:
    def interrupt() -> None:
        with prepare(tmp_path, dict(seed=1), FOLDERS):
            (tmp_path / 'videos' / 'half').touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    write(tmp_path, 1)
    assert names(tmp_path) == {STAMP, *FOLDERS, 'videos/seed1'}


def test_prepare__folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / 'thesis').touch()
    with (
        pytest.raises(
            ValueError,
            match=f'^{tmp_path} is neither empty nor a corpus of the '
            r'quickstart \(it has no corpus.json\). Choose another folder.$',
        ),
        prepare(tmp_path, {}, FOLDERS),
    ):
        pass
    assert names(tmp_path) == {'thesis'}


def touch(path: Path) -> None:
    """Write one item, in another process."""
    path.touch()


@pytest.mark.slow
@pytest.mark.parametrize('number, lines', [(3, [1, 2, 3]), (25, None)])
def test_write_media__in_processes_with_progress(
    number: int,
    lines: list[int] | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    items = [tmp_path / f'{i}' for i in range(number)]
    write_media(touch, items, 2)
    assert all(path.exists() for path in items)
    shown = capsys.readouterr().out.splitlines()
    # Every tenth, and the end.
    expected = lines or [*range(2, 25, 2), 25]
    assert [line.split(' media')[0] for line in shown] == [
        f'  {done} of {number}' for done in expected
    ]


@pytest.mark.slow
def test_write_once__media_then_annotations_then_nothing(
    tmp_path: Path,
) -> None:
    root = tmp_path / 'corpus'
    plan = {s: [root / 'videos' / f'{s}{i}' for i in (0, 1)] for s in 'ab'}
    calls: list[set[str]] = []

    def run(describe: Callable[[], None]) -> bool:
        return write_once(root, {}, FOLDERS, plan, touch, describe, 1)

    def fail() -> None:
        raise ValueError('leak')

    with pytest.raises(ValueError, match='leak'):
        run(fail)
    assert run(lambda: calls.append(names(root / 'videos')))
    assert not run(fail)
    assert calls == [{'a0', 'a1', 'b0', 'b1'}]
