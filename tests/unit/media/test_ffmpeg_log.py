# Copyright (c) clipbert_mm contributors.
"""Tests of the errors in FFmpeg's log."""

import sys
import threading
from subprocess import run

import av.logging
import pytest

from clipbert_mm.media.ffmpeg_log import LoggedError, logged_errors
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import run_python


def test_logged_errors__repeated_ones_and_warnings() -> None:
    with logged_errors() as log:
        assert log.is_clean()
        av.logging.log(av.logging.WARNING, 'h264', 'no matter')
        assert log.is_clean()
        for _ in range(2):
            av.logging.log(av.logging.ERROR, 'h264', 'no frame!\n')
        av.logging.log(av.logging.FATAL, 'mov', 'broken')
        assert log.errors() == [
            LoggedError('h264', 'no frame!'),
            LoggedError('h264', 'no frame!'),
            LoggedError('mov', 'broken'),
        ]
        log.clear()
        assert log.is_clean()
        assert log.errors() == []


def test_logged_errors__of_two_files_may_be_equal() -> None:
    for _ in range(2):
        with logged_errors() as log:
            av.logging.log(av.logging.ERROR, 'h264', 'the same')
        assert len(log.errors()) == 1


def test_logged_errors__other_threads() -> None:
    """Threads of FFmpeg make a log unclear; those of other readers do not."""

    def report(capturing: bool) -> None:
        if capturing:
            with logged_errors() as own:
                av.logging.log(av.logging.ERROR, 'h264', 'elsewhere')
            assert len(own.errors()) == 1
        else:
            av.logging.log(av.logging.ERROR, 'h264', 'elsewhere')

    for capturing in (True, False):
        with logged_errors() as log:
            thread = threading.Thread(target=report, args=(capturing,))
            thread.start()
            thread.join()
            assert log.errors() == []
            assert log.is_clean() is capturing


# Sets levels of the log; a reader in another thread of the tests may, too.
SETTINGS = """
import av.logging
from clipbert_mm.media.ffmpeg_log import logged_errors
av.logging.set_skip_repeated(True)
for level in (None, av.logging.FATAL, av.logging.INFO):
    av.logging.set_level(level)
    with logged_errors() as outer, logged_errors() as inner:
        av.logging.log(av.logging.ERROR, 'h264', 'no frame!')
    assert av.logging.get_level() == level
    assert av.logging.get_skip_repeated()
    assert len(inner.errors()) == 1
    assert outer.errors() == []
"""


def test_logged_errors__settings_come_back() -> None:
    run([sys.executable, '-c', SETTINGS], check=True, cwd=ROOT)


INTERRUPTED = """
import random, signal
import av.logging
from clipbert_mm.media.ffmpeg_log import logged_errors

def interrupt(number, frame):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
rng = random.Random(0)
for _ in range(2000):
    try:
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-5, 3e-4))
        for _ in range(20):
            with logged_errors():
                pass
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        pass
    with logged_errors() as log:
        av.logging.log(av.logging.ERROR, 'h264', 'no frame!')
        assert [str(error) for error in log.errors()] == ['h264: no frame!']
"""


@pytest.mark.slow
def test_logged_errors__are_seen_after_interrupts() -> None:
    result = run_python('-W', 'ignore', '-c', INTERRUPTED)
    assert result.returncode == 0, result.stderr
