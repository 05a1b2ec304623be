# Copyright (c) clipbert_mm contributors.
"""Tests of reading the bytes of media, from files and LMDBs."""

from pathlib import Path

import lmdb
import pytest

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.reading import read_media
from tests.toolbox.media import write_lmdb


def test_read_media__empty(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').touch()
    with pytest.raises(MediaError, match='a.mp4.: the file is empty'):
        read_media(str(tmp_path / 'a.mp4'))
    args = dict(
        backend='lmdb', db_path=str(write_lmdb(tmp_path / 'l', {'a': b''}))
    )
    with pytest.raises(MediaError, match="the key 'a' has no content in"):
        read_media('a.mp4', args)


def test_read_media__key_of_an_lmdb(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / 'l', {'a': b'1', 'b.c': b'2', 'é': b'3'})
    args = dict(backend='lmdb', db_path=str(path))
    for name, expected in (
        ('a', b'1'),
        ('x/a.gif', b'1'),
        ('b.c', b'2'),
        ('/x.y/b.c.webm', b'2'),
    ):
        assert read_media(name, args) == expected
    with pytest.raises(MediaError, match="the key 'b' is not in the LMDB"):
        read_media('b', args)
    with pytest.raises(MediaError, match="the key 'é' is not ASCII"):
        read_media('é.mp4', args)


def test_read_media__database_that_is_not_there(tmp_path: Path) -> None:
    args = dict(backend='lmdb', db_path=str(tmp_path / 'none.lmdb'))
    # Not an error of a single medium: it ends the run.
    with pytest.raises(lmdb.Error, match='none.lmdb'):
        read_media('a', args)
