# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of MSRVTT-MC."""

import json
import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.questions import read_questions
from tests.toolbox.converting import lines, load_converter, write
from tests.unit.annotations.official.test_msrvtt import options, row

msrvtt = load_converter('msrvtt')


def mc(video: str, answer: int, captions: str = 'abcde') -> dict:
    return dict(video=video, caption=list(captions), answer=answer)


def test_mc__lines(tmp_path: Path) -> None:
    path = write(
        tmp_path / 'mc.json',
        [mc('video7010.mp4', 2), mc('video7011.mp4', 4, 'fghij')],
    )
    out = tmp_path / 'out'
    assert msrvtt.main(['mc', '--test', path, '--out', str(out)]) == 0
    assert lines(out / 'mc_test.jsonl') == [
        dict(qid=0, clip_name='video7010', options=list('abcde'), answer=2),
        dict(qid=1, clip_name='video7011', options=list('fghij'), answer=4),
    ]
    second = read_questions(str(out / 'mc_test.jsonl'), 'choice')[1]
    assert (second.text, second.media, second.options, second.answer) == (
        '',
        'video7011',
        tuple('fghij'),
        4,
    )


@pytest.mark.parametrize(
    'record, message',
    [
        (
            mc('b.mp4', 5),
            r'record\[1\]: "answer" must be an integer in \[0, 4\], but got 5',
        ),
        (mc('b.mp4', 0, 'abcd'), 'expected 5 captions, but got 4'),
        (
            dict(video='b.mp4', caption=['a', 3], answer=0),
            r'record\[1\]: "caption"\[1\] must be a non-empty string, but '
            'got 3',
        ),
        (
            dict(video='b.mp4', caption=[*'abc', '  ', 'e'], answer=0),
            r'mc.json:1: record\[1\]: "caption"\[3\] must be a non-empty '
            r"string, but got '  '",
        ),
        (
            mc('a.avi', 0),
            "'a.avi' and 'a.mp4' differ only in their suffixes",
        ),
    ],
)
def test_mc__bad_record(record, message, tmp_path, capsys) -> None:
    path = write(tmp_path / 'mc.json', [mc('a.mp4', 2), record])
    out = tmp_path / 'out'
    assert msrvtt.main(['mc', '--test', path, '--out', str(out)]) == 1
    assert re.search(message, capsys.readouterr().err)


def mc_options(folder: Path, *train: str) -> list[str]:
    test = write(folder / 'mc.json', [mc('video7.mp4', 2), mc('video8', 0)])
    return [
        'mc',
        '--test',
        test,
        '--out',
        str(folder / 'mc'),
        '--train',
        *train,
    ]


def test_mc__training_files_without_its_videos(tmp_path, capsys) -> None:
    assert msrvtt.main(options(tmp_path)) == 0
    path = str(tmp_path / 'out' / 'train_7k.jsonl')
    assert msrvtt.main(mc_options(tmp_path, path)) == 0
    assert f'read {path} (5 training texts)' in capsys.readouterr().out
    assert [p.name for p in (tmp_path / 'mc').iterdir()] == ['mc_test.jsonl']


@pytest.mark.parametrize(
    'media',
    [
        dict(clip_name='video8'),
        dict(video_id='video8'),
        dict(clip_name='video8.mp4'),
    ],
)
def test_mc__training_file_with_its_video(media, tmp_path, capsys) -> None:
    """Check files of captions and questions, which use other keys."""
    clean = write(
        tmp_path / 'train_7k.jsonl', json.dumps(row('a dog', 0, 0)) + '\n'
    )
    leaking = write(
        tmp_path / 'other.jsonl',
        ''.join(
            json.dumps(values) + '\n'
            for values in (dict(caption='a', clip_name='video0'), media)
        ),
    )
    arguments = mc_options(tmp_path, clean, leaking)
    assert msrvtt.main(arguments) == 1
    assert capsys.readouterr().err.startswith(
        f"1 videos or images are in {leaking} and mc_test: 'video8'.\nCheck"
    )
    assert not (tmp_path / 'mc').exists()
    assert msrvtt.main([*arguments, '--allow-leaks']) == 0
    assert f"{leaking} and mc_test: 'video8'." in capsys.readouterr().out


@pytest.mark.parametrize(
    'content, message',
    [
        ('', 'train.jsonl:1: there are no lines in this file'),
        (
            '{"clip_name": "video0"}\n{]\n',
            'train.jsonl:2: this line is not JSON',
        ),
        (
            '{"caption": "a dog"}\n',
            r"train.jsonl:1: \"clip_name\" is missing; got \['caption'\]",
        ),
        (
            '{"video_id": 7}\n',
            'train.jsonl:1: "video_id" must be a non-empty string, .* 7',
        ),
    ],
)
def test_mc__bad_training_file(content, message, tmp_path, capsys) -> None:
    path = write(tmp_path / 'train.jsonl', content)
    assert msrvtt.main(mc_options(tmp_path, path)) == 1
    assert re.search(message, capsys.readouterr().err)


def test_mc__no_training_file(tmp_path, capsys) -> None:
    path = str(tmp_path / 'train_7k.jsonl')
    assert msrvtt.main(mc_options(tmp_path, path)) == 1
    assert capsys.readouterr().err == f'There is no file {path!r}.\n'
