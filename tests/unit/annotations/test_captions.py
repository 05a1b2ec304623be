# Copyright (c) clipbert_mm contributors.
"""Tests of the caption files: every dialect, and every way to be wrong."""

import json
from pathlib import Path

import pytest

from clipbert_mm.annotations.captions import (
    Caption,
    read_captions,
    read_negatives,
)
from clipbert_mm.annotations.errors import AnnotationError

RETRIEVAL = '{"caption": "a man", "clip_name": "v0", "sen_id": 7}'
PARAGRAPH = (
    '{"caption": "One. Two.", "caption_list": ["One.", "Two."], '
    '"timestamps": [[0.28, 55.15]], "clip_name": "v_u", '
    '"sen_id": "v_u"}'
)


def write(folder: Path, content: str, name: str = 'a.jsonl') -> str:
    path = folder / name
    path.write_text(content, encoding='utf-8')
    return str(path)


def test_read_captions__retrieval_lines(tmp_path: Path) -> None:
    second = '{"caption": " a dog ", "clip_name": "v1.mp4", "sen_id": 9}'
    path = write(tmp_path, f'{RETRIEVAL}\n\n{second}\n')
    assert read_captions(path) == [
        Caption('a man', 'v0', 7, 1),
        Caption(' a dog ', 'v1.mp4', 9, 3),
    ]


@pytest.mark.parametrize('name', ['a.jsonl', 'a.json', 'a.txt'])
def test_read_captions__paragraph_lines(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, PARAGRAPH, name)
    assert read_captions(path) == [Caption('One. Two.', 'v_u', 'v_u', 1)]


def test_read_captions__image_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"coco_id": 5, "caption": "a"}\n{"vg_id": 5, "caption": "b"}',
    )
    assert read_captions(path) == [
        Caption('a', 'coco/5', 0, 1),
        Caption('b', 'vg/5', 1, 2),
    ]


@pytest.mark.parametrize('indent', [None, 2])
def test_read_captions__mmaction_list(tmp_path: Path, indent: int) -> None:
    content = [
        dict(video='v0.mp4', caption='a'),
        dict(video='v1.mp4', caption=['b', 'c']),
    ]
    path = write(tmp_path, json.dumps(content, indent=indent), 'a.json')
    got = read_captions(path)
    assert [(c.text, c.media, c.caption_id) for c in got] == [
        ('a', 'v0.mp4', 0),
        ('b', 'v1.mp4', 1),
        ('c', 'v1.mp4', 2),
    ]
    assert [c.line for c in got] == (
        [1, 1, 1] if indent is None else [2, 6, 6]
    )


@pytest.mark.parametrize('indent', [None, 2])
def test_read_captions__mmaction_mapping(tmp_path: Path, indent: int) -> None:
    content = {'v0.mp4': ['a', 'b'], 'v1.mp4': ['c']}
    path = write(tmp_path, json.dumps(content, indent=indent), 'a.json')
    assert [(c.text, c.media) for c in read_captions(path)] == [
        ('a', 'v0.mp4'),
        ('b', 'v0.mp4'),
        ('c', 'v1.mp4'),
    ]


def test_read_captions__separators_inside_texts_do_not_split_lines(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path,
        '{"caption": "a\u2028b\x85c", "clip_name": "v0"}\r\n'
        '{"caption": "d", "clip_name": "v0"}',
    )
    assert [c.line for c in read_captions(path)] == [1, 2]


def test_read_captions__same_caption_twice_is_kept(tmp_path: Path) -> None:
    other = RETRIEVAL.replace('7', '8')
    assert len(read_captions(write(tmp_path, f'{RETRIEVAL}\n{other}'))) == 2


@pytest.mark.parametrize(
    'content, message',
    [
        (RETRIEVAL + '\n{"caption": ', r':2: this line is not JSON'),
        (RETRIEVAL + '\n[1]', r':2: expected a JSON object.*got \[1\]'),
        (
            '{"caption": "a", "clip_name": "v", "fps": 3}',
            r":1: unknown keys \['fps'\]; known are",
        ),
        (
            '{"caption": "a", "coco_id": 1, "clip_name": "v"}',
            r":1: unknown keys \['clip_name'\]",
        ),
        ('{"caption": "a"}', r":1: the keys \['clip_name'\] are missing"),
        (
            RETRIEVAL + '\n{"caption": " ", "clip_name": "v", "sen_id": 1}',
            ':2: "caption" must be a non-empty string, but got \' \'',
        ),
        ('{"caption": ["a"], "clip_name": "v"}', r":1: \"caption\".*\['a'\]"),
        (
            '{"caption": "a", "clip_name": 3}',
            ':1: "clip_name" must be .* got 3',
        ),
        (
            '{"caption": "a", "clip_name": "v", "sen_id": 1.5}',
            ':1: "sen_id" must be .* got 1.5',
        ),
        (
            '{"caption": "a", "coco_id": true}',
            ':1: "coco_id" must be .* got True',
        ),
        (
            '{"caption": "a", "clip_name": "v", "timestamps": 3}',
            ':1: "timestamps" must be a list, but got 3',
        ),
        (
            RETRIEVAL + '\n' + RETRIEVAL,
            ':2: sen_id 7 already occurs in line 1',
        ),
        (
            RETRIEVAL + '\n{"caption": "a", "clip_name": "v"}',
            ':2: either all lines must have a sen_id or none',
        ),
        ('', ':1: there are no captions'),
    ],
)
def test_read_captions__wrong_lines(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(AnnotationError, match='a.jsonl' + message):
        read_captions(write(tmp_path, content))


@pytest.mark.parametrize(
    'content, message',
    [
        (
            '[\n{"video": "v0", "caption": "a"},\n{"video": ]',
            ":3: this file is not JSON: Expecting value, but got ']'",
        ),
        (
            '[\n{"video": "v0", "caption": "a"}\n',
            r":3: .*expected one of \[',', '\]'\], but got 'the end",
        ),
        ('[]x', ":1: .*expected the end of the file, but got 'x'"),
        ('hello', r":1: .*expected one of \['\[', '\{'\], but got 'hello'"),
        ('[\n3]', ':2: expected .* but got 3'),
        (
            '[\n{"video": "v0", "caption": "a", "id": 1}]',
            r":2: unknown keys \['id'\]",
        ),
        ('[{"video": "v0"}]', r":1: the keys \['caption'\] are missing"),
        ('[{"video": "v0", "caption": []}]', ":1: 'v0' has no captions"),
        (
            '[{"video": "v0", "caption": ["a", ""]}]',
            r':1: "caption"\[1\] must be a non-empty string, but got \'\'',
        ),
        ('{"v0": ["a"],\n"v0": ["b"]}', ":2: 'v0' already occurs in line 1"),
        (
            '{"v0": "a"}',
            ":1: expected a list of captions of 'v0', but got 'a'",
        ),
        ('{"v0": ["a"]} {"v1": ["b"]}', ':1: .*expected the end of the file'),
        ('{}', ':1: there are no captions'),
        ('[]', ':1: there are no captions'),
        (' \n', ':1: this file is empty. Copy or'),
    ],
)
def test_read_captions__wrong_mmaction_file(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(AnnotationError, match='a.json' + message):
        read_captions(write(tmp_path, content, 'a.json'))


def test_read_captions__missing_file() -> None:
    with pytest.raises(FileNotFoundError, match="'none.jsonl'.*ann_file"):
        read_captions('none.jsonl')


def test_read_captions__not_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / 'a.jsonl'
    path.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(AnnotationError, match='a.jsonl:1: .*UTF-8'):
        read_captions(str(path))


def test_read_negatives__lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"sen_id": 3, "negatives": [8, 21]}\n'
        '{"sen_id": "x", "negatives": []}',
    )
    assert read_negatives(path) == [(1, 3, [8, 21]), (2, 'x', [])]


@pytest.mark.parametrize(
    'content, message',
    [
        ('{"sen_id": 3}', r":1: the keys \['negatives'\] are missing"),
        ('{"sen_id": 3, "negatives": 8}', ':1: "negatives" must be a list'),
        (
            '{"sen_id": 3, "negatives": [null]}',
            ':1: "negatives" must be .*None',
        ),
        (
            '{"sen_id": 3, "negatives": []}\n{"sen_id": 3, "negatives": []}',
            ':2: sen_id 3 already occurs in line 1',
        ),
    ],
)
def test_read_negatives__wrong_lines(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(AnnotationError, match='a.jsonl' + message):
        read_negatives(write(tmp_path, content))
