# Copyright (c) clipbert_mm contributors.
"""Tests of the converters of MSRVTT-QA and MSRVTT-MC."""

import json
import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.questions import read_questions
from tests.toolbox.converting import lines, load_converter, write
from tests.unit.annotations.official.test_msrvtt_retrieval import options, row

msrvtt = load_converter('msrvtt')


def question(number: int, text: str, answer: str, video: int) -> dict:
    return dict(
        answer=answer, category_id=14, id=number, question=text, video_id=video
    )


QA = dict(
    train=[
        question(0, 'what is a man doing?', 'sing', 0),
        question(1, 'Who sings?', 'man', 0),
        question(2, 'who sings?', 'man', 2),
        question(3, 'who barks?', 'dog', 2),
    ],
    val=[question(9, 'how many dogs are there?', 'two', 6513)],
    test=[
        question(10, 'who runs?', 'dog', 7010),
        question(11, 'who sits?', 'man', 7010),
    ],
)


def qa_options(folder: Path, *more: str, **changes) -> list[str]:
    arguments = ['qa', '--out', str(folder / 'out'), *more]
    for name, records in dict(QA, **changes).items():
        path = write(folder / f'{name}_qa.json', records)
        arguments += [f'--{name}', path]
    return arguments


def test_qa__lines_and_vocabulary(tmp_path: Path, capsys) -> None:
    assert msrvtt.main(qa_options(tmp_path, '--vocabulary-size', '2')) == 0
    out = tmp_path / 'out'
    assert (out / 'qa_vocabulary.json').read_text() == (
        '{\n"man": 0,\n"dog": 1\n}\n'
    )
    assert lines(out / 'qa_train.jsonl') == [
        dict(
            answer='man',
            question='Who sings?',
            video_id='video0',
            answer_type='who',
            question_id=1,
        ),
        dict(
            answer='man',
            question='who sings?',
            video_id='video2',
            answer_type='who',
            question_id=2,
        ),
        dict(
            answer='dog',
            question='who barks?',
            video_id='video2',
            answer_type='who',
            question_id=3,
        ),
    ]
    (val,) = read_questions(str(out / 'qa_val.jsonl'), 'open')
    assert (
        val.text,
        val.media,
        val.question_id,
        val.answer,
        val.answer_type,
    ) == ('how many dogs are there?', 'video6513', 9, 'two', 'how')
    assert [
        q.question_id
        for q in read_questions(str(out / 'qa_test.jsonl'), 'open')
    ] == [10, 11]
    assert read_vocabulary(str(out / 'qa_vocabulary.json')) == ['man', 'dog']
    report = capsys.readouterr().out
    assert (
        '2 of the 3 training answers; they cover 75.0% of qa_train, '
        '0.0% of qa_val, 100.0% of qa_test'
    ) in report
    assert 'dropped from qa_train: 1 answers outside the vocabulary' in report


def test_qa__videos_and_ids_of_training_in_test(tmp_path, capsys) -> None:
    leaking = qa_options(tmp_path, test=[question(3, 'who barks?', 'dog', 2)])
    assert msrvtt.main(leaking) == 1
    error = capsys.readouterr().err
    assert "1 videos or images are in qa_train and qa_test: 'video2'." in error
    assert '--allow-leaks' in error
    assert not (tmp_path / 'out').exists()
    assert msrvtt.main([*leaking, '--allow-leaks']) == 0
    assert "qa_train and qa_test: 'video2'." in capsys.readouterr().out
    assert len(lines(tmp_path / 'out/qa_test.jsonl')) == 1


def test_qa__question_id_in_two_files(tmp_path, capsys) -> None:
    assert (
        msrvtt.main(
            qa_options(tmp_path, test=[question(3, 'who barks?', 'dog', 7010)])
        )
        == 0
    )
    assert 'note: 1 question ids are in qa_train and qa_test: 3.' in (
        capsys.readouterr().out
    )


def test_qa__question_id_twice_in_a_file(tmp_path, capsys) -> None:
    repeated = qa_options(
        tmp_path,
        test=[
            question(5, 'who runs?', 'dog', 7010),
            question(5, 'who runs?', 'dog', 7010),
        ],
    )
    assert msrvtt.main(repeated) == 1
    assert '1 question_ids are repeated in qa_test' in (
        capsys.readouterr().err
    )
    assert msrvtt.main([*repeated, '--allow-leaks']) == 0
    path = str(tmp_path / 'out/qa_test.jsonl')
    assert [q.question_id for q in read_questions(path, 'open')] == [0, 1]
    assert 'qa_test       1      2         1        0\n' in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    'record, message',
    [
        (
            question(1, '', 'dog', 1),
            r'record\[1\]: "question" must be a non-empty string',
        ),
        (
            question(True, 'who?', 'dog', 1),
            r'"id" must be an integer, but',
        ),
        (question(1, 'who?', 'dog', 'video1'), "integer, but got 'video1'"),
        ('who?', r"record\[1\]: expected a JSON object.* but got 'who\?'"),
    ],
)
def test_qa__bad_record(record, message, tmp_path, capsys) -> None:
    records = [question(0, 'who?', 'dog', 9), record]
    assert msrvtt.main(qa_options(tmp_path, val=records)) == 1
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize('size', ['0', '-3', 'many'])
def test_qa__vocabulary_size(size, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        msrvtt.main(qa_options(tmp_path, '--vocabulary-size', size))
    assert f'>= 1, but got {size!r}' in capsys.readouterr().err


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
