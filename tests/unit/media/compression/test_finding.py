# Copyright (c) clipbert_mm contributors.
"""Tests of the videos that are found, and of those that are left out."""

import os
from pathlib import Path

import pytest

from clipbert_mm.media.compression.finding import find_videos

MATROSKA = b'\x1a\x45\xdf\xa3'


def make(folder: Path, *names: str, content: bytes = MATROSKA) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    'name, result',
    [
        ('a.MP4', 'a.mp4'),
        ('a.mov', 'a.mp4'),
        ('a.mov.mp4', 'a.mov.mp4'),
        ('a.m2ts', 'a.mp4'),
        ('a.MTS', 'a.mp4'),
        ('a.3g2', 'a.mp4'),
        ('a.ogv', 'a.mp4'),
        ('a', 'a.mp4'),
        ('a.', 'a.mp4'),
        ('35@N01_60.v2', '35@N01_60.v2.mp4'),  # the dot is part of the stem
        ('.mp4', '.mp4.mp4'),
        ('-rf.avi', '-rf.mp4'),
        ('concat:a.avi', 'concat:a.mp4'),
        ('http:__x.mkv', 'http:__x.mp4'),
        (' a\n"b\'.webm ', ' a\n"b\'.webm .mp4'),
        (os.fsdecode(b'\xff\xfe.avi'), os.fsdecode(b'\xff\xfe.mp4')),
        ('x' * 251 + '.gif', 'x' * 251 + '.mp4'),
        ('deep.er/a.avi', 'deep.er/a.mp4'),
    ],
)
def test_find_videos__any_name(tmp_path: Path, name: str, result: str) -> None:
    source, target = make(tmp_path / 'in', name), tmp_path / 'out'
    found = find_videos(source, target)
    assert found.videos == {source / name: target / result}
    assert (found.left_out, found.clashes) == ({}, {})


def test_find_videos__suffixes_in_any_case(tmp_path: Path) -> None:
    source, target = make(tmp_path, 'a.MP4', 'b.webm', 'c.avi', 'd.X'), Path()
    target = tmp_path.with_name('out')
    found = find_videos(source, target, ['mp4', '.WebM', 'x'])
    assert found.videos == {
        source / 'a.MP4': target / 'a.mp4',
        source / 'b.webm': target / 'b.mp4',
        source / 'd.X': target / 'd.mp4',
    }
    assert found.left_out == {
        source / 'c.avi': 'its suffix is not in --suffixes'
    }


def test_find_videos__reasons_against_files(tmp_path: Path) -> None:
    source = make(tmp_path / 'in', 'a.mp4', 'no_suffix')
    make(source, 'notes.txt', content=b'not a video')
    make(source, 'a.jpg', content=b'\xff\xd8\xff\xe0' + bytes(20))
    make(source, 'nothing', content=b'')
    make(source, 'list', content=b'#EXTM3U\nhttp://127.0.0.1:9/a.ts\n')
    make(source, 'zeros', content=bytes(100))
    os.mkfifo(source / 'pipe')
    (source / 'gone').symlink_to('nowhere')
    (source / 'up').symlink_to('..')
    (source / 'self').symlink_to('self')
    found = find_videos(source, tmp_path / 'out')
    assert set(found.videos) == {source / 'a.mp4', source / 'no_suffix'}
    assert {p.name: reason for p, reason in found.left_out.items()} == {
        'notes.txt': "it is a text file ('not a video')",
        'a.jpg': 'it is a JPEG image',
        'nothing': 'the file is empty',
        'list': 'it is an HLS playlist',
        'zeros': 'it is all zeros at its start',
        'pipe': 'it is a named pipe, not a file; remove it or name a file',
        'gone': 'No such file or directory',
        'in': 'it is a link back to a folder that holds it',
        'self': 'Too many levels of symbolic links',
    }


def test_find_videos__follows_links(tmp_path: Path) -> None:
    source = make(tmp_path / 'in', 'a.mp4')
    other = make(tmp_path / 'other', 'b.mp4')
    (source / 'folder').symlink_to(other)
    (source / 'c.mp4').symlink_to(other / 'b.mp4')
    target = make(tmp_path / 'out', 'old.mp4')
    (source / 'results').symlink_to(target)
    found = find_videos(source, target)
    assert sorted(found.videos.values()) == [
        target / 'a.mp4',
        target / 'c.mp4',
        target / 'folder' / 'b.mp4',
    ]
    assert found.left_out == {
        source / 'results' / 'old.mp4': 'it is a link into the folder to write'
    }


def test_find_videos__clashes(tmp_path: Path) -> None:
    source = make(tmp_path / 'in', 'a.avi', 'a.mp4', 'b', 'b.mp4/c.mkv', 'd.')
    target = tmp_path / 'out'
    found = find_videos(source, target)
    assert found.videos == {
        source / 'b.mp4/c.mkv': target / 'b.mp4/c.mp4',
        source / 'd.': target / 'd.mp4',
    }
    assert found.clashes == {
        source / 'a.avi': f'{target}/a.mp4 would be the result of '
        f'{source}/a.mp4, too; rename all but one',
        source / 'a.mp4': f'{target}/a.mp4 would be the result of '
        f'{source}/a.avi, too; rename all but one',
        source / 'b': f'{target}/b.mp4 would be the result of the folder '
        'b.mp4, too; rename all but one',
    }


def test_find_videos__unsuitable_folders(tmp_path: Path) -> None:
    source = make(tmp_path / 'in', 'a.txt', content=b'text')
    with pytest.raises(
        ValueError,
        match=r'in has no videos among its 1 files; .*a.txt: it is a text f',
    ):
        find_videos(source, tmp_path / 'out')
    with pytest.raises(ValueError, match='There is no folder'):
        find_videos(tmp_path / 'gone', tmp_path / 'out')
    (tmp_path / 'link').symlink_to(source)
    with pytest.raises(ValueError, match='must not be inside one another'):
        find_videos(source, tmp_path / 'link' / 'out')
