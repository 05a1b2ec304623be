# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of MSR-VTT."""

import json
import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.captions import read_captions
from tests.toolbox.converting import lines, load_converter, write

msrvtt = load_converter('msrvtt')

# Two captions of each video; video2's come first, as in the official file.
TRAIN_VAL = dict(
    info=dict(year='2016'),
    videos=[
        dict(video_id='video0', split='train', category=9),
        dict(video_id='video1', split='validate', category=9),
        dict(video_id='video2', split='train', category=3),
    ],
    sentences=[
        dict(caption='a man, "sings"', video_id='video2', sen_id=4),
        dict(caption='a man sings', video_id='video0', sen_id=5),
        dict(caption='a man sings', video_id='video0', sen_id=6),
        dict(caption='caf\u00e9\u2028 at night', video_id='video1', sen_id=1),
        dict(caption='a dog', video_id='video2', sen_id=0),
    ],
)
TEST = dict(
    videos=[
        dict(video_id='video7', split='test'),
        dict(video_id='video8', split='test'),
    ],
    sentences=[
        dict(caption='a horse', video_id='video8', sen_id=20),
        dict(caption='  ', video_id='video8', sen_id=21),
        dict(caption='a cat', video_id='video7', sen_id=22),
    ],
)
JSFUSION = (
    'key,vid_key,video_id,sentence\n'
    'ret0,msr8,video8,"a horse, ""running""\u2028"\n'
)


def row(caption: str, video: int, sen_id: int) -> dict:
    return dict(caption=caption, clip_name=f'video{video}', sen_id=sen_id)


def options(
    folder: Path,
    train_val=TRAIN_VAL,
    test=TEST,
    train_9k='video_id\nvideo0\nvideo1\nvideo2\nvideo7\n',
    test_1ka=JSFUSION,
) -> list[str]:
    return [
        'retrieval',
        '--videodatainfo',
        write(folder / 'train_val_videodatainfo.json', train_val),
        write(folder / 'test_videodatainfo.json', test),
        '--split-list',
        write(folder / 'MSRVTT_train.9k.csv', train_9k),
        write(folder / 'MSRVTT_JSFUSION_test.csv', test_1ka),
        '--out',
        str(folder / 'out'),
    ]


def test_retrieval__every_split(tmp_path: Path, capsys) -> None:
    assert msrvtt.main(options(tmp_path)) == 0
    out = tmp_path / 'out'
    sings, dog = row('a man, "sings"', 2, 4), row('a dog', 2, 0)
    zero = [row('a man sings', 0, 5), row('a man sings', 0, 6)]
    one = row('caf\u00e9\u2028 at night', 1, 1)
    expected = dict(
        train_7k=[sings, *zero, one, dog],
        train_full=[sings, *zero, dog],
        val_full=[one],
        test_full=[row('a horse', 8, 20), row('a cat', 7, 22)],
        train_9k=[sings, *zero, one, dog, row('a cat', 7, 22)],
        test_1ka=[row('a horse, "running"\u2028', 8, 0)],
    )
    assert sorted(path.name for path in out.iterdir()) == sorted(
        f'{name}.jsonl' for name in expected
    )
    for name, rows in expected.items():
        assert lines(out / f'{name}.jsonl') == rows
        assert [
            (c.text, c.media, c.caption_id)
            for c in read_captions(str(out / f'{name}.jsonl'))
        ] == [tuple(r.values()) for r in rows]
    # Readable, not escaped.
    assert 'caf\u00e9' in (out / 'val_full.jsonl').read_text('utf-8')
    report = capsys.readouterr().out
    assert 'train_7k        3      5         1        0\n' in report
    assert 'test_full       2      2         0        1\n' in report
    assert 'dropped from test_full: 1 empty captions' in report
    assert 'train has 2 videos, but the official one has 6,513' in report
    assert 'MSRVTT_train.9k.csv (4 videos)' in report


def test_retrieval__list_of_the_7k_videos(tmp_path: Path) -> None:
    arguments = options(tmp_path)
    path = write(tmp_path / 'MSRVTT_train.7k.csv', 'video_id\nvideo1\n')
    assert msrvtt.main([*arguments, '--split-list', path]) == 0
    assert [
        r['clip_name'] for r in lines(tmp_path / 'out/train_7k.jsonl')
    ] == ['video1']
    assert not (tmp_path / 'out/train_9k.jsonl').exists()


def test_retrieval__7k_list_with_a_test_video(tmp_path, capsys) -> None:
    """Check video7 of the full test set, which 9k training may have."""
    arguments = options(tmp_path)
    path = write(
        tmp_path / 'MSRVTT_train.7k.csv', 'video_id\nvideo1\nvideo7\n'
    )
    arguments.insert(arguments.index('--split-list') + 1, path)
    assert msrvtt.main(arguments) == 1
    assert capsys.readouterr().err.startswith(
        "1 videos or images are in train_7k and test_full: 'video7'.\nCheck"
    )
    assert not (tmp_path / 'out').exists()
    assert msrvtt.main([*arguments, '--allow-leaks']) == 0
    assert "train_7k and test_full: 'video7'." in capsys.readouterr().out


def test_retrieval__sen_ids_of_both_files_overlap(
    tmp_path: Path, capsys
) -> None:
    test = json.loads(json.dumps(TEST))
    test['sentences'][2]['sen_id'] = 4  # video2 has it, too
    assert msrvtt.main(options(tmp_path, test=test)) == 0
    assert 'sen_id' in lines(tmp_path / 'out/train_7k.jsonl')[0]
    assert all(
        'sen_id' not in r for r in lines(tmp_path / 'out/train_9k.jsonl')
    )
    captions = read_captions(str(tmp_path / 'out/train_9k.jsonl'))
    assert [c.caption_id for c in captions] == [0, 1, 2, 3, 4, 5]
    assert (
        '1 sen_ids are repeated in train_9k, which is written without them: 4.'
    ) in capsys.readouterr().out


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(test_1ka='key,sentence\nret0,a\n'),
            r"test.csv:1: the columns \['video_id'\] are missing; got "
            r"\['key', 's",
        ),
        (
            dict(test_1ka='video_id,sentence\nvideo8,a\n\nvideo9,b\n'),
            "test.csv:4: 'video9' occurs twice, or it is not in the files",
        ),
        (
            dict(test_1ka='video_id,sentence\nvideo8,a,b\n'),
            r"test.csv:2: expected 2 columns, but got 3: \['video8', 'a', "
            r"'b'\]",
        ),
        (
            dict(test_1ka='video_id,sentence\nvideo8,"a\nvideo7,b\n'),
            'test.csv:2: a quotation mark opens a field that only ends in '
            'line 3',
        ),
        (
            dict(test_1ka='video_id,sentence\nvideo8, \n'),
            'test.csv:2: "sentence" must be a non-empty string, but got \' \'',
        ),
        (dict(train_9k='video_id\n'), '9k.csv:1: there are no rows below'),
        (
            dict(train_9k='video_id\nvideo8\n'),
            r"1 videos or images are in train_9k and test_1ka: 'video8'\.\n",
        ),
        (
            dict(test=dict(TEST, sentences=TEST['sentences'][:1])),
            r"1 videos of test_full have no captions, e.g. \['video7'\]",
        ),
        (
            dict(test=dict(TEST, videos=TEST['videos'][:1])),
            'captions of \'video8\', but it is not in the "videos" of '
            '.*test_vid',
        ),
        (
            dict(test=TRAIN_VAL),
            r'info.json: videos\[0\]: expected another video '
            "of the split train or validate or test, but got 'video0' of "
            "'train'",
        ),
        (
            dict(test=dict(videos=[dict(video_id='v', split='public')])),
            r"videos\[0\]: .* but got 'v' of 'public'",
        ),
        (
            dict(test=dict(TEST, videos=[dict(video_id=3)])),
            r'videos\[0\]: "video_id" must be a non-empty string, but got 3',
        ),
        (
            dict(
                test=dict(
                    TEST, sentences=[dict(caption='a', video_id='video7')]
                )
            ),
            r'sentences\[0\]: "sen_id" is missing; got \[\'caption\', '
            r'\'video_id',
        ),
        (dict(test=dict(TEST, sentences=[])), '"sentences" must not be empty'),
        (dict(test=[]), 'there are no records in this file'),
        (
            dict(test=[dict(video='a')]),
            r'expected an object \{...\}, but got a l',
        ),
        (
            dict(test='{"videos": [],\n "videos": []}'),
            "'videos' already occurs in line 1",
        ),
        (
            dict(test='{"videos": [1]\n'),
            'test_videodatainfo.json:2: .* not JSON',
        ),
    ],
)
def test_retrieval__bad_files(changes, message, tmp_path, capsys) -> None:
    assert msrvtt.main(options(tmp_path, **changes)) == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_retrieval__only_one_of_the_two_files(tmp_path, capsys) -> None:
    arguments = options(tmp_path)
    del arguments[3]
    assert msrvtt.main(arguments) == 1
    assert "no videos of the split 'test'" in capsys.readouterr().err


def test_retrieval__list_of_unknown_name(tmp_path, capsys) -> None:
    path = write(tmp_path / 'my_videos.csv', 'video_id\nvideo0\n')
    assert msrvtt.main([*options(tmp_path), '--split-list', path]) == 1
    assert 'my_videos.csv' in capsys.readouterr().err
