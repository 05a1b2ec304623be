# Copyright (c) clipbert_mm contributors.
"""Tests of the quickstart's command line."""

from pathlib import Path

import pytest

from clipbert_mm.quickstart.options import parse_args


@pytest.mark.parametrize(
    'options, message',
    [
        (['--out', 'scores.txt'], 'must end in .npz, but got scores.txt'),
        (['--top', '0'], 'but got 0 and 0'),
        (['--gpus', '-1'], 'but got 8 and -1'),
        (['--seed', '-1'], '--seed must be from 0 to 4294967295, but got -1'),
        (['--seed', '4294967296'], 'but got 4294967296'),
    ],
)
def test_parse_args__wrong(
    options: list[str], message: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        parse_args(options)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    'options, message',
    [
        (
            ['--task', 'qa', '--out', 'a.npz'],
            'must end in .json, but got a.npz',
        ),
        (['--task', 'pretrain', '--out', 'a.npz'], 'pretrain has nothing to'),
        (
            ['--task', 'mc', '--query', 'x'],
            'retrieval, qa, easy-vqa only, but got mc',
        ),
        (['--task', 'mc', '--no-pretrain'], 'retrieval only, but got mc'),
    ],
)
def test_parse_args__wrong_for_the_task(
    options: list[str], message: str, capsys
) -> None:
    with pytest.raises(SystemExit):
        parse_args(options)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    'options, name',
    [
        ([], 'quickstart'),
        (['--seed', '3'], 'quickstart_seed3'),
        (['--no-pretrain'], 'quickstart_no_pretrain'),
    ],
)
def test_parse_args__folder_for_each_setting(
    options: list[str],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    found = parse_args(options).work_dir
    assert found == tmp_path.resolve() / 'work_dirs' / name
