# Copyright (c) clipbert_mm contributors.
"""Tests of the record of finished videos."""

from pathlib import Path

from clipbert_mm.media.compression.journal import JOURNAL, CompressJournal


def test_journal__half_a_line_of_a_killed_run(tmp_path: Path) -> None:
    video = tmp_path / 'ä.mp4'
    video.write_bytes(b'1234')
    target = tmp_path / 'out'
    CompressJournal(target, {}, overwrite=False).add(video, 'ä.mp4')
    whole = (target / JOURNAL).read_bytes()
    (target / JOURNAL).write_bytes(whole + b'{"source": "b.mp4", "by')
    journal = CompressJournal(target, {}, overwrite=False)
    assert journal.is_finished(video, 'ä.mp4')
    assert (target / JOURNAL).read_bytes() == whole
