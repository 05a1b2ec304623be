# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of ActivityNet Captions."""

import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.captions import read_captions
from tests.toolbox.converting import lines, load_converter, write

activitynet = load_converter('activitynet')

ANET = dict(
    train={
        'v_QOlSCBRmfWY': dict(
            duration=82.73,
            timestamps=[[0.83, 19.86], [17.37, 60.81]],
            sentences=['A young woman.', ' The girl  dances.'],
        ),
        'v_b': dict(duration=1, timestamps=[[0, 1]], sentences=[' ']),
    },
    val_1={'v_c': dict(timestamps=[[0, 1]], sentences=['One.'])},
    val_2={'v_c': dict(timestamps=[[0, 1]], sentences=['A one.'])},
)


def anet_options(folder: Path, **changes) -> list[str]:
    arguments = ['--out', str(folder / 'out')]
    for name, videos in dict(ANET, **changes).items():
        path = write(folder / f'{name}.json', videos)
        arguments += [f'--{name.replace("_", "")}', path]
    return arguments


def test_activitynet__paragraphs_keep_leading_spaces(tmp_path, capsys):
    assert activitynet.main(anet_options(tmp_path)) == 0
    out = tmp_path / 'out'
    assert lines(out / 'train.jsonl') == [
        dict(
            caption='A young woman.  The girl  dances.',
            caption_list=['A young woman.', ' The girl  dances.'],
            timestamps=[[0.83, 19.86], [17.37, 60.81]],
            clip_name='v_QOlSCBRmfWY',
            sen_id='v_QOlSCBRmfWY',
        )
    ]
    # Both are of the same videos, which is no leak.
    assert read_captions(str(out / 'val1.jsonl'))[0][:3] == (
        'One.',
        'v_c',
        'v_c',
    )
    assert read_captions(str(out / 'val2.jsonl'))[0].text == 'A one.'
    report = capsys.readouterr().out
    assert 'dropped from train: 1 empty paragraphs' in report
    assert (
        'train.json has 2 videos, but the official file has 10,009' in report
    )


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(val_2=ANET['train']),
            "1 videos or images are in train and val2: 'v_QOlSCBRmfWY'",
        ),
        (
            dict(val_1={'v_c': ['One.']}),
            r"val_1.json:1: 'v_c': expected a JSON object.*but got \['One.'\]",
        ),
        (
            dict(val_1={'v_c': dict(timestamps=[], sentences=['One.'])}),
            'as many timestamps as sentences, but got 0 and 1',
        ),
        (
            dict(val_1={'v_c': dict(timestamps=[[0, 1]], sentences=[None])}),
            r"'v_c': \"sentences\"\[0\] must be a string, but got None",
        ),
        (
            dict(val_1={' ': dict(timestamps=[], sentences=[])}),
            "val_1.json:1: ' ': the name of the video is empty. Fix or rem",
        ),
        (
            dict(val_1={'v_c': dict(timestamps=[[0]], sentences=['One.'])}),
            r"""'v_c': "timestamps"\[0\] must be two numbers, .* got \[0\]""",
        ),
        (
            dict(
                val_1='{"v_c": {"timestamps": [[0, NaN]], "sentences": ["a"]}}'
            ),
            r'"timestamps"\[0\] must be two numbers, .* got \[0, nan\]',
        ),
        (
            dict(
                train='{"v_a": {"sentences": ["a"], "timestamps": [[0, 1]]},\n'
                '"v_a": {"sentences": ["a"], "timestamps": [[0, 1]]}}'
            ),
            "train.json:2: 'v_a' already occurs in line 1",
        ),
        (dict(train=[dict(sentences=['a'])]), 'an object .* but got a list'),
    ],
)
def test_activitynet__bad_files(changes, message, tmp_path, capsys) -> None:
    assert activitynet.main(anet_options(tmp_path, **changes)) == 1
    assert re.search(message, capsys.readouterr().err)
