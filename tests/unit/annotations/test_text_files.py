# Copyright (c) clipbert_mm contributors.
"""Tests of annotation files that are texts, and of those that are not."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.text_files import read_text


def test_read_text__skips_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(b'\xef\xbb\xbf[]')
    assert read_text(str(path)) == '[]'


def test_read_text__names_the_option_of_a_missing_file() -> None:
    with pytest.raises(
        FileNotFoundError,
        match="^There is no annotation file 'a.json'. Check ann_file and "
        'data_root of the dataset.$',
    ):
        read_text('a.json', 'ann_file')
    with pytest.raises(FileNotFoundError, match="^There is no file 'a.json'"):
        read_text('a.json')


def test_read_text__names_the_line_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(b'[\n"a",\n"caf\xe9"]')
    with pytest.raises(AnnotationError, match='a.json:3: this is not a text'):
        read_text(str(path))


@pytest.mark.parametrize(
    'content, message',
    [
        (gzip.compress(b'[]', mtime=0), 'a gzip archive. Unpack it, and name'),
        (b'PK\x03\x04\0\xff', 'a ZIP archive. Unpack it, and name the'),
        (b'PAR1\x15\x04\xff', 'a Parquet file. Name the annotation file'),
        ('[]'.encode('utf-16'), 'a text in UTF-16. Save it in UTF-8.'),
        ('[]'.encode('utf-16-le'), 'a text in UTF-16. Save it in UTF-8.'),
        ('[]'.encode('utf-16-be'), 'a text in UTF-16. Save it in UTF-8.'),
        (b'\n<!DOCTYPE html><p>', 'a web page. The download has failed'),
        (b'version https://git-lfs', 'a Git LFS pointer. Run `git lfs pull'),
    ],
)
def test_read_text__says_what_it_is_instead(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / 'a.json'
    path.write_bytes(content)
    with pytest.raises(
        AnnotationError, match=f'a.json:1: expected a text .* got {message}'
    ):
        read_text(str(path))


def test_read_text__no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    for path, kind in (
        (tmp_path / 'pipe', 'a named pipe'),
        (tmp_path, 'a folder'),
        ('/dev/zero', 'a device'),
    ):
        with pytest.raises(AnnotationError, match=f'{kind}. Name a file'):
            read_text(str(path))


def test_read_text__pipe_of_a_shell() -> None:
    """A command in ``<(...)`` is named /dev/fd/63."""
    source, target = os.pipe()

    def write() -> None:
        with open(target, 'w') as file:
            file.write('[1]\r\n' * 30_000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert read_text(f'/dev/fd/{source}') == '[1]\n' * 30_000
    finally:
        writer.join()
        os.close(source)
