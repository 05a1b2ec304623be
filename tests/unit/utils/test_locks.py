# Copyright (c) clipbert_mm contributors.
"""Tests of the lock of a folder, with real processes."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clipbert_mm.utils.locks import LOCK_FILE, FolderInUseError, lock_folder
from tests.toolbox.paths import ROOT

# Holds the lock, with a child that was forked meanwhile, until it is asked to
# end. Shells let background jobs ignore SIGINT, and children inherit that.
HOLDER = """
import os, signal, sys, time
from clipbert_mm.utils.locks import lock_folder
signal.signal(signal.SIGINT, signal.default_int_handler)
with lock_folder(sys.argv[1], 'name another'):
    child = os.fork()
    if not child:
        time.sleep(600)
    print(child, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'work'


@pytest.fixture
def holder(folder):
    """Process that holds the lock, and its child."""
    process = subprocess.Popen(
        [sys.executable, '-c', HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    child = int(process.stdout.readline())
    yield process
    process.kill()
    os.kill(child, signal.SIGKILL)
    process.communicate()


def is_free(folder: Path) -> bool:
    try:
        with lock_folder(folder, 'wait'):
            return True
    except FolderInUseError:
        return False


def test_lock__names_machine_process_and_remedy(folder, holder):
    match = (
        rf'{folder} is in use by process {holder.pid} on '
        rf'{socket.gethostname()} since 2\d{{3}}-.*\. Wait until that run '
        r'ends, stop it, or name another\.'
    )
    for _ in range(2):  # a refused run does not break the lock
        with (
            pytest.raises(FolderInUseError, match=match),
            lock_folder(folder, 'name another'),
        ):
            pass


@pytest.mark.parametrize(
    'number', [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
)
def test_lock__ends_with_its_process_though_a_child_lives(
    folder, holder, number
):
    assert not is_free(folder)
    holder.send_signal(number)
    holder.wait()
    assert is_free(folder)
    assert is_free(folder)


def test_lock__leaves_no_file_after_a_run(folder, holder):
    holder.stdin.write('\n')
    holder.stdin.flush()
    # The child ends when it is killed; the lock is free before.
    assert holder.wait() == 0
    assert os.listdir(folder) == []
    with lock_folder(folder, 'wait'):
        assert os.listdir(folder) == [LOCK_FILE]
    assert os.listdir(folder) == []


def test_lock__excludes_another_thread(folder):
    seen = []
    with lock_folder(folder, 'wait'):
        thread = threading.Thread(target=lambda: seen.append(is_free(folder)))
        thread.start()
        thread.join()
    assert seen == [False]
    assert is_free(folder)


def test_lock__is_free_again_after_an_error(folder):
    with pytest.raises(KeyError), lock_folder(folder, 'wait'):
        raise KeyError
    assert is_free(folder)


@pytest.mark.slow
def test_lock__one_of_many_at_once(folder):
    code = """
import sys
from clipbert_mm.utils.locks import FolderInUseError, lock_folder
for _ in range(200):
    try:
        with lock_folder(sys.argv[1], 'wait'):
            with open(sys.argv[1] + '/inside', 'x'):
                pass
            import os; os.unlink(sys.argv[1] + '/inside')
    except FolderInUseError:
        pass
"""
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', code, str(folder)],
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
        )
        for _ in range(4)
    ]
    # Two at a time would meet at the file `inside`, which must be new.
    assert [process.wait() for process in processes] == [0] * 4


def test_lock__shared_by_processes_that_say_so(folder):
    code = """
import sys
from clipbert_mm.utils.locks import lock_folder
with lock_folder(sys.argv[1], 'wait', shared=True):
    print('inside', flush=True)
    input()
"""
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    sharers = [
        subprocess.Popen(
            [sys.executable, '-c', code, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    for sharer in sharers:
        assert sharer.stdout.readline() == 'inside\n'
    for i, sharer in enumerate(sharers):
        assert not is_free(folder)
        match = rf'in use by .*process {sharer.pid} on'
        with (
            pytest.raises(FolderInUseError, match=match),
            lock_folder(folder, 'wait'),
        ):
            pass
        with lock_folder(folder, 'wait', shared=True):
            pass
        assert os.listdir(folder) == [LOCK_FILE]
        sharer.communicate('\n')
        assert sharer.returncode == 0, i
    assert os.listdir(folder) == []
    assert is_free(folder)
    with lock_folder(folder, 'wait'):
        refused = subprocess.run(
            [sys.executable, '-c', code, str(folder)],
            capture_output=True,
            text=True,
            env=environment,
        )
    assert 'FolderInUseError' in refused.stderr
