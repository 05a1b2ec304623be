# Copyright (c) clipbert_mm contributors.
"""Tests of the tables of an index, in the real database."""

import os
import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

from clipbert_mm.library.description import Description
from clipbert_mm.library.errors import LibraryError
from clipbert_mm.library.file_facts import FileFacts
from clipbert_mm.library.shard import NUMBERS, Shard
from clipbert_mm.library.store import ClipRow, IndexStore, VideoRow

ABOUT = Description('demo', 'w1', 'p1', 'v1', 2, 1, 2, 'float16')


def video(number: int, name: str = 'a', clips: int = 2) -> VideoRow:
    facts = FileFacts(f'/{name}{number}.mp4', 5, 7)
    return VideoRow(number, facts, f'd{number}', clips, 2.0, '')


def clips(number: int) -> list[ClipRow]:
    vectors = ([1.0, 0.0], [0.6, 0.8])
    return [
        ClipRow(number, i, i, i + 1.0, bytes([number, i]), vectors[i], b'')
        for i in range(2)
    ]


@pytest.fixture
def store(tmp_path: Path) -> IndexStore:
    made = IndexStore.create(tmp_path / 'index', ABOUT)
    made.add([video(0), video(1)], clips(0) + clips(1))
    made.add([video(2)], clips(2))
    return made


def numbers(store: IndexStore) -> list[tuple[int, int]]:
    return [(r['video'], r['clip']) for block in store.scan() for r in block]


def test_store__is_opened_again(store: IndexStore) -> None:
    again = IndexStore(Path(store.location))
    assert again.description == ABOUT
    assert again.videos() == [video(0), video(1), video(2)]
    assert (again.count_clips(), again.count_videos()) == (6, 3)
    assert numbers(again) == [(v, c) for v in range(3) for c in range(2)]
    again.add([video(3, clips=0)], [])  # unreadable
    assert (again.count_clips(), again.count_videos()) == (6, 3)


def test_store__follows_what_another_writes(store: IndexStore) -> None:
    """A served library sees what indexing in another process does."""
    other = IndexStore(store.location)
    other.add([video(3)], clips(3))
    assert numbers(store)[-2:] == [(3, 0), (3, 1)]
    assert store.find(3) == video(3)
    other.remove([0])
    other.compact(keep_days=0)
    assert [row.video for row in store.videos()] == [1, 2, 3]
    assert [row['video'] for row in store.take([0, 1])] == [1, 1]


def test_find__numbers_that_are_none(store: IndexStore) -> None:
    assert store.find(1) == video(1)
    for number in (3, -1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30):
        assert store.find(number) is None
        assert store.take([number]) == []
    assert len(store.take([1, 2**63])) == 2


def test_store__none_and_two(store: IndexStore, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r'no index in .*clipbert-mm index'):
        IndexStore(tmp_path / 'other')
    with pytest.raises(LibraryError, match='holds an index already'):
        IndexStore.create(store.location, ABOUT)


def test_create__after_a_kill_between_two_tables(store: IndexStore) -> None:
    shutil.rmtree(Path(store.location) / 'videos.lance')
    with pytest.raises(LibraryError, match='there is no index'):
        IndexStore(store.location)
    again = IndexStore.create(store.location, ABOUT)
    assert list(again.scan()) == []


def test_scan__blocks_and_positions(store: IndexStore) -> None:
    blocks = list(store.scan([1], rows=2))
    assert sum(map(len, blocks)) == 3
    assert {row['clip'] for block in blocks for row in block} == {1}
    first = next(store.scan())[0]
    assert first['grid'] == b'\0\0'
    assert set(first) == {'video', 'clip', 'start', 'end', 'grid'}


def test_take__clips_of_videos_in_order(store: IndexStore) -> None:
    rows = store.take([2, 0])
    assert [(r['video'], r['clip']) for r in rows] == [
        (0, 0),
        (0, 1),
        (2, 0),
        (2, 1),
    ]
    assert store.take([]) == []


def test_remove__videos_and_clips(store: IndexStore) -> None:
    store.remove([1])
    assert store.videos() == [video(0), video(2)]
    assert {v for v, _ in numbers(store)} == {0, 2}
    store.remove([])


def test_next_number__was_never_given(store: IndexStore) -> None:
    other = IndexStore(store.location)
    assert store.next_number() == 3
    store.remove([2])
    store.compact(keep_days=0)
    assert other.next_number() == 3
    other.add([video(3)], [])
    other.remove([0, 3])
    other.remove([1])  # the index is empty
    assert IndexStore(store.location).next_number() == 4


def test_next_number__in_the_range_of_a_shard(store: IndexStore) -> None:
    shards = [Shard(i, 3).numbers for i in (1, 2, 3)]
    first, second = shards[0][4], shards[1][5]
    store.add([video(first), video(second)], [])
    store.remove([1, first, second, 2])
    assert [store.next_number(one) for one in shards] == [
        shards[0][5],
        shards[1][6],
        shards[2][0],
    ]
    assert store.next_number(range(NUMBERS)) == 3
    assert store.next_number() == second + 1


def test_remove__that_is_killed_gives_no_number_again(
    store: IndexStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number is recorded before the video is gone."""

    def kill(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store._clips, 'delete', kill)
    with pytest.raises(KeyboardInterrupt):
        store.remove([2])
    assert store.find(2) is None
    assert store.next_number() == 3


def test_replace__keeps_clips_and_number(store: IndexStore) -> None:
    store.replace([video(1, 'moved')])
    assert store.videos()[1].facts.path == '/moved1.mp4'
    assert len(numbers(store)) == 6
    store.replace([])


def test_orphans__of_a_killed_run_are_removed(store: IndexStore) -> None:
    store.add([], clips(9))
    assert len(numbers(store)) == 8
    assert store.remove_orphans() == 2
    assert store.remove_orphans() == 0
    assert len(numbers(store)) == 6


def test_path__that_is_no_unicode(store: IndexStore) -> None:
    name = os.fsdecode(b'/v\xff\xfe.mp4')
    row = video(3)._replace(facts=FileFacts(name, 1, 1))
    store.add([row], [])
    assert store.videos()[-1] == row


def test_nearest__by_cosine(store: IndexStore) -> None:
    found = store.nearest([0.0, 1.0], 2)
    assert [cosine for _, cosine in found] == pytest.approx([0.8, 0.8])
    store.remove([0, 1, 2])
    assert store.nearest([0.0, 1.0], 2) == []


def test_compact__keeps_what_is_there(store: IndexStore) -> None:
    store.remove([0])
    before = sum(f.stat().st_size for f in Path(store.location).rglob('*.*'))
    store.compact(keep_days=0)
    after = sum(f.stat().st_size for f in Path(store.location).rglob('*.*'))
    assert after < before
    assert IndexStore(store.location).videos() == [video(1), video(2)]
    assert {v for v, _ in numbers(store)} == {1, 2}


def test_export__parquet(store: IndexStore, tmp_path: Path) -> None:
    videos, all_clips = store.export(tmp_path / 'tables')
    assert parquet.read_table(videos)['path'].to_pylist() == [
        b'/a0.mp4',
        b'/a1.mp4',
        b'/a2.mp4',
    ]
    table = parquet.read_table(all_clips)
    assert table.num_rows == 6
    assert table['grid'][3].as_py() == b'\1\1'
