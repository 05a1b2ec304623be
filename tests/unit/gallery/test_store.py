# Copyright (c) clipbert_mm contributors.
"""Folder of finished videos: whole files, and of one run only."""

import json
import os
from pathlib import Path
from signal import SIGKILL
from unittest import mock

import pytest
import torch

from clipbert_mm.gallery.store import ScoreStore, VideoLogits
from tests.toolbox.processes import fork_context

FINGERPRINT = dict(weights='aa', clips=[0, 1], model=dict(neck=dict(pool=2)))


def row(seed: int) -> VideoLogits:
    generator = torch.Generator().manual_seed(seed)
    return VideoLogits(
        torch.tensor([1, 4, 6]), torch.randn(3, 2, 2, generator=generator)
    )


def test_store__reads_what_was_written(tmp_path: Path) -> None:
    store = ScoreStore(tmp_path / 'a' / 'b', FINGERPRINT)
    store.open()
    for number in (12, 3):
        store.write(number, row(number))
    again = ScoreStore(tmp_path / 'a' / 'b', FINGERPRINT)
    again.open()
    assert again.video_inds() == {3, 12}
    for number in (12, 3):
        assert torch.equal(again.read(number).text_inds, row(0).text_inds)
        assert torch.equal(
            again.read(number).clip_logits, row(number).clip_logits
        )


def test_store__refuses_another_run_and_says_what_differs(
    tmp_path: Path,
) -> None:
    ScoreStore(tmp_path, FINGERPRINT).open()
    other = dict(FINGERPRINT, weights='bb', model=dict(neck=dict(pool=1)))
    with pytest.raises(ValueError, match="weights was 'aa'") as raised:
        ScoreStore(tmp_path, other).open()
    message = str(raised.value)
    assert "weights was 'aa' and is now 'bb'" in message
    assert 'model.neck.pool was 2 and is now 1' in message
    assert 'clips' not in message
    assert 'delete the folder' in message


def test_store__refuses_rows_of_unknown_origin(tmp_path: Path) -> None:
    store = ScoreStore(tmp_path, FINGERPRINT)
    store.open()
    store.write(0, row(0))
    (tmp_path / 'meta.json').unlink()
    with pytest.raises(ValueError, match='no meta.json that says of which'):
        store.open()


def test_store__takes_tuples_for_the_lists_that_json_has(
    tmp_path: Path,
) -> None:
    ScoreStore(tmp_path, dict(size=(2, 3))).open()
    ScoreStore(tmp_path, dict(size=(2, 3))).open()
    assert json.loads((tmp_path / 'meta.json').read_text()) == {'size': [2, 3]}


@pytest.mark.parametrize('content', [b'', b'no archive', None])
def test_store__names_a_damaged_row(
    tmp_path: Path, content: 'bytes | None'
) -> None:
    store = ScoreStore(tmp_path, FINGERPRINT)
    store.open()
    store.write(5, row(5))
    path = tmp_path / '000005.npz'
    path.write_bytes(path.read_bytes()[:-30] if content is None else content)
    with pytest.raises(ValueError, match='000005.npz is damaged.*Delete it'):
        store.read(5)


def kill_me(file: int) -> None:
    """Die instead of os.fsync."""
    os.kill(os.getpid(), SIGKILL)


def write_until_killed(folder: Path) -> None:
    """Keep one row; be killed while another is on its way to the disk."""
    store = ScoreStore(folder, FINGERPRINT)
    store.open()
    store.write(0, row(0))
    with mock.patch('os.fsync', side_effect=kill_me):
        store.write(1, row(1))


@pytest.mark.slow
def test_store__has_no_half_row_after_a_kill(tmp_path: Path) -> None:
    process = fork_context().Process(
        target=write_until_killed, args=(tmp_path,)
    )
    process.start()
    process.join()
    assert process.exitcode == -SIGKILL
    assert (
        len([n for n in os.listdir(tmp_path) if n.endswith('.partial')]) == 1
    )
    store = ScoreStore(tmp_path, FINGERPRINT)
    store.open()
    assert store.video_inds() == {0}
    assert sorted(os.listdir(tmp_path)) == ['000000.npz', 'meta.json']


def test_store__missing_videos_are_new_or_have_other_texts(
    tmp_path: Path,
) -> None:
    store = ScoreStore(tmp_path, FINGERPRINT)
    store.open()
    for number in (1, 3):
        store.write(number, row(number))
    assert store.missing(5, None) == [0, 2, 4]
    texts = [
        torch.tensor(inds, dtype=torch.long)
        for inds in ([0], [1, 4, 6], [], [1, 4], [2])
    ]
    assert store.missing(5, texts) == [0, 3, 4]
