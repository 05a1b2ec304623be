# Copyright (c) clipbert_mm contributors.
"""Tests of the watch of all processes of a run, with real processes."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from torch.distributed import TCPStore

from tests.toolbox.paths import ROOT

pytestmark = pytest.mark.slow

TIMEOUT = 10.0  # long enough for processes of a busy machine
# A process that does what is written to it, line by line.
PROCESS = f"""
import sys
from clipbert_mm.utils.rank_watch import RankWatch
watch = RankWatch(int(sys.argv[1]), 2, {TIMEOUT}, lambda text: print(
    text, flush=True))
print('ready', flush=True)
sys.stdin.readline()
watch.start()
for line in sys.stdin:
    if line == 'stop\\n':
        watch.stop()
        break
    watch.place = line.strip()
"""


@pytest.fixture
def store() -> TCPStore:
    """Store of a run, of which torchrun has one."""
    return TCPStore('127.0.0.1', 0, is_master=True)


@pytest.fixture
def start() -> Iterator[Callable[[int, int], subprocess.Popen]]:
    """Start processes, which end with the test."""
    started = []

    def start_one(rank: int, port: int) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, '-c', PROCESS, str(rank)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                'PYTHONPATH': str(ROOT),
                'MASTER_ADDR': '127.0.0.1',
                'MASTER_PORT': str(port),
            },
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def start_both(start, port: int) -> list[subprocess.Popen]:
    processes = [start(rank, port) for rank in range(2)]
    for process in processes:
        assert process.stdout.readline() == 'ready\n'
    for process in processes:
        send(process, 'start')
    return processes


def send(process: subprocess.Popen, line: str) -> None:
    process.stdin.write(f'{line}\n')
    process.stdin.flush()


def test_watch__names_a_stopped_process_and_ends(store, start):
    alive, stopped = start_both(start, store.port)
    send(stopped, 'training step 7')
    key = 'clipbert_mm/rank_watch/0/1'
    while b'training step 7' not in store.get(key):
        pass
    stopped.send_signal(signal.SIGSTOP)
    assert alive.wait() == 1
    text = alive.stdout.read()
    assert (
        f'Rank 0 ends the run: rank 1 (process {stopped.pid} on '
        f'{socket.gethostname()}, at training step 7) has given no sign of '
        'life for '
    ) in text
    assert 'raise env_cfg.dist_cfg.timeout' in text


def test_watch__reports_a_standstill_with_the_place_of_each(store, start):
    ahead, behind = start_both(start, store.port)
    send(ahead, 'training step 8')
    send(behind, 'the data of step 8')
    line = ahead.stdout.readline()
    assert line.startswith('No progress for ')
    assert 'rank 0: training step 8 for ' in line
    assert 'rank 1: the data of step 8 for ' in line
    assert ahead.poll() is None


def test_watch__a_finished_process_is_not_missed(store, start):
    longer, done = start_both(start, store.port)
    send(done, 'stop')
    assert done.wait() == 0
    # After a standstill of this length, rank 1 has been silent for longer.
    send(longer, 'saving')
    assert 'rank 1: finished' in longer.stdout.readline()
    send(longer, 'stop')
    assert longer.wait() == 0


def test_watch__ends_with_its_launcher(start):
    launcher = subprocess.Popen(
        [
            sys.executable,
            '-c',
            'from torch.distributed import TCPStore;'
            's = TCPStore("127.0.0.1", 0, is_master=True);'
            'print(s.port, flush=True); input()',
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    processes = start_both(start, int(launcher.stdout.readline()))
    launcher.kill()
    launcher.communicate()
    for process in processes:
        assert process.wait() == 1
        assert 'the store of the run does not answer' in process.stdout.read()
