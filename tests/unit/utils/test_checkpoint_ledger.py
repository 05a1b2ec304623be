# Copyright (c) clipbert_mm contributors.
"""Tests of the record of the checkpoints in a folder."""

import json
from pathlib import Path

import pytest

from clipbert_mm.utils.checkpoint_ledger import LEDGER, CheckpointLedger


def test_ledger__is_read_by_the_next_run(tmp_path: Path):
    ledger = CheckpointLedger(tmp_path)
    for name in ('a', 'b', 'c', 'a'):
        ledger.add(name)
    ledger.remove('c')
    ledger.remove('none')
    assert CheckpointLedger(str(tmp_path)).names == ['b', 'a']
    assert ledger.find(lambda name: name > 'a') == ['b']


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{',
        '[]',
        '3',
        '{"written": 3}',
        '{"written": {"a": 1}}',
        '[' * 100_000,
        '\ufeff{}',
        '{"written": ["../a", "/a", "a/b", "a\\\\b", "..", ".", ""]}',
        '{"written": ["\\u0000"]}',
        '{"written": [1, null, true, ["a"], {"a": 1}]}',
    ],
)
def test_ledger__believes_names_of_files_only(tmp_path: Path, text: str):
    (tmp_path / LEDGER).write_text(text)
    assert CheckpointLedger(tmp_path).names == []


def test_ledger__bytes_that_are_no_text(tmp_path: Path):
    (tmp_path / LEDGER).write_bytes(b'\xff\xfe')
    assert CheckpointLedger(tmp_path).names == []


def test_ledger__names_each_file_once(tmp_path: Path):
    content = dict(written=['a', 'b', 'a', '../c'])
    (tmp_path / LEDGER).write_text(json.dumps(content))
    assert CheckpointLedger(tmp_path).names == ['a', 'b']


def test_ledger__remembers_which_epoch_was_validated(tmp_path: Path):
    assert CheckpointLedger(tmp_path).validated == 0
    CheckpointLedger(tmp_path).note_validation(3)
    ledger = CheckpointLedger(tmp_path)
    assert ledger.validated == 3
    ledger.add('a')
    assert CheckpointLedger(tmp_path).validated == 3


@pytest.mark.parametrize('value', [-1, 1.5, '2', True, None, [1]])
def test_ledger__believes_numbers_of_epochs_only(
    tmp_path: Path, value: object
):
    (tmp_path / LEDGER).write_text(json.dumps(dict(validated=value)))
    assert CheckpointLedger(tmp_path).validated == 0
