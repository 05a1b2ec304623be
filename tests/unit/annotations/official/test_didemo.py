# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of DiDeMo."""

import json
import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.captions import read_captions
from tests.toolbox.converting import lines, load_converter, write

didemo = load_converter('didemo')

STEM = '35034348999@N01_6060447507_dc1a90b8ef'


def described(video: str, description: str, number: int) -> dict:
    return dict(
        num_segments=6,
        description=description,
        dl_link='https://',
        times=[[1, 1], [0, 1]],
        video=video,
        annotation_id=number,
    )


DIDEMO = dict(
    train=[
        described(f'{STEM}.mov', 'the dog jumps.', 3),
        described('b.3gp', 'a cat', 1),
        described(f'{STEM}.mov', 'it barks', 2),
        described('b.3gp', ' ', 0),
        described('c.mp4', '', 4),
    ],
    val=[described('d.mp4', 'a bird', 5)],
    test=[described('e.v2.avi', 'a fish', 6), described('f.v2', 'a frog', 7)],
)


def didemo_options(folder: Path, **changes) -> list[str]:
    arguments = ['--out', str(folder / 'out')]
    for name, records in dict(DIDEMO, **changes).items():
        path = write(folder / f'{name}_data.json', records)
        arguments += [f'--{name}', path]
    return arguments


def test_didemo__paragraphs_in_the_order_of_the_file(tmp_path, capsys):
    assert didemo.main(didemo_options(tmp_path)) == 0
    out = tmp_path / 'out'
    assert lines(out / 'train.jsonl') == [
        dict(
            caption='the dog jumps. it barks',
            caption_list=['the dog jumps.', 'it barks'],
            clip_name=STEM,
            sen_id=STEM,
        ),
        dict(
            caption='a cat', caption_list=['a cat'], clip_name='b', sen_id='b'
        ),
    ]
    assert read_captions(str(out / 'train.jsonl'))[0][:3] == (
        'the dog jumps. it barks',
        STEM,
        STEM,
    )
    assert [c.media for c in read_captions(str(out / 'test.jsonl'))] == [
        'e.v2',
        'f.v2',
    ]
    report = capsys.readouterr().out
    assert 'train      2      2         0        3\n' in report
    assert 'dropped from train: 2 empty descriptions' in report
    assert 'dropped from train: 1 videos without a description' in report
    assert '5 descriptions, but the official file has 33,005' in report


def test_didemo__names_of_one_video_are_merged(tmp_path, capsys) -> None:
    names = ['d.mov', 'e.', 'd.mp4', 'e.wmv', 'f.MTS', 'd.mov.mp4', 'e..mp4']
    val = [described(name, f'at {name}', 0) for name in names]
    assert didemo.main(didemo_options(tmp_path, val=val)) == 0
    assert {
        row['clip_name']: row['caption_list']
        for row in lines(tmp_path / 'out' / 'val.jsonl')
    } == {
        'd': ['at d.mov', 'at d.mp4', 'at d.mov.mp4'],
        'e': ['at e.', 'at e.wmv', 'at e..mp4'],
        'f': ['at f.MTS'],
    }
    assert (
        'note: 2 videos of val are named with several suffixes and merged: '
        "'d', 'e'.\n"
    ) in capsys.readouterr().out


def test_didemo__names_of_one_video_in_two_splits(tmp_path, capsys) -> None:
    changes = dict(
        val=[described('d.mov', 'a', 0)], test=[described('d.', 'b', 1)]
    )
    assert didemo.main(didemo_options(tmp_path, **changes)) == 1
    assert "1 videos or images are in val and test: 'd'" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(val=[described(f'{STEM}.mov', 'a', 0)]),
            f"1 videos or images are in train and val: '{STEM}'",
        ),
        (
            dict(
                val=[
                    described('d.mp4', 'a', 0),
                    dict(described('d.mov', 'b', 1), dl_link='https://d'),
                ]
            ),
            r"val_data.json:1: record\[1\]: 'd.mov' and 'd.mp4' differ only "
            r'in their suf',
        ),
        (
            dict(test=[dict(description='a')]),
            r'test_data.json:1: record\[0\]: "video" is missing; got '
            r'\[\'descr',
        ),
        (
            dict(test=dict(video='a')),
            "a list .* but got an object with 'video'",
        ),
        (
            dict(test=[described('e.mp4', '', 0)]),
            "test: no row is left to write.*'videos without a description': 1",
        ),
    ],
)
def test_didemo__bad_files(changes, message, tmp_path, capsys) -> None:
    assert didemo.main(didemo_options(tmp_path, **changes)) == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_didemo__missing_file(tmp_path, capsys) -> None:
    arguments = didemo_options(tmp_path)
    (tmp_path / 'val_data.json').unlink()
    assert didemo.main(arguments) == 1
    assert re.search(
        "There is no file '.*val_data.json'", capsys.readouterr().err
    )


def test_didemo__file_that_is_not_utf8(tmp_path, capsys) -> None:
    arguments = didemo_options(tmp_path)
    (tmp_path / 'val_data.json').write_bytes(b'["caf\xe9"]')
    assert didemo.main(arguments) == 1
    assert re.search(
        'val_data.json:1: .* not a text file in UTF-8: .*0xe9',
        capsys.readouterr().err,
    )


def test_didemo__overwrites_only_if_told(tmp_path, capsys) -> None:
    arguments = didemo_options(tmp_path)
    assert didemo.main(arguments) == 0
    (tmp_path / 'out' / 'train.jsonl').unlink()
    before = (tmp_path / 'out' / 'val.jsonl').read_bytes()
    arguments = didemo_options(
        tmp_path, val=[described('new.mp4', 'a bear', 0)]
    )
    assert didemo.main(arguments) == 1
    assert re.search(
        'val.jsonl already exists. Pass --overwrite', capsys.readouterr().err
    )
    assert (tmp_path / 'out' / 'val.jsonl').read_bytes() == before
    assert didemo.main([*arguments, '--overwrite']) == 0
    assert [r['clip_name'] for r in lines(tmp_path / 'out/val.jsonl')] == [
        'new'
    ]
    assert (tmp_path / 'out' / 'train.jsonl').is_file()


def test_didemo__nothing_is_written_if_writing_fails(
    tmp_path, capsys, monkeypatch
) -> None:
    """The disk is full after the first file."""
    dumps = json.dumps

    def fail(row, **kwargs):
        if row['clip_name'] == 'e.v2':
            raise OSError('no space left')
        return dumps(row, **kwargs)

    arguments = didemo_options(tmp_path)
    monkeypatch.setattr(json, 'dumps', fail)
    assert didemo.main(arguments) == 1
    assert 'no space left' in capsys.readouterr().err
    assert list((tmp_path / 'out').iterdir()) == []
