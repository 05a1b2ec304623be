# Copyright (c) clipbert_mm contributors.
"""Tests of the record of finished videos."""

import json
import os
from pathlib import Path

import pytest

from clipbert_mm.media.compression.journal import JOURNAL, CompressJournal
from clipbert_mm.media.compression.reencode import Reencoded


def outcome_of(path: Path, num_bytes: int) -> Reencoded:
    status = path.stat()
    return Reencoded('encoded', status.st_size, status.st_mtime_ns, num_bytes)


def test_journal__half_a_line_of_a_killed_run(tmp_path: Path) -> None:
    video = tmp_path / 'ä.mp4'
    video.write_bytes(b'1234')
    target = tmp_path / 'out'
    outcome = outcome_of(video, 4)
    CompressJournal(target, {}, overwrite=False).add('ä.mp4', outcome)
    whole = (target / JOURNAL).read_bytes()
    (target / JOURNAL).write_bytes(whole + b'{"source": "b.mp4", "by')
    journal = CompressJournal(target, {}, overwrite=False)
    assert journal.finished(video, 'ä.mp4', video) == outcome
    assert (target / JOURNAL).read_bytes() == whole


def test_journal__changed_sources_and_results(tmp_path: Path) -> None:
    source, target = tmp_path / 'a.avi', tmp_path / 'a.mp4'
    source.write_bytes(b'1234')
    target.write_bytes(b'12')
    journal = CompressJournal(tmp_path / 'out', {}, overwrite=False)
    journal.add('a.avi', outcome_of(source, 2))
    assert journal.finished(source, 'a.avi', target)
    assert journal.finished(source, 'b.avi', target) is None
    target.write_bytes(b'1')
    assert journal.finished(source, 'a.avi', target) is None
    target.write_bytes(b'12')
    os.utime(source, (0, 0))
    assert journal.finished(source, 'a.avi', target) is None


def test_journal__sorted_at_the_end(tmp_path: Path) -> None:
    video = tmp_path / 'a'
    video.touch()
    journal = CompressJournal(tmp_path / 'out', {}, overwrite=False)
    for name in ('b', 'a', 'c'):
        journal.add(name, outcome_of(video, 0))
    journal.sort()
    lines = (tmp_path / 'out' / JOURNAL).read_text().splitlines()
    assert [json.loads(line).get('source') for line in lines] == [
        None,
        *'abc',
    ]


@pytest.mark.parametrize(
    'content', [b'\n', b'[]\n', b'{"settings": {}}\n3\n', b'\xff\n', b'']
)
def test_journal__damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(ValueError, match=r'compress.jsonl is damaged: .*--ov'):
        CompressJournal(tmp_path, {}, overwrite=False)
    CompressJournal(tmp_path, {}, overwrite=True)
    CompressJournal(tmp_path, {}, overwrite=False)
