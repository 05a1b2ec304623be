# Copyright (c) clipbert_mm contributors.
"""Tests of bringing an index up to date."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.packing import unpack_tokens
from clipbert_mm.library.shard import make_shard
from clipbert_mm.library.store import ClipRow
from clipbert_mm.library.updating import UpdateReport
from clipbert_mm.library.verifying import verify
from clipbert_mm.utils.locks import FolderInUseError, lock_folder

from .conftest import CLIPS, NUMBER


def names(library: VideoLibrary) -> list[str]:
    return sorted(Path(row.facts.path).name for row in library.videos())


def grids(library: VideoLibrary) -> dict[str, bytes]:
    paths = {row.video: row.facts.path for row in library.videos()}
    found: dict[str, bytes] = {}
    for block in library.store.scan():
        for row in block:
            name = f'{Path(paths[row["video"]]).name} {row["clip"]}'
            found[name] = row['grid']
    return found


def counts(report: UpdateReport) -> tuple[int, ...]:
    return (
        report.added,
        report.changed,
        report.moved,
        report.removed,
        report.same,
    )


@pytest.mark.slow
def test_update__stores_the_grids_of_the_inferencer(
    library: VideoLibrary, videos: Path
) -> None:
    model = library._model
    about = library.store.description
    rows = library.videos()
    assert [row.reason[:16] for row in rows if not row.clips] == [
        'it is a web page'
    ]
    assert sum(row.clips for row in rows) == CLIPS * NUMBER
    for row in rows:
        if not row.clips:
            continue
        (features,) = model.features([row.facts.path])
        stored = library.store.take([row.video])
        tokens = unpack_tokens(
            [clip['grid'] for clip in stored],
            about.tokens,
            about.width,
            'float16',
        )
        assert torch.equal(tokens, features.tokens.half().float())
        times = [(clip['start'], clip['end']) for clip in stored]
        assert times == list(features.clips)
        assert row.seconds == times[-1][1]


@pytest.mark.slow
def test_update__touches_only_what_has_changed(
    library: VideoLibrary, videos: Path
) -> None:
    assert counts(library.update(videos)) == (0, 0, 0, 0, NUMBER + 1)
    first, second, third, fourth, *_ = sorted(videos.glob('*.mp4'))
    before = grids(library)
    first.rename(videos / 'sub name é.mp4')
    shutil.copyfile(third, second)
    fourth.unlink()
    shutil.copyfile(third, videos / 'new.mp4')
    report = library.update(videos)
    assert counts(report) == (1, 1, 1, 1, NUMBER + 1 - 3)
    assert names(library) == sorted(p.name for p in videos.iterdir())
    after = grids(library)
    for clip in range(CLIPS):
        assert after[f'{second.name} {clip}'] == before[f'{third.name} {clip}']
        assert after[f'new.mp4 {clip}'] == before[f'{third.name} {clip}']
        moved = after[f'sub name é.mp4 {clip}']
        assert moved == before[f'{first.name} {clip}']
    assert len(after) == CLIPS * NUMBER


@pytest.mark.slow
def test_update__an_unreadable_file_is_read_again_when_it_changes(
    library: VideoLibrary, videos: Path
) -> None:
    shutil.copyfile(next(videos.glob('g*.mp4')), videos / 'page.mp4')
    report = library.update(videos)
    assert (report.changed, report.unreadable) == (1, [])
    assert all(row.clips for row in library.videos())


def test_update__reports_sizes(videos: Path, tmp_path: Path) -> None:
    library = VideoLibrary.create(tmp_path / 'i', clips=2, precision='int8')
    seen: list[tuple[int, int]] = []
    report = library.update(videos, progress=lambda *n: seen.append(n))
    assert seen == [(i + 1, NUMBER + 1) for i in range(NUMBER + 1)]
    about = library.store.description
    one = about.tokens * (about.width + 4)
    assert report.grid_bytes == 2 * NUMBER * one
    hours = report.video_seconds / 3600
    assert report.bytes_per_hour() == pytest.approx(report.grid_bytes / hours)
    assert UpdateReport().bytes_per_hour() == 0
    assert [Path(path).name for path, _ in report.unreadable] == ['page.mp4']


def test_update__file_that_is_gone(library: VideoLibrary) -> None:
    gone = [row.facts.path for row in library.videos()]
    os.remove(gone[0])
    report = library.update(gone)
    assert report.removed == 1
    assert report.unreadable == [(gone[0], 'No such file or directory')]


@pytest.mark.slow
def test_update__what_is_no_file_or_may_not_be_read(
    library: VideoLibrary, videos: Path
) -> None:
    os.mkfifo(videos / 'pipe.mp4')
    (videos / 'nowhere.mp4').symlink_to('none.mp4')
    (videos / 'loop.mp4').symlink_to('loop.mp4')
    report = library.update(videos)
    found = {Path(path).name: reason for path, reason in report.unreadable}
    assert found == {
        'pipe.mp4': 'it is a named pipe, not a file',
        'nowhere.mp4': 'No such file or directory',
        'loop.mp4': 'Too many levels of symbolic links',
    }
    assert report.same == NUMBER + 1


def test_update__one_process_at_a_time(
    library: VideoLibrary, videos: Path
) -> None:
    with (
        lock_folder(library.store.location, 'wait'),
        pytest.raises(FolderInUseError, match='or make another index'),
    ):
        library.update(videos)


@pytest.mark.slow
def test_update__shards_look_at_their_own_files(
    library: VideoLibrary, videos: Path
) -> None:
    shards = [make_shard(1, 2), make_shard(2, 2)]
    first, second = sorted(videos.glob('g*.mp4'))[:2]
    shutil.copyfile(first, videos / 'copy one.mp4')
    shutil.copyfile(first, videos / 'copy two.mp4')
    second.unlink()
    own = {
        shard: {
            str(path) for path in videos.iterdir() if shard.owns(str(path))
        }
        for shard in shards
    }
    new = {str(videos / f'copy {name}.mp4') for name in ('one', 'two')}
    before = {row.facts.path: row for row in library.videos()}
    for shard in shards:
        report = library.update(videos, shard=shard)
        assert report.added == len(own[shard] & new)
        assert report.same == len(own[shard] - new)
        assert report.removed == shard.owns(str(second))
    after = {row.facts.path: row for row in library.videos()}
    assert after.keys() == set.union(*own.values())
    for path, row in after.items():
        if path in before:
            assert row == before[path]
        else:
            (owner,) = (s for s in shards if s.owns(path))
            assert row.video in owner.numbers
    assert verify(library.store) == []
    assert counts(library.update(videos)) == (0, 0, 0, 0, len(after))


def test_update__shard_leaves_the_clips_of_others(
    library: VideoLibrary, videos: Path
) -> None:
    shards = [make_shard(1, 2), make_shard(2, 2)]
    clip = ClipRow(0, 0, 0.0, 1.0, b'', [0.0] * 64, b'')
    numbers = [shard.numbers.start + 7 for shard in shards]
    library.store.add([], [clip._replace(video=video) for video in numbers])
    library.update(videos, shard=shards[0])
    assert library.store.remove_orphans() == 1  # that of the other shard


@pytest.mark.slow
def test_update__numbers_of_removed_videos_are_not_given_again(
    library: VideoLibrary, videos: Path
) -> None:
    paths = sorted(videos.glob('g*.mp4'))
    given = {row.video for row in library.videos()}
    for path in paths[:3]:  # by a copy that takes the place of the newest one
        newest = max(library.videos())
        os.remove(newest.facts.path)
        library.update(videos)
        library.store.compact(keep_days=0)
        shutil.copyfile(path, newest.facts.path)
        library.update(videos)
        last = max(library.videos())
        assert last.facts.path == newest.facts.path
        assert last.video not in given
        given.add(last.video)
    assert verify(library.store) == []


def test_update__a_shard_is_of_one_process(
    library: VideoLibrary, videos: Path
) -> None:
    folder = Path(library.store.location, '.shards', '1')
    with lock_folder(folder, 'wait'):
        with pytest.raises(FolderInUseError, match='or take another shard'):
            library.update(videos, shard=(1, 2))
        library.update(videos, shard=(2, 2))
    with pytest.raises(ValueError, match='one of 1 to 2, but got 3'):
        library.update(videos, shard=(3, 2))


@pytest.mark.slow
def test_update__interrupted_between_two_blocks_goes_on(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('clipbert_mm.library.updating._BLOCK', 2)
    library = VideoLibrary.create(tmp_path / 'i', clips=2)

    def stop(done: int, _: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.update(videos, progress=stop)
    report = library.update(videos)
    assert (report.same, report.added) == (4, NUMBER + 1 - 4)
    whole = VideoLibrary.create(tmp_path / 'whole', clips=2)
    whole.update(videos)
    assert grids(library) == grids(whole)
    assert np.unique([row.video for row in library.videos()]).size == 7
