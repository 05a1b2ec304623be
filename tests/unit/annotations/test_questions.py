# Copyright (c) clipbert_mm contributors.
"""Tests of the question files: every dialect, and every way to be wrong."""

from pathlib import Path

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.questions import Question, read_questions

# As ClipBERT released them.
MSRVTT_QA = (
    '{"answer": "couch", "question": "what are three people sitting '
    'on?", "video_id": "video6513", "answer_type": "what"}'
)
FRAMEQA = (
    '{"gif_name": "tumblr_no73q2fm0I1uuf348o1_250", "question": "what '
    'is being placed in the white ice cream cone ?", "answer": '
    '"cookie", "answer_type": "object"}'
)
TGIF_MC = (
    '{"gif_name": "tumblr_nk172bbdPI1u1lr18o1_250", "question": "What '
    'does the butterfly do 10 or more than 10 times ?", "options": '
    '["stuff marshmallow", "holds a phone towards face", "fall over", '
    '"talk", "flap wings"], "answer": 4}'
)
MSRVTT_MC = (
    '{"qid": 0, "clip_name": "video7010", "options": ["a b", "c", '
    '"d", "e", "f"], "answer": 2}'
)
VQA = (
    '{"question": "Where is he looking?", "image_id": "COCO_1", '
    '"question_id": 262148000, "labels": {"down": 1, "at table": 0.3}, '
    '"answer_type": "other"}'
)
COUNT = '{"question": "How many times?", "answer": 3, "gif_name": "g"}'


def write(folder: Path, content: str) -> str:
    path = folder / 'q.jsonl'
    path.write_text(content, encoding='utf-8')
    return str(path)


@pytest.mark.parametrize(
    'answer_format, content, expected',
    [
        (
            'open',
            MSRVTT_QA,
            Question(
                'what are three people sitting on?',
                'video6513',
                0,
                1,
                'couch',
                (),
                None,
                'what',
            ),
        ),
        (
            'open',
            FRAMEQA,
            Question(
                'what is being placed in the white ice cream cone ?',
                'tumblr_no73q2fm0I1uuf348o1_250',
                0,
                1,
                'cookie',
                (),
                None,
                'object',
            ),
        ),
        (
            'choice',
            TGIF_MC,
            Question(
                'What does the butterfly do 10 or more than 10 times ?',
                'tumblr_nk172bbdPI1u1lr18o1_250',
                0,
                1,
                4,
                (
                    'stuff marshmallow',
                    'holds a phone towards face',
                    'fall over',
                    'talk',
                    'flap wings',
                ),
                None,
                None,
            ),
        ),
        (
            'choice',
            MSRVTT_MC,
            Question(
                '',
                'video7010',
                0,
                1,
                2,
                ('a b', 'c', 'd', 'e', 'f'),
                None,
                None,
            ),
        ),
        (
            'soft',
            VQA,
            Question(
                'Where is he looking?',
                'COCO_1',
                262148000,
                1,
                None,
                (),
                {'down': 1.0, 'at table': 0.3},
                'other',
            ),
        ),
        (
            'count',
            COUNT,
            Question('How many times?', 'g', 0, 1, 3, (), None, None),
        ),
    ],
)
def test_read_questions__dialects(
    tmp_path: Path, answer_format: str, content: str, expected: Question
) -> None:
    assert read_questions(write(tmp_path, content), answer_format) == [
        expected
    ]


def test_read_questions__numbers_as_media_and_rows_as_ids(
    tmp_path: Path,
) -> None:
    lines = '\n\n'.join(
        f'{{"question": "a?", "answer": "b", "image_id": {i}}}'
        for i in (7, 7, 9)
    )
    got = read_questions(write(tmp_path, lines), 'open')
    assert [q.media for q in got] == ['7', '7', '9']
    assert [q.question_id for q in got] == [0, 1, 2]
    assert [q.line for q in got] == [1, 3, 5]


@pytest.mark.parametrize('key', ['qid', 'question_id', 'key'])
def test_read_questions__keys_of_the_id(tmp_path: Path, key: str) -> None:
    lines = '\n'.join(
        COUNT.replace('}', f', "{key}": {i}}}') for i in ('"x"', 4)
    )
    got = read_questions(write(tmp_path, lines), 'count')
    assert [q.question_id for q in got] == ['x', 4]


@pytest.mark.parametrize(
    'answer_format, content',
    [
        ('open', '{"question": "a?", "video_id": "v", "answer_type": "what"}'),
        ('choice', '{"options": ["a", "b"], "clip_name": "v"}'),
        ('count', '{"question": "a?", "gif_name": "v"}'),
        ('soft', '{"question": "a?", "image_id": "v", "question_id": 3}'),
    ],
)
def test_read_questions__without_answers(
    tmp_path: Path, answer_format: str, content: str
) -> None:
    (question,) = read_questions(write(tmp_path, content), answer_format)
    assert question.answer is None
    assert question.soft_labels is None


def test_read_questions__no_frequent_answer_is_no_missing_one(
    tmp_path: Path,
) -> None:
    content = '{"question": "a?", "image_id": 1, "labels": {}}'
    assert (
        read_questions(write(tmp_path, content), 'soft')[0].soft_labels == {}
    )


def changed(line: str, old: str, new: str) -> str:
    assert old in line
    return line.replace(old, new)


@pytest.mark.parametrize(
    'answer_format, content, message',
    [
        (
            'open',
            changed(FRAMEQA, '"cookie"', '3'),
            ':1: "answer" must be a non-empty string, but got 3',
        ),
        (
            'open',
            changed(FRAMEQA, '"object"', '2'),
            ':1: "answer_type" must be',
        ),
        ('open', changed(FRAMEQA, '"cookie"', '""'), ":1: .* but got ''"),
        (
            'open',
            changed(FRAMEQA, 'answer_type', 'type'),
            r":1: unknown keys \['type'\]",
        ),
        ('open', TGIF_MC, r":1: unknown keys \['options'\]"),
        (
            'open',
            changed(FRAMEQA, 'gif_name', 'image_name'),
            r":1: unknown keys \['image_name'\]",
        ),
        (
            'open',
            '{"question": "a?", "answer": "b"}',
            r":1: expected exactly one of the keys \['clip_name', .*but got "
            r'\[\]',
        ),
        (
            'open',
            changed(FRAMEQA, '{', '{"video_id": "v", '),
            r":1: expected exactly one .* got \['gif_name', 'video_id'\]",
        ),
        (
            'open',
            changed(FRAMEQA, '{', '{"qid": 1, "key": 2, '),
            r":1: expected at most one .* got \['qid', 'key'\]",
        ),
        (
            'open',
            '{"answer": "b", "video_id": "v"}',
            r":1: the keys \['question'\] are missing",
        ),
        (
            'open',
            MSRVTT_QA + '\n{"question": "a?", "video_id": "v"}',
            ":2: either all lines must have the key 'answer' or none, but "
            'line 1',
        ),
        ('open', '', ':1: there are no questions'),
        (
            'open',
            MSRVTT_QA + '\n[3]',
            r':2: expected a JSON object.*got \[3\]',
        ),
        (
            'choice',
            TGIF_MC + '\n' + changed(TGIF_MC, ': 4}', ': 5}'),
            ':2: "answer" must be the index of one of the 5 options, 0 to 4, '
            'but got '
            '5',
        ),
        (
            'choice',
            changed(MSRVTT_MC, ': 2}', ': -1}'),
            ':1: .* 0 to 4, .* -1',
        ),
        (
            'choice',
            changed(MSRVTT_MC, ': 2}', ': 2.0}'),
            ':1: .* 0 to 4, .* 2.0',
        ),
        ('choice', changed(MSRVTT_MC, ': 2}', ': true}'), ':1: .* got True'),
        (
            'choice',
            MSRVTT_MC + '\n' + changed(MSRVTT_MC, '0, "clip', '0, "clip'),
            ':2: question id 0 already occurs in line 1',
        ),
        (
            'choice',
            MSRVTT_MC
            + '\n'
            + changed(changed(MSRVTT_MC, '0, "clip', '1, "clip'), ', "f"', ''),
            ':2: all questions must have the same number of options, but got '
            '4 here and 5 '
            'in line 1',
        ),
        (
            'choice',
            MSRVTT_MC + '\n' + TGIF_MC,
            ":2: either all lines must have the key 'question' or none",
        ),
        (
            'choice',
            changed(MSRVTT_MC, '"a b"', '" "'),
            ':1: "options" must be a list of two or more strings, but got',
        ),
        (
            'choice',
            '{"options": ["a"], "answer": 0, "clip_name": "v"}',
            r':1: "options" .* two or more strings, but got \[.a.\]',
        ),
        (
            'count',
            changed(COUNT, ': 3', ': 3.5'),
            ':1: "answer" must be an integer >= 0, but got 3.5',
        ),
        ('count', changed(COUNT, ': 3', ': "3"'), ":1: .* but got '3'"),
        ('count', changed(COUNT, ': 3', ': -2'), ':1: .* but got -2'),
        (
            'soft',
            changed(VQA, '0.3', '1.3'),
            ':1: "labels" of "at table" must be a score in \\[0, 1\\], but '
            'got 1.3',
        ),
        ('soft', changed(VQA, '0.3', '-0.1'), ':1: .* but got -0.1'),
        ('soft', changed(VQA, '0.3', 'NaN'), ':1: .* but got nan'),
        ('soft', changed(VQA, '0.3', 'true'), ':1: .* but got True'),
        (
            'soft',
            changed(VQA, '{"down": 1, "at table": 0.3}', '["down"]'),
            ':1: "labels" must be an object',
        ),
        (
            'soft',
            VQA + '\n{"question": "a?", "image_id": 1, "question_id": 2}',
            ":2: either all lines must have the key 'labels' or none",
        ),
        (
            'soft',
            VQA + '\n{"question": "a?", "image_id": 1, "labels": {}}',
            ':2: either all lines must have a question id or none',
        ),
    ],
)
def test_read_questions__wrong_lines(
    tmp_path: Path, answer_format: str, content: str, message: str
) -> None:
    with pytest.raises(AnnotationError, match='q.jsonl' + message):
        read_questions(write(tmp_path, content), answer_format)


def test_read_questions__unknown_format(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="answer_format must be .*'count'.*'number'"
    ):
        read_questions(write(tmp_path, COUNT), 'number')


def test_read_questions__missing_file() -> None:
    with pytest.raises(FileNotFoundError, match="'none.jsonl'.*ann_file"):
        read_questions('none.jsonl', 'open')
