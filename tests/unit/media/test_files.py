# Copyright (c) clipbert_mm contributors.
"""Tests of media files that differ from the annotations in their suffixes."""

from pathlib import Path

import pytest

from clipbert_mm.media.files import media_files, media_stem


@pytest.mark.parametrize(
    'name, stem',
    [
        ('a.mp4', 'a'),
        ('a.MOV', 'a'),
        ('a.mov.mp4', 'a'),
        ('a.mts', 'a'),
        ('a.m2ts', 'a'),
        ('a.3g2', 'a'),
        ('a.ogv', 'a'),
        ('a.', 'a'),
        ('a..mp4', 'a'),
        ('a', 'a'),
        ('35@N01_60.v2', '35@N01_60.v2'),
        ('35@N01_60.v2.avi', '35@N01_60.v2'),
    ],
)
def test_media_stem(name: str, stem: str) -> None:
    assert media_stem(name) == stem
    assert media_stem(f'folder.mp4/{name}') == f'folder.mp4/{stem}'


@pytest.mark.parametrize('file', ['a.mov', 'a.mov.mp4', 'a.', 'a..mp4', 'a'])
@pytest.mark.parametrize('name', ['a', 'a.mov', 'a.mp4', 'a.'])
def test_media_files__found_by_stem(
    name: str, file: str, tmp_path: Path
) -> None:
    (tmp_path / file).touch()
    (tmp_path / 'ab.mp4').touch()
    assert media_files([name], str(tmp_path), None) == [str(tmp_path / file)]


def test_media_files__one_suffix_before_two(tmp_path: Path) -> None:
    for file in ('a.mp4', 'a.gif.mp4'):
        (tmp_path / file).touch()
    assert media_files(['a', 'a.gif'], str(tmp_path), None) == [
        str(tmp_path / 'a.mp4'),
        str(tmp_path / 'a.gif.mp4'),
    ]


def test_media_files__several_with_one_stem(tmp_path: Path) -> None:
    for file in ('a.mov.mp4', 'a.avi.mp4'):
        (tmp_path / file).touch()
    with pytest.raises(
        ValueError, match=r"^'a' must match one file of .*a.avi.mp4', 'a.mov"
    ):
        media_files(['a'], str(tmp_path), None)


def test_media_files__a_given_suffix_is_added_after_a_dot() -> None:
    assert media_files(['a', 'a.avi', 'a.'], 'd', '.mp4') == [
        'd/a.mp4',
        'd/a.avi',
        'd/a..mp4',
    ]
