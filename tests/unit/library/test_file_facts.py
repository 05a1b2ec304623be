# Copyright (c) clipbert_mm contributors.
"""Tests of the facts of files."""

import os
from pathlib import Path

import pytest

from clipbert_mm.library.file_facts import (
    FileFacts,
    compare,
    content_digest,
    facts_of,
    reachable_files,
)


def test_facts__of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'a.mp4').write_bytes(b'123')
    os.utime(tmp_path / 'a.mp4', ns=(0, 5_000_000_007))
    monkeypatch.chdir(tmp_path)
    expected = FileFacts(str(tmp_path / 'a.mp4'), 3, 5_000_000_007)
    assert facts_of('a.mp4') == expected
    with pytest.raises(FileNotFoundError):
        facts_of('b.mp4')


def test_compare__each_file_once() -> None:
    known = {f: FileFacts(f, 1, 1) for f in ('same', 'other', 'gone')}
    found = [
        FileFacts('same', 1, 1),
        FileFacts('new', 1, 1),
        FileFacts('new', 1, 1),
        FileFacts('other', 2, 1),
    ]
    changes = compare(found, known)
    assert changes.same == found[:1]
    assert changes.new == found[1:2]
    assert changes.changed == found[3:]
    assert changes.missing == ['gone']


@pytest.mark.parametrize('size', [0, 10, (1 << 20) - 1, 5 << 20])
def test_digest__sees_start_middle_end_and_size(
    size: int, tmp_path: Path
) -> None:
    path = tmp_path / 'a'
    content = bytearray(size)
    path.write_bytes(content)
    seen = {content_digest(str(path))}
    for place in {0, size // 2, size - 1} if size else ():
        content[place] ^= 1
        path.write_bytes(content)
        seen.add(content_digest(str(path)))
        content[place] ^= 1
    path.write_bytes(content + b'\0')
    seen.add(content_digest(str(path)))
    assert len(seen) == (5 if size else 2)


def test_reachable_files__others_with_reasons(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_bytes(b'12345')
    os.mkfifo(tmp_path / 'pipe.mp4')
    names = [str(tmp_path / f'{name}.mp4') for name in ('a', 'pipe', 'none')]
    found, gone = reachable_files(names)
    assert found == [facts_of(names[0])]
    assert gone == [
        (names[1], 'it is a named pipe, not a file'),
        (names[2], 'No such file or directory'),
    ]
