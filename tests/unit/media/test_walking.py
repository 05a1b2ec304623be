# Copyright (c) clipbert_mm contributors.
"""Tests of the walk through folders and links to folders."""

import os
from pathlib import Path

from clipbert_mm.media.walking import Entry, walk_files


def walked(folder: Path) -> list[Entry]:
    return list(walk_files(str(folder)))


def test_walk_files__links_to_files_and_folders(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / 'root', tmp_path / 'elsewhere'
    (root / 'deep' / 'er').mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / 'b').touch()
    (root / 'deep' / 'er' / 'a').touch()
    (root / 'link').symlink_to(elsewhere)
    (root / 'file').symlink_to(elsewhere / 'b')
    (root / 'gone').symlink_to(tmp_path / 'nowhere')
    (root / 'self').symlink_to(root / 'self')
    os.mkfifo(root / 'pipe')
    assert walked(root) == [
        Entry('deep/er/a'),
        Entry('file'),
        Entry('gone'),
        Entry('link/b'),
        Entry('pipe'),
        Entry('self'),
    ]


def test_walk_files__loops_of_links_end(tmp_path: Path) -> None:
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'file').touch()
    (tmp_path / 'a' / 'up').symlink_to('..')
    (tmp_path / 'b' / 'other').symlink_to('../a')
    back = 'it is a link back to a folder that holds it'
    assert walked(tmp_path) == [
        Entry('a/file'),
        Entry('a/up', back),
        Entry('b/file'),
        Entry('b/other/file'),
        Entry('b/other/up', back),
    ]


def test_walk_files__folders_that_all_link_to_each_other(
    tmp_path: Path,
) -> None:
    names = [f'{i:02}' for i in range(12)]  # 12! paths without loops
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / 'file').touch()
        for other in names:
            (tmp_path / name / other).symlink_to(f'../{other}')
    found = walked(tmp_path)
    assert {f'{name}/file' for name in names} <= {e.path for e in found}
    assert sum(not e.refusal for e in found) <= 9 * len(names)


def test_walk_files__no_such_folder(tmp_path: Path) -> None:
    (entry,) = walked(tmp_path / 'gone')
    assert entry.path == '.'
    assert entry.refusal == (
        'the folder is unreadable: No such file or directory'
    )
