# Copyright (c) clipbert_mm contributors.
"""Tests of processes that crash, hang and cannot start."""

import os
import sys
import time

import pytest

from clipbert_mm.utils.worker_pool import Outcome, report_progress, run_jobs

pytestmark = pytest.mark.slow

JOBS = """
import os
import signal
import time


def work(job):
    if job == 'crash':
        os.kill(os.getpid(), signal.SIGSEGV)
    if job == 'leave':
        os._exit(3)
    if job == 'hang':
        time.sleep(600)
    if job == 'fail':
        raise ValueError('no such thing\\nand more')
    return os.getpid(), job
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A function of a module that a new interpreter can import."""
    (tmp_path / 'crashing_jobs.py').write_text(JOBS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'crashing_jobs', raising=False)
    import crashing_jobs

    return crashing_jobs.work


def test_run_jobs__continues_after_a_crash_and_a_hang(work):
    jobs = ['a', 'crash', 'b', 'hang', 'fail', 'c', 'leave', 'd']
    start = time.monotonic()
    outcomes = sorted(run_jobs(work, jobs, workers=2, timeout=3))
    assert time.monotonic() - start < 60
    assert [o.number for o in outcomes] == list(range(8))
    assert {jobs[o.number]: o.error for o in outcomes if o.error} == dict(
        crash='its process was ended by SIGSEGV',
        hang='it took longer than 3 s',
        fail='ValueError: no such thing',
        leave='its process ended with status 3',
    )
    done = [o.result for o in outcomes if o.error is None]
    assert [job for _, job in done] == ['a', 'b', 'c', 'd']
    assert os.getpid() not in {pid for pid, _ in done}
    for pid in {pid for pid, _ in done}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_run_jobs__in_this_process(work):
    assert list(run_jobs(work, ['a', 'fail'], workers=0)) == [
        Outcome(0, (os.getpid(), 'a')),
        Outcome(1, None, 'ValueError: no such thing'),
    ]


def test_run_jobs__a_process_that_cannot_start(work, tmp_path):
    (tmp_path / 'crashing_jobs.py').write_text('raise ImportError("broken")')
    with pytest.raises(RuntimeError, match='ended with status 1.*--workers 0'):
        list(run_jobs(work, ['a'], workers=1))


def test_run_jobs__number_of_workers(work):
    with pytest.raises(
        ValueError, match='workers must be an integer >= 0, but got -1'
    ):
        list(run_jobs(work, ['a'], workers=-1))


def test_report_progress__at_every_tenth():
    outcomes = [Outcome(i, i) for i in range(25)]
    lines: list[str] = []
    assert list(report_progress(iter(outcomes), 25, lines.append)) == outcomes
    shown = [line.split(',')[0] for line in lines]
    assert shown == [f'  {i} of 25 files' for i in (*range(2, 25, 2), 25)]
