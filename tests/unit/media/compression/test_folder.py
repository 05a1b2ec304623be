# Copyright (c) clipbert_mm contributors.
"""Tests of re-encoding a folder from Python."""

from pathlib import Path

import pytest

from clipbert_mm.media.compression.folder import compress_folder, find_videos
from clipbert_mm.media.compression.settings import Settings
from tests.toolbox.media import write_video


def test_compress_folder__finished_failed_and_reported(tmp_path: Path) -> None:
    source, target = tmp_path / 'in', tmp_path / 'out'
    (source / 'deep').mkdir(parents=True)
    good = write_video(source / 'deep' / 'a.avi')
    junk = source / 'b.mp4'
    junk.write_bytes(b'no video at all')
    for earlier in (0, 1):
        lines: list[str] = []
        result = compress_folder(
            source, target, Settings(), workers=0, report=lines.append
        )
        assert result.finished == {good: target / 'deep' / 'a.mp4'}
        assert list(result.failures) == [junk]
        assert 'it is a text file' in result.failures[junk]
        assert lines[0] == (
            f'2 videos in {source}, {earlier} of them already finished'
        )
        assert len(lines) == 1 + (2 - earlier)


def test_find_videos__suffixes_in_any_case(tmp_path: Path) -> None:
    for name in ('a.MP4', 'b.webm', 'c.txt'):
        (tmp_path / name).touch()
    target = tmp_path.with_name('out')
    assert find_videos(tmp_path, target, ['mp4', '.WebM']) == {
        tmp_path / 'a.MP4': target / 'a.mp4',
        tmp_path / 'b.webm': target / 'b.mp4',
    }
    with pytest.raises(ValueError, match='There is no folder'):
        find_videos(tmp_path / 'gone', target, ['mp4'])
