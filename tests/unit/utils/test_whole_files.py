# Copyright (c) clipbert_mm contributors.
"""Tests of writing whole files, with real kills and full disks."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clipbert_mm.utils.whole_files import (
    PARTIAL,
    FileNotWrittenError,
    leftovers,
    remove_leftovers,
    whole_file,
    whole_folder,
    write_whole,
)
from tests.toolbox.disks import error_as_nobody, read_only_folder, small_disk
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import run_python

# Writes half a file or folder, says so, and waits to be killed.
WRITER = """
import sys, time
from clipbert_mm.utils.whole_files import whole_file, whole_folder
kind, target = sys.argv[1:]
if kind == 'file':
    with whole_file(target) as partial:
        partial.write_text('half')
        print('writing', flush=True)
        time.sleep(600)
else:
    with whole_folder(target) as partial:
        (partial / 'a.txt').write_text('half')
        print('writing', flush=True)
        time.sleep(600)
"""


def start_writer(kind: str, target: Path) -> subprocess.Popen:
    """Start a process that has half of a target written."""
    process = subprocess.Popen(
        [sys.executable, '-c', WRITER, kind, str(target)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == 'writing\n'
    return process


def kill(process: subprocess.Popen, number: int) -> None:
    """Kill a process and wait for its end."""
    process.send_signal(number)
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize('content', ['käse', b'\x00\xff', memoryview(b'ab')])
def test_write_whole__writes_what_it_is_given(tmp_path, content):
    path = tmp_path / 'new' / 'file.txt'
    write_whole(path, content)
    expected = content.encode() if isinstance(content, str) else content
    assert path.read_bytes() == expected
    assert os.listdir(path.parent) == ['file.txt']


def test_whole_file__has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / 'plain').touch()
    write_whole(tmp_path / 'whole', 'a')
    plain, whole = (tmp_path / name for name in ('plain', 'whole'))
    assert whole.stat().st_mode == plain.stat().st_mode
    whole.chmod(0o640)
    write_whole(whole, 'b')
    assert whole.stat().st_mode & 0o777 == 0o640


def test_whole_file__an_error_leaves_the_previous_file(tmp_path):
    path = tmp_path / 'file.txt'
    path.write_text('old')
    error = KeyError('mine')

    def write() -> None:
        with whole_file(path) as partial:
            partial.write_text('half')
            raise error

    with pytest.raises(KeyError, match='mine'):
        write()
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['file.txt']


def test_whole_file__an_error_of_reading_is_not_one_of_writing(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match=r'source.txt') as info,
        whole_file(tmp_path / 'a') as partial,
    ):
        partial.write_bytes((tmp_path / 'source.txt').read_bytes())
    assert not isinstance(info.value, FileNotWrittenError)


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_whole_file__a_kill_leaves_the_previous_file(tmp_path, number):
    path = tmp_path / 'file.txt'
    path.write_text('old')
    kill(start_writer('file', path), number)
    assert path.read_text() == 'old'
    left = list(leftovers(tmp_path))
    assert len(left) == 1
    assert PARTIAL.fullmatch(left[0].name)
    write_whole(path, 'new')  # it sweeps
    assert path.read_text() == 'new'
    assert os.listdir(tmp_path) == ['file.txt']


def test_whole_folder__a_kill_leaves_no_folder(tmp_path):
    kill(start_writer('folder', tmp_path / 'out'), signal.SIGKILL)
    assert not (tmp_path / 'out').exists()
    with whole_folder(tmp_path / 'out') as partial:
        (partial / 'a.txt').write_text('whole')
    assert os.listdir(tmp_path) == ['out']
    assert (tmp_path / 'out' / 'a.txt').read_text() == 'whole'


@pytest.mark.parametrize('kind', ['file', 'folder'])
def test_leftovers__not_those_of_a_living_process(tmp_path, kind):
    process = start_writer(kind, tmp_path / 'out')
    assert len(os.listdir(tmp_path)) == 1
    remove_leftovers(tmp_path)
    assert len(os.listdir(tmp_path)) == 1
    kill(process, signal.SIGKILL)
    remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == []


def test_write_whole__in_one_folder_at_once(tmp_path):
    # As the processes of a distributed test write their metrics: what one has
    # begun is no leftover to another.
    def write(writer: int) -> None:
        for number in range(100):
            write_whole(tmp_path / 'metrics.json', f'{writer}')
            with whole_folder(tmp_path / f'{writer}_{number}') as partial:
                (partial / 'a.txt').touch()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert (tmp_path / 'metrics.json').read_text() in '0123'
    assert len(os.listdir(tmp_path)) == 1 + 4 * 100
    assert all(
        folder.joinpath('a.txt').exists()
        for folder in tmp_path.iterdir()
        if folder.is_dir()
    )


def test_leftovers__files_of_others_stay(tmp_path):
    names = {'.a.partial', 'video.partial', f'.{"g" * 16}.partial'}
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / f'.{"0" * 16}.partial').symlink_to(tmp_path / '.a.partial')
    remove_leftovers(tmp_path)
    assert names < set(os.listdir(tmp_path))


def test_whole_folder__an_empty_one_is_replaced_a_full_one_is_not(tmp_path):
    (tmp_path / 'out').mkdir()
    with whole_folder(tmp_path / 'out') as partial:
        (partial / 'a').touch()
    assert os.listdir(tmp_path / 'out') == ['a']
    match = 'cannot write this file: Directory not empty'
    with (
        pytest.raises(FileNotWrittenError, match=match),
        whole_folder(tmp_path / 'out') as partial,
    ):
        (partial / 'b').touch()
    assert os.listdir(tmp_path) == ['out']
    assert os.listdir(tmp_path / 'out') == ['a']


def test_whole_file__a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / 'other').write_text('theirs')
    (tmp_path / 'link').symlink_to(tmp_path / 'other')
    write_whole(tmp_path / 'link', 'mine')
    assert (tmp_path / 'other').read_text() == 'theirs'
    assert (tmp_path / 'link').read_text() == 'mine'


def test_whole_file__the_longest_names(tmp_path):
    path = tmp_path / ('é' * 127)  # 254 bytes
    write_whole(path, 'a')
    assert path.read_text() == 'a'


@pytest.mark.parametrize('to_file', [False, True])
def test_whole_file__writes_to_stdout(tmp_path, to_file):
    code = (
        'from clipbert_mm.utils.whole_files import write_whole;'
        'print("first", flush=True); write_whole("/dev/stdout", "second\\n")'
    )
    before = os.lstat('/dev/stdout')
    if to_file:
        with open(tmp_path / 'out.txt', 'a') as file:
            subprocess.run(
                [sys.executable, '-c', code],
                stdout=file,
                check=True,
                env={**os.environ, 'PYTHONPATH': str(ROOT)},
            )
        text = (tmp_path / 'out.txt').read_text()
        assert 'second\n' in text
    else:
        assert run_python('-c', code).stdout == 'first\nsecond\n'
    assert os.lstat('/dev/stdout').st_ino == before.st_ino


def test_full_disk__says_which_file_and_how_much_is_free(tmp_path):
    with small_disk(tmp_path / 'disk', 100) as disk:
        path = disk / 'file.bin'
        write_whole(path, b'old')
        match = (
            r'cannot write this file: No space left on device \(the previous '
            r'file is unchanged; 0\.\d MB are free: free space, raise the '
            r'quota or choose another disk\)'
        )
        with pytest.raises(FileNotWrittenError, match=match) as info:
            write_whole(path, bytes(200_000))
        assert info.value.errno == errno.ENOSPC
        assert info.value.filename == str(path)
        assert path.read_bytes() == b'old'
        assert os.listdir(disk) == ['file.bin']


def test_file_size_limit__is_an_error_that_names_the_file(tmp_path):
    code = f"""
import resource
from clipbert_mm.utils.whole_files import write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_whole({str(tmp_path / 'a.bin')!r}, bytes(2000))
"""
    result = run_python('-c', code)
    assert result.returncode == 1
    assert 'FileNotWrittenError' in result.stderr
    assert 'cannot write this file: File too large (' in result.stderr
    assert f"choose another disk): '{tmp_path}/a.bin'" in result.stderr
    assert os.listdir(tmp_path) == []


def test_read_only_folder__is_an_error_that_names_the_file(tmp_path):
    with read_only_folder(tmp_path / 'here') as folder:
        error = error_as_nobody(write_whole, folder / 'a.bin', b'a')
    assert error == (
        'FileNotWrittenError: [Errno 13] cannot write this file: Permission '
        'denied (choose a folder that may be written to): '
        f"'{tmp_path}/here/a.bin'"
    )
