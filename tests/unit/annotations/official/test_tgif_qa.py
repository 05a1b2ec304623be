# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of TGIF-QA."""

import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.questions import read_questions
from tests.toolbox.converting import lines, load_converter, write

tgif_qa = load_converter('tgif_qa')

CHOICE = 'gif_name\tquestion\ta1\ta2\ta3\ta4\ta5\tanswer\tvid_id\tkey'
OPTIONS = 'stuff marshmallow\tholds a phone\tfall over\ttalk\tflap wings'
FRAMEQA = 'gif_name\tquestion\tanswer\ttype\tvid_id\tkey\tdescription'
COUNT = 'gif_name\tquestion\tanswer\tvid_id\tkey'

# Of tumblr_0_250 to tumblr_19_250 the two with the smallest values of
# `printf 42:tumblr_8_250 | sha256sum`.
HELD_OUT = {'tumblr_8_250', 'tumblr_1_250'}


def table(header: str, *rows: str) -> str:
    return ''.join(f'{row}\n' for row in (header, *rows))


def action_rows(gifs: range, first_key: int) -> list[str]:
    """Return two questions about each gif."""
    return [
        f'tumblr_{gif}_250\tWhat does it do {n} times ?\t{OPTIONS}\t{n}\t'
        f'ID{gif}\t{first_key + 2 * gif + n}'
        for gif in gifs
        for n in (0, 4)
    ]


def options(
    folder: Path, task: str, train: str, test: str, *more: str
) -> list[str]:
    return [
        task,
        '--train',
        write(folder / f'Train_{task}_question.csv', train),
        '--test',
        write(folder / f'Test_{task}_question.csv', test),
        '--out',
        str(folder / 'out'),
        *more,
    ]


def action_options(folder: Path, *more: str, gifs=20) -> list[str]:
    # A gif's keys differ by 4, so that three gifs share none.
    train = [
        r
        for gif in range(gifs)
        for r in action_rows(range(gif, gif + 1), 10 * gif)
    ]
    test = action_rows(range(900, 901), 90000)
    return options(
        folder, 'action', table(CHOICE, *train), table(CHOICE, *test), *more
    )


def gifs_of(path: Path) -> set[str]:
    return {row['gif_name'] for row in lines(path)}


def test_action__lines(tmp_path: Path, capsys) -> None:
    assert tgif_qa.main(action_options(tmp_path)) == 0
    out = tmp_path / 'out'
    assert lines(out / 'action_test.jsonl') == [
        dict(
            gif_name='tumblr_900_250',
            question=f'What does it do {n} times ?',
            question_id=91800 + n,
            options=OPTIONS.split('\t'),
            answer=n,
        )
        for n in (0, 4)
    ]
    question = read_questions(str(out / 'action_test.jsonl'), 'choice')[1]
    assert (question.media, question.options[4], question.answer) == (
        'tumblr_900_250',
        'flap wings',
        4,
    )
    for part in ('train', 'val'):
        read_questions(str(out / f'action_{part}.jsonl'), 'choice')
    assert 'has 40 questions, but the official file has 20,475' in (
        capsys.readouterr().out
    )


def test_action__a_tenth_of_the_gifs_is_held_out_with_all_questions(
    tmp_path: Path,
) -> None:
    assert tgif_qa.main(action_options(tmp_path)) == 0
    out = tmp_path / 'out'
    train = gifs_of(out / 'action_train.jsonl')
    val = gifs_of(out / 'action_val.jsonl')
    assert len(val) == 2
    assert len(train) == 18
    assert not train & val
    assert len(lines(out / 'action_val.jsonl')) == 4
    assert len(lines(out / 'action_train.jsonl')) == 36


def test_action__seed_and_share_choose_the_held_out_gifs(tmp_path) -> None:
    def held_out(*more: str) -> set[str]:
        assert (
            tgif_qa.main(action_options(tmp_path, '--overwrite', *more)) == 0
        )
        return gifs_of(tmp_path / 'out' / 'action_val.jsonl')

    assert held_out() == held_out('--seed', '42')
    assert held_out('--seed', '1') != held_out('--seed', '2')
    assert len(held_out('--val-fraction', '0.5')) == 10
    assert held_out() == HELD_OUT


@pytest.mark.parametrize('share', ['0', '1', '-0.1'])
def test_action__share_out_of_range(share, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        tgif_qa.main(action_options(tmp_path, f'--val-fraction={share}'))
    assert f'between 0 and 1, but got {share!r}' in capsys.readouterr().err


def test_action__share_that_holds_out_nothing(tmp_path, capsys) -> None:
    assert tgif_qa.main(action_options(tmp_path, gifs=4)) == 1
    assert 'action_val: no row is left' in capsys.readouterr().err


def test_transition__columns_are_read_by_name(tmp_path: Path) -> None:
    header = 'key\tanswer\ta5\ta4\ta3\ta2\ta1\tquestion\tgif_name'
    train = table(
        header,
        '1\t3\te\td\tc\tb\ta\twhat ?\tgif1',
        '2\t0\te\td\tc\tb\ta\twhat ?\tgif2',
    )
    test = table(header, '3\t1\te\td\tc\tb\ta\twhat "now" ?\tgif3')
    assert (
        tgif_qa.main(
            options(
                tmp_path, 'transition', train, test, '--val-fraction', '0.5'
            )
        )
        == 0
    )
    assert lines(tmp_path / 'out' / 'transition_test.jsonl') == [
        dict(
            gif_name='gif3',
            question='what "now" ?',
            question_id=3,
            options=list('abcde'),
            answer=1,
        )
    ]


def test_transition__repeated_have_the_same_options(tmp_path, capsys) -> None:
    train = table(
        CHOICE,
        *(
            f'gif{gif}\twhat ?\ta\tb\tc\td\te\t0\tID\t{gif}'
            for gif in range(2)
        ),
    )
    test = table(
        CHOICE,
        *(
            f'gif3\twhat ?\ta\tb\tc\td\t{last}\t0\tID\t{key}'
            for key, last in enumerate('effg', 5)
        ),
    )
    assert (
        tgif_qa.main(
            options(
                tmp_path, 'transition', train, test, '--val-fraction', '0.5'
            )
        )
        == 0
    )
    assert 'transition_test       1      4         1        0\n' in (
        capsys.readouterr().out
    )


def test_frameqa__lines_and_vocabulary(tmp_path: Path, capsys) -> None:
    train = [
        f'gif{i}\twhat is it ?\t{answer}\t{kind}\tID{i}\t{i}\ta "text'
        for i, (answer, kind) in enumerate(
            [
                ('cat', 0),
                ('cat', 0),
                ('cat', 0),
                ('nan', 3),
                ('nan', 3),
                ('nan', 3),
                ('two', 1),
                ('two', 1),
                ('red', 2),
                ('red', 2),
            ]
        )
    ]
    test = [
        f'gif{99 + i}\twhat is it ?\t{answer}\t{i}\tID\t{99 + i}\t'
        for i, answer in enumerate(['man', '3', 'red', 'beach'])
    ]
    assert (
        tgif_qa.main(
            options(
                tmp_path,
                'frameqa',
                table(FRAMEQA, *train),
                table(FRAMEQA, *test),
                '--vocabulary-size',
                '2',
            )
        )
        == 0
    )
    out = tmp_path / 'out'
    vocabulary = read_vocabulary(str(out / 'frameqa_vocabulary.json'))
    assert vocabulary == ['cat', 'nan']
    rows = lines(out / 'frameqa_train.jsonl')
    (val,) = lines(out / 'frameqa_val.jsonl')
    assert {r['answer'] for r in rows} == {'cat', 'nan'}
    assert {(r['answer'], r['answer_type']) for r in rows} == {
        ('cat', 'object'),
        ('nan', 'location'),
    }
    # 10 questions: 1 for validation, 4 of the others have rare answers.
    dropped = 4 - (val['answer'] in ('two', 'red'))
    assert len(rows) == 9 - dropped
    questions = read_questions(str(out / 'frameqa_test.jsonl'), 'open')
    assert questions[0][:3] == ('what is it ?', 'gif99', 99)
    assert [(q.answer, q.answer_type) for q in questions] == [
        ('man', 'object'),
        ('3', 'number'),
        ('red', 'color'),
        ('beach', 'location'),
    ]
    report = capsys.readouterr().out
    assert (
        f'dropped from frameqa_train: {dropped} answers outside the vocabulary'
    ) in report
    assert '0.0% of frameqa_test' in report


def test_count__lines(tmp_path: Path) -> None:
    train = table(COUNT, 'a\thow many ?\t2\tID\t1', 'b\thow many ?\t7\tID\t2')
    test = table(COUNT, 'c\thow many ?\t10\tID\t3')
    assert (
        tgif_qa.main(
            options(tmp_path, 'count', train, test, '--val-fraction', '0.5')
        )
        == 0
    )
    out = tmp_path / 'out'
    assert lines(out / 'count_test.jsonl') == [
        dict(gif_name='c', question='how many ?', question_id=3, answer=10)
    ]
    answers = [
        read_questions(str(out / f'count_{part}.jsonl'), 'count')[0]
        for part in ('train', 'val')
    ]
    assert {a.answer for a in answers} == {2, 7}
    assert not (out / 'count_vocabulary.json').exists()


def test_count__none(tmp_path: Path) -> None:
    train = table(COUNT, 'a\thow many ?\t0\tID\t1', 'b\thow ?\t0\tID\t2')
    test = table(COUNT, 'c\thow many ?\t0\tID\t3')
    assert (
        tgif_qa.main(
            options(tmp_path, 'count', train, test, '--val-fraction', '0.5')
        )
        == 0
    )
    path = str(tmp_path / 'out' / 'count_test.jsonl')
    assert read_questions(path, 'count')[0].answer == 0


@pytest.mark.parametrize(
    'task, row, message',
    [
        (
            'count',
            'c\thow ?\ttwo\tID\t3',
            'question.csv:2: "answer" must be an integer >= 0, but got '
            "'two'",
        ),
        (
            'count',
            'c\thow ?\t-3\tID\t3',
            'question.csv:2: "answer" must be an integer >= 0, but got \'-3\'',
        ),
        ('count', 'c\thow ?\t2\tID', 'csv:2: expected 5 columns, but got 4'),
        (
            'count',
            'c\t\t2\tID\t3',
            'csv:2: "question" must be a non-empty string',
        ),
        (
            'frameqa',
            'c\twhat ?\tcat\t4\tID\t3\t',
            r'"type" must be an integer in \[0, 3\], but go',
        ),
        (
            'action',
            f'c\twhat ?\t{OPTIONS}\t5\tID\t3',
            r'"answer" must be an integer in \[0, 4\], ',
        ),
        (
            'action',
            'c\twhat ?\ta\tb\tc\td\t \t0\tID\t3',
            'csv:2: "a5" must be a non-empty string, but got \' \'',
        ),
    ],
)
def test_bad_row(task, row, message, tmp_path, capsys) -> None:
    header = dict(count=COUNT, frameqa=FRAMEQA, action=CHOICE)[task]
    both = table(header, row)
    assert tgif_qa.main(options(tmp_path, task, both, both)) == 1
    assert re.search(message, capsys.readouterr().err)


def test_file_of_another_task(tmp_path, capsys) -> None:
    both = table(COUNT, 'c\thow many ?\t2\tID\t3')
    assert tgif_qa.main(options(tmp_path, 'frameqa', both, both)) == 1
    assert r"Train_frameqa_question.csv:1: the columns ['type'] are" in (
        capsys.readouterr().err
    )


def test_gif_in_training_and_test(tmp_path, capsys) -> None:
    train = table(COUNT, *(f'g{i}\thow ?\t2\tID\t{i}' for i in range(10)))
    arguments = options(tmp_path, 'count', train, train)
    assert tgif_qa.main(arguments) == 1
    error = capsys.readouterr().err
    assert re.search(
        '9 videos or images are in count_train and count_test: '
        r"'g\d', .*, \.\.\.\n",
        error,
    )
    assert tgif_qa.main([*arguments, '--allow-leaks']) == 0
