# Copyright (c) clipbert_mm contributors.
"""Tests of re-encoding a folder from Python."""

import os
from pathlib import Path

import pytest

from clipbert_mm.media.compression.folder import compress_folder
from clipbert_mm.media.compression.journal import JOURNAL
from clipbert_mm.media.compression.output import WriteError
from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.opening import open_video
from tests.toolbox.media import write_gif, write_video
from tests.toolbox.processes import run_python


def test_compress_folder__finished_failed_and_reported(tmp_path: Path) -> None:
    source, target = tmp_path / 'in', tmp_path / 'out'
    (source / 'deep').mkdir(parents=True)
    good = write_video(source / 'deep' / 'a.avi')
    junk, notes = source / 'b.mp4', source / 'notes.txt'
    for path in (junk, notes):
        path.write_bytes(b'no video at all')
    for earlier in (0, 1):
        lines: list[str] = []
        result = compress_folder(
            source, target, Settings(), workers=0, report=lines.append
        )
        assert result.finished == {good: target / 'deep' / 'a.mp4'}
        assert result.outcomes[good].kind == 'encoded'
        assert list(result.failures) == [junk]
        assert 'it is a text file' in result.failures[junk]
        assert list(result.left_out) == [notes]
        assert lines[0] == (
            f'2 videos in {source}, {earlier} of them already finished'
        )
        assert len(lines) == 1 + (2 - earlier)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob('*') if p.is_file()}


@pytest.mark.slow
def test_compress_folder__equal_bytes_with_any_number_of_workers(
    tmp_path: Path,
) -> None:
    source = tmp_path / 'in'
    source.mkdir()
    for i in range(3):
        write_video(source / f'{i}.mkv', 40, 25, size=(320, 240))
    write_video(source / 'vfr.mp4', 5, milliseconds=[0, 40, 70, 500, 900])
    write_gif(source / 'a.gif', 10, [30, 70] * 5)
    found = []
    for workers in (0, 1, 3):
        target = tmp_path / f'out{workers}'
        compress_folder(source, target, Settings(), workers=workers)
        found.append(contents(target))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 6
    for content in found[0].values():  # nothing names the encoder
        assert b'x264' not in content
        assert b'Lavf' not in content


def test_compress_folder__a_source_that_would_become_larger(
    tmp_path: Path,
) -> None:
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    path = write_gif(source / 'a.gif', 2, size=(8, 8))
    other = write_video(source / 'b.mp4', 30, size=(320, 240))
    result = compress_folder(source, target, Settings(), workers=0)
    assert result.outcomes[path].kind == 'copied'
    assert (target / 'a.mp4').read_bytes() == path.read_bytes()
    sizes = {p: result.finished[p].stat().st_size for p in (path, other)}
    assert all(sizes[p] <= p.stat().st_size for p in sizes)
    # Finished files count as finished, copies included.
    lines: list[str] = []
    again = compress_folder(
        source, target, Settings(), workers=0, report=lines.append
    )
    assert again == result
    assert '2 of them already finished' in lines[0]

    kept = tmp_path / 'kept'
    result = compress_folder(
        source, kept, Settings(keep_larger=True), workers=0
    )
    assert result.outcomes[path].kind == 'larger'
    assert result.outcomes[path].note == '--keep-larger'
    assert (kept / 'a.mp4').stat().st_size > path.stat().st_size
    with open_video(kept / 'a.mp4') as reader:
        assert len(reader) == 2


@pytest.mark.slow
def test_compress_folder__names(tmp_path: Path) -> None:
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    video = write_video(tmp_path / 'a.mp4').read_bytes()
    names = [
        'concat:x.mp4',
        'file:x.mp4',
        'http:__127.0.0.1:9.mp4',
        '-y.mp4',
        '%d.mp4',
        'x?*[a].mp4',
        ' a\n\'b"\\.mp4',
        os.fsdecode(b'\xff\xfe.mp4'),
        'x' * 251 + '.mp4',
        'no_suffix',
        'a.mov.mp4',
        'a.',
        'A.M2TS',
    ]
    for name in names:
        (source / name).write_bytes(video)
    first = compress_folder(source, target, Settings(), workers=1)
    assert (first.failures, first.left_out) == ({}, {})
    assert {p.name for p in first.finished} == set(names)
    results = {p.name for p in first.finished.values()}
    assert set(os.listdir(target)) == {JOURNAL, *results}
    for path in first.finished.values():
        with open_video(path) as reader:
            assert len(reader) == 10
    lines: list[str] = []
    compress_folder(source, target, Settings(), workers=0, report=lines.append)
    assert f'{len(names)} of them already finished' in lines[0]


def test_compress_folder__a_name_that_becomes_too_long(tmp_path: Path) -> None:
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    name = 'x' * 255
    write_video(tmp_path / 'a.mp4').rename(source / name)
    result = compress_folder(source, target, Settings(), workers=0)
    assert result.failures == {
        source / name: f'{target}/{name}.mp4 cannot be written: '
        'File name too long'
    }
    assert os.listdir(target) == [JOURNAL]


def test_compress_folder__a_result_that_was_cut_is_made_again(
    tmp_path: Path,
) -> None:
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'a.avi')
    compress_folder(source, target, Settings(), workers=0)
    whole = (target / 'a.mp4').read_bytes()
    (target / 'a.mp4').write_bytes(whole[:100])
    compress_folder(source, target, Settings(), workers=0)
    assert (target / 'a.mp4').read_bytes() == whole


FULL_DISK = """
import resource, sys
from pathlib import Path
from clipbert_mm.cli import compress
# The system refuses to write a file of more than 1000 bytes.
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
sys.exit(compress.main([*sys.argv[1:], '--workers', '0']))
"""


@pytest.mark.slow
def test_compress_folder__results_that_cannot_be_written(
    tmp_path: Path,
) -> None:
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'a.mkv')
    result = run_python('-c', FULL_DISK, str(source), str(target))
    assert result.returncode == 1
    assert result.stderr == (
        f'failed: {source}/a.mkv: {target}/a.mp4 cannot be written: File too '
        'large\n1 of 1 videos could not be encoded.\n'
    )
    assert os.listdir(target) == [JOURNAL]


def test_compress_folder__a_folder_that_cannot_be_written(
    tmp_path: Path,
) -> None:
    (tmp_path / 'in').mkdir()
    write_video(tmp_path / 'in' / 'a.mp4')
    (tmp_path / 'file').touch()
    with pytest.raises(ValueError, match='file is not a folder'):
        compress_folder(tmp_path / 'in', tmp_path / 'file', Settings())
    with pytest.raises(WriteError, match='cannot be written: Not a directory'):
        compress_folder(tmp_path / 'in', tmp_path / 'file' / 'a', Settings())
    with pytest.raises(WriteError, match='/proc/a cannot be written'):
        compress_folder(tmp_path / 'in', Path('/proc/a'), Settings())
