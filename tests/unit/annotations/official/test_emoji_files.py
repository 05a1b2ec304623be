# Copyright (c) clipbert_mm contributors.
"""Tests of the names and files of emoji."""

import re
from pathlib import Path

import pytest
from PIL import Image

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.emoji_files import (
    find_files,
    plain_code,
    read_emoji,
)
from clipbert_mm.media.compression.folder import compress_folder
from clipbert_mm.media.compression.settings import Settings
from tests.toolbox.converting import write

ANIMATED = ('video', 'animation')


def write_animation(path: Path) -> None:
    frames = [
        Image.new('RGBA', (16, 16), (90, 40 * i, 0, 255 * (i % 2)))
        for i in range(3)
    ]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def test_read_emoji__names_tones_and_keywords(tmp_path: Path) -> None:
    skin = dict(label='boy: dark skin tone', hexcode='1F466-1F3FF', emoji='b')
    names = [
        dict(
            label='boy',
            hexcode='1F466',
            emoji='\u2649\ufe0f',
            tags=['a boy', 'child'],
            skins=[skin | dict(tone=5), skin | dict(tone=[1, 5])],
        ),
        dict(label='o\u2019clock', hexcode='1F550-FE0F', emoji='c'),
    ]
    keywords = {'\u2649': ['boy', 'young_one', 'Child', '^_^']}
    found = read_emoji(
        write(tmp_path / 'names.json', names),
        write(tmp_path / 'keywords.json', keywords),
    )
    assert found == [
        ('1f466', 'boy', '1f466', 0, ('young one', 'child')),
        ('1f466-1f3ff', 'boy: dark skin tone', '1f466', 5, ()),
        ('1f550', "o'clock", '1f550', 0, ()),
    ]
    assert plain_code('0023-FE0F-20E3') == '0023-20e3'


def test_find_files__animations_and_their_videos(tmp_path: Path) -> None:
    source, target = tmp_path / 'webp', tmp_path / 'videos'
    source.mkdir()
    write_animation(source / '1f600-fe0f.webp')
    Image.new('RGB', (16, 16)).save(source / '1f601.webp')
    (source / 'about.webp').write_bytes(b'text')
    expected = {'1f600': '1f600-fe0f'}
    assert find_files(source, ANIMATED) == expected
    settings = Settings(background=(255, 255, 255))
    compress_folder(source, target, settings, workers=0)
    assert find_files(target, ANIMATED) == expected
    assert find_files(source, ('image',)) == {'1f601': '1f601'}


def test_find_files__two_of_one_emoji(tmp_path: Path) -> None:
    for stem in ('2640', '2640-fe0f'):
        write_animation(tmp_path / f'{stem}.webp')
    with pytest.raises(AnnotationError, match='are one emoji'):
        find_files(tmp_path, ANIMATED)


def test_find_files__nothing(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / 'none'):
        with pytest.raises(AnnotationError, match=re.escape(str(folder))):
            find_files(folder, ANIMATED)
