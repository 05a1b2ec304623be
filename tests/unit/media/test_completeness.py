# Copyright (c) clipbert_mm contributors.
"""Tests of files that end early, cut at every kind of place."""

import io
import os
from pathlib import Path

import pytest

from clipbert_mm.media.completeness import check_complete
from clipbert_mm.media.errors import MediaError
from tests.toolbox.media import write_video
from tests.toolbox.remuxing import remux


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One video in several containers."""
    folder = tmp_path_factory.mktemp('complete')
    write_video(folder / 'a.mp4', num_frames=8)
    for suffix in ('avi', 'mov', 'mkv', 'ts'):
        remux(folder / 'a.mp4', folder / f'a.{suffix}')
    return folder


def box(name: bytes, content: bytes = b'', long: bool = False) -> bytes:
    """Return a box of an MP4 file."""
    if long:
        size = (1).to_bytes(4, 'big')
        return size + name + (16 + len(content)).to_bytes(8, 'big') + content
    return (8 + len(content)).to_bytes(4, 'big') + name + content


def check(content: bytes) -> None:
    file = io.BytesIO(content)
    file.seek(5)
    check_complete(file, 'a')
    assert file.tell() == 0


@pytest.mark.parametrize('suffix', ['mp4', 'mov', 'avi', 'mkv', 'ts'])
def test_check_complete__whole_files(folder: Path, suffix: str) -> None:
    with open(folder / f'a.{suffix}', 'rb') as file:
        check_complete(file, 'a')
        assert file.tell() == 0


@pytest.mark.parametrize('suffix', ['mp4', 'mov', 'avi'])
@pytest.mark.parametrize('missing', [2, 100, 0.5])
def test_check_complete__cut_files(
    folder: Path, suffix: str, missing: float
) -> None:
    content = (folder / f'a.{suffix}').read_bytes()
    number = missing if missing > 1 else int(missing * len(content))
    left = len(content) - int(number)
    with pytest.raises(
        MediaError, match=f"'a': it ends early: only {left} of [0-9]+ bytes"
    ):
        check(content[:left])


def test_check_complete__avi_without_padding_or_end() -> None:
    whole = b'RIFF' + (20).to_bytes(4, 'little') + bytes(20)
    check(whole)
    check(whole[:-1])
    with pytest.raises(MediaError, match='only 26 of 28 bytes'):
        check(whole[:-2])
    check(b'RIFF' + b'\xff' * 4 + bytes(20))  # of a recorder that was stopped


@pytest.mark.parametrize('name', [b'mdat', b'moov', b'moof'])
@pytest.mark.parametrize('long', [False, True])
def test_check_complete__last_box_of_frames(name: bytes, long: bool) -> None:
    content = box(b'ftyp', bytes(8)) + box(name, bytes(50), long)
    check(content)
    check(content + box(b'free', bytes(50))[:20])  # what follows may be cut
    with pytest.raises(
        MediaError, match=f'only {len(content) - 2} of {len(content)} bytes'
    ):
        check(content[:-2])


def test_check_complete__box_without_size_and_other_files() -> None:
    unknown = (0).to_bytes(4, 'big') + b'mdat' + bytes(9)
    check(box(b'ftyp', bytes(8)) + unknown)
    check(b'')
    check(os.urandom(3))
    check(b'\x00\x00\x01\xba' + bytes(40))  # MPEG
