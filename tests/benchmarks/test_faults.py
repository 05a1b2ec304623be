# Copyright (c) clipbert_mm contributors.
"""The fault corpus, and what comes out of reading it."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from clipbert_mm.media.errors import is_media_error
from tools.benchmarks.faults import __main__ as faults
from tools.benchmarks.faults.corpus import (
    KINDS,
    WrittenCase,
    all_cases,
    choose_cases,
    write_cases,
)
from tools.benchmarks.faults.forms import FORM_BY_NAME, write_form
from tools.benchmarks.faults.judge import judge
from tools.benchmarks.faults.oracle import NOTHING, decode_in_order
from tools.benchmarks.faults.trial import (
    Ending,
    read_still,
    read_video,
    run_apart,
)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file() and not path.is_symlink()
    }


def test_choose_cases__every_kind_and_fault() -> None:
    cases = choose_cases(500)
    assert sum(case.kind != 'intact' for case in cases) == 500
    assert {case.kind for case in cases} == set(KINDS)
    faults_of_all = {c.fault for c in all_cases() if c.kind == 'damaged'}
    assert {c.fault for c in cases if c.kind == 'damaged'} == faults_of_all
    intact = {c.form for c in cases if c.kind == 'intact'}
    assert intact >= FORM_BY_NAME.keys()


def test_write_cases__the_same_faults_every_time(tmp_path: Path) -> None:
    """Of the same intact files, which x264 may write in other bytes."""
    cases = [c for c in choose_cases(60, 5) if c.kind != 'bomb']
    list(write_cases(cases, tmp_path / 'a'))
    shutil.copytree(tmp_path / 'a' / 'intact', tmp_path / 'b' / 'intact')
    list(write_cases(cases, tmp_path / 'b'))
    one, other = digests(tmp_path / 'a'), digests(tmp_path / 'b')
    assert one == other
    assert len(one) > 50


def exit_at_once(path: Path, decoder: str) -> None:
    import os

    os.abort()


def wait_for_ever(path: Path, decoder: str) -> None:
    while True:
        pass


def take_memory(path: Path, decoder: str) -> int:
    return np.ones(300 << 20, np.uint8).size


def fail(path: Path, decoder: str) -> None:
    raise KeyError(str(path))


@pytest.mark.slow
@pytest.mark.parametrize(
    'function, kind, text',
    [
        (exit_at_once, 'crash', 'exit status -6'),
        (wait_for_ever, 'hang', 'no end within 2 s'),
        (take_memory, 'raw error', 'MemoryError'),
        (fail, 'raw error', "KeyError: '/a.mp4'"),
    ],
)
def test_run_apart__how_processes_end(
    function: object, kind: str, text: str
) -> None:
    ending = run_apart(function, Path('/a.mp4'), '', seconds=2, mib=100)
    assert ending.kind == kind
    assert text in ending.text


@pytest.fixture(scope='module')
def damaged(tmp_path_factory: pytest.TempPathFactory) -> WrittenCase:
    """An MPEG-2 video with flipped bytes, in which FFmpeg finds damage."""
    (case,) = (
        c
        for c in all_cases()
        if c.form == 'mpeg2video.mkv'
        and c.fault == 'bytes flipped in its frames'
    )
    (written,) = write_cases([case], tmp_path_factory.mktemp('damaged'))
    return written


def judged(written: WrittenCase, source: Path) -> str:
    """Judge a reader that shows the frames of another file."""
    assert written.intact is not None
    return judge(
        written,
        'pyav',
        Ending('done', read_video(source, 'pyav')),
        decode_in_order(written.path),
        decode_in_order(written.intact),
    ).word


def test_judge__right_frames(damaged: WrittenCase) -> None:
    assert damaged.intact is not None
    assert judged(damaged, damaged.intact) == 'right'


def test_judge__frames_that_are_not_in_the_file(
    damaged: WrittenCase, tmp_path: Path
) -> None:
    other = tmp_path / 'a.mp4'
    write_form(other, FORM_BY_NAME['libx264-one-group.mp4'])
    assert judged(damaged, other) == 'silent'
    assert 'log: mpeg2video: ' in str(decode_in_order(damaged.path).flags)


def test_judge__intact_file_of_which_nothing_is_shown(
    damaged: WrittenCase,
) -> None:
    case = damaged.case._replace(kind='intact')
    ending = Ending('refused', text='MediaError')
    word = judge(damaged._replace(case=case), 'pyav', ending, NOTHING, NOTHING)
    assert word.word == 'intact refused'


@pytest.mark.slow
def test_corpus__nothing_forbidden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """60 files; 500 with ``python -m tools.benchmarks.faults``."""
    status = faults.main(
        [
            *('--files', '45', '--controls', '15', '--decoders', 'pyav'),
            *('--work-dir', str(tmp_path)),
        ]
    )
    out = capsys.readouterr().out
    assert status == 0, out
    assert '### pyav' in out
    assert '### image' in out


class Corpus(Dataset):
    """Files of the corpus: True for those that are read."""

    def __init__(self, files: list[WrittenCase]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> bool:
        written = self.files[index]
        is_video = written.case.medium == 'video'
        read = read_video if is_video else read_still
        try:
            read(written.path, 'pyav')
        except Exception as error:
            if not is_media_error(error):
                raise
            return False
        return True


@pytest.mark.slow
def test_corpus__two_workers_reach_the_end(tmp_path: Path) -> None:
    files = list(write_cases(choose_cases(150, 30), tmp_path))
    loader = DataLoader(Corpus(files), batch_size=4, num_workers=2)
    read = [bool(value) for batch in loader for value in batch]
    assert len(read) == len(files)
    assert all(r for r, w in zip(read, files) if w.case.kind == 'intact')
    assert not all(read)
