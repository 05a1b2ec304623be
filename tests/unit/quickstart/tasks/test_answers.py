# Copyright (c) clipbert_mm contributors.
"""Tests of what the question tasks print and save; runs are elsewhere."""

import argparse
import json
from pathlib import Path

import pytest

from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.quickstart.tasks import answers

RUN = dict(seed=4, smoke=False)
OPEN = [
    dict(clip_name='v0', question='what colour is the ring', answer='red'),
    dict(clip_name='v1', question='what colour is the ring', answer='blue'),
    dict(
        clip_name='v1',
        question='how many blue figures do you see',
        answer='one',
    ),
]
CHOICE = [
    dict(
        clip_name='v0',
        question='what do you see',
        options=['a', 'b', 'c', 'd', 'e'],
        answer=3,
    )
]


def args_of(folder: Path, *options: str) -> argparse.Namespace:
    return parse_args(['--work-dir', str(folder), *options])


def test_report__of_open_questions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = args_of(tmp_path, '--task', 'qa')
    answers.report(
        args, RUN, OPEN, ['red', 'red', 'one'], ['blue', 'blue', 'two']
    )
    shown = capsys.readouterr().out
    assert 'Result with seed 4, 3 questions about unseen scenes' in shown
    assert shown.splitlines()[-4:] == [
        '  right answers       model  most frequent answer of the type',
        '  all                66.7 %     33.3 %',
        '  colour             50.0 %     50.0 %',
        '  number            100.0 %      0.0 %',
    ]
    assert json.loads((tmp_path / 'result_qa.json').read_text()) == dict(
        accuracy=dict(all=pytest.approx(200 / 3), colour=50.0, number=100.0),
        chance=dict(all=pytest.approx(100 / 3), colour=50.0, number=0.0),
        seed=4,
        smoke=False,
    )


def test_report__of_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = args_of(tmp_path, '--task', 'mc')
    answers.report(args, RUN, CHOICE, [3], [None])
    assert capsys.readouterr().out.splitlines()[-3:] == [
        '  right options       model  random option',
        '  all               100.0 %     20.0 %',
        '  description       100.0 %     20.0 %',
    ]
    assert (tmp_path / 'result_mc.json').exists()


def test_show_answers__right_and_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers.show_answers(OPEN, ['red', 'red', 'one'], top=2)
    answers.show_answers(CHOICE, [1], top=5)
    assert capsys.readouterr().out.splitlines() == [
        '  v0.mp4  what colour is the ring? red (right)',
        '  v1.mp4  what colour is the ring? red (wrong: blue)',
        '  v0.mp4  what do you see? b (wrong: d)',
    ]


@pytest.mark.parametrize('task', ['qa', 'mc'])
def test_report_next__suggests_commands_with_these_paths(
    task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers.report_next(args_of(tmp_path, '--task', task))
    shown = capsys.readouterr().out
    assert f'The videos: {tmp_path}/events/videos' in shown
    assert f'{tmp_path}/{task}/config.py' in shown
    (command,) = (line for line in shown.splitlines() if '--query' in line)
    # The stage of open answers is there only after it was trained.
    assert ('--skip-train' in command) == (task == 'qa')
    assert ('takes seconds' in shown) == (task == 'qa')
    assert parse_args(
        [
            *('--task', 'qa', '--work-dir', str(tmp_path)),
            *('--query', 'how many yellow figures do you see'),
        ]
    )
