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
        f'ACTION{first_key + 2 * gif + n}\t{gif}'
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
            question_id=f'ACTION{91800 + n}',
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
    assert 'has 40 questions, but the official file has 20,471' in (
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


@pytest.mark.parametrize('share', ['0', '1', '-0.1', 'nan', 'half'])
def test_action__share_out_of_range(share, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        tgif_qa.main(action_options(tmp_path, f'--val-fraction={share}'))
    assert f'between 0 and 1, but got {share!r}' in capsys.readouterr().err


def test_action__share_that_holds_out_nothing(tmp_path, capsys) -> None:
    assert tgif_qa.main(action_options(tmp_path, gifs=4)) == 1
    assert 'action_val: no row is left' in capsys.readouterr().err


def test_transition__columns_are_read_by_name(tmp_path: Path) -> None:
    header = 'vid_id\tanswer\ta5\ta4\ta3\ta2\ta1\tquestion\tgif_name'
    train = table(
        header,
        'TRANS1\t3\te\td\tc\tb\ta\twhat ?\tgif1',
        'TRANS2\t0\te\td\tc\tb\ta\twhat ?\tgif2',
    )
    test = table(header, 'TRANS3\t1\te\td\tc\tb\ta\twhat "now" ?\tgif3')
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
            question_id='TRANS3',
            options=list('abcde'),
            answer=1,
        )
    ]


def test_transition__repeated_have_the_same_options(tmp_path, capsys) -> None:
    train = table(
        CHOICE,
        *(
            f'gif{gif}\twhat ?\ta\tb\tc\td\te\t0\tTRANS{gif}\t{gif}'
            for gif in range(2)
        ),
    )
    test = table(
        CHOICE,
        *(
            f'gif3\twhat ?\ta\tb\tc\td\t{last}\t0\tTRANS{key}\t3'
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
        f'gif{i}\twhat is it ?\t{answer}\t{kind}\tFRAMEQA{i}\t{i}\ta "text'
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
        f'gif{99 + i}\twhat is it ?\t{answer}\t{i}\tFRAMEQA{99 + i}\t99\t'
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
    assert questions[0][:3] == ('what is it ?', 'gif99', 'FRAMEQA99')
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
    train = table(
        COUNT, 'a\thow many ?\t2\tCOUNT1\t1', 'b\thow many ?\t7\tCOUNT2\t2'
    )
    test = table(COUNT, 'c\thow many ?\t10\tCOUNT3\t3')
    assert (
        tgif_qa.main(
            options(tmp_path, 'count', train, test, '--val-fraction', '0.5')
        )
        == 0
    )
    out = tmp_path / 'out'
    assert lines(out / 'count_test.jsonl') == [
        dict(
            gif_name='c',
            question='how many ?',
            question_id='COUNT3',
            answer=10,
        )
    ]
    answers = [
        read_questions(str(out / f'count_{part}.jsonl'), 'count')[0]
        for part in ('train', 'val')
    ]
    assert {a.answer for a in answers} == {2, 7}
    assert not (out / 'count_vocabulary.json').exists()


def test_count__none(tmp_path: Path) -> None:
    train = table(
        COUNT, 'a\thow many ?\t0\tCOUNT1\t1', 'b\thow ?\t0\tCOUNT2\t2'
    )
    test = table(COUNT, 'c\thow many ?\t0\tCOUNT3\t3')
    assert (
        tgif_qa.main(
            options(tmp_path, 'count', train, test, '--val-fraction', '0.5')
        )
        == 0
    )
    path = str(tmp_path / 'out' / 'count_test.jsonl')
    assert read_questions(path, 'count')[0].answer == 0


def test_key__numbers_the_gif(tmp_path: Path, capsys) -> None:
    """As in the official files of FrameQA and of transition."""
    train = table(
        FRAMEQA,
        *(
            f'gif{i // 2}\twhat ?\tcat\t0\tFRAMEQA{i}\t{i // 2}\t'
            for i in range(20)
        ),
    )
    test = table(
        FRAMEQA,
        'gif77\twhat is it ?\tcat\t0\tFRAMEQA1159\t27138\t',
        'gif77\twhere is it ?\troom\t3\tFRAMEQA1160\t27138\t',
    )
    assert tgif_qa.main(options(tmp_path, 'frameqa', train, test)) == 0
    questions = read_questions(
        str(tmp_path / 'out' / 'frameqa_test.jsonl'), 'open'
    )
    assert [q.question_id for q in questions] == ['FRAMEQA1159', 'FRAMEQA1160']
    assert 'repeated in' not in capsys.readouterr().out


def test_vid_id__must_be_unique(tmp_path: Path, capsys) -> None:
    train = table(
        COUNT, *(f'g{i}\thow ?\t2\tCOUNT{i}\t{i}' for i in range(10))
    )
    test = table(COUNT, *(f'h{i}\thow ?\t2\tCOUNT99\t{i}' for i in range(2)))
    assert tgif_qa.main(options(tmp_path, 'count', train, test)) == 1
    assert '1 question_ids are repeated in count_test, which is' in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    'task, official',
    [
        ('action', (20471, 2274)),
        ('transition', (52704, 6232)),
        ('frameqa', (39392, 13691)),
        ('count', (26839, 3554)),
    ],
)
def test_official_numbers_of_questions(
    task: str, official: tuple[int, int]
) -> None:
    assert tgif_qa.OFFICIAL_QUESTIONS[task] == official


@pytest.mark.parametrize(
    'task, row, message',
    [
        (
            'count',
            'c\thow ?\ttwo\tCOUNT3\t3',
            'question.csv:2: "answer" must be an integer >= 0, but got '
            "'two'",
        ),
        (
            'count',
            'c\thow ?\t-3\tCOUNT3\t3',
            'question.csv:2: "answer" must be an integer >= 0, but got \'-3\'',
        ),
        ('count', 'c\thow ?\t2\tID', 'csv:2: expected 5 columns, but got 4'),
        (
            'count',
            'c\t\t2\tCOUNT3\t3',
            'csv:2: "question" must be a non-empty string',
        ),
        (
            'frameqa',
            'c\twhat ?\tcat\t4\tID\t3\t',
            r'"type" must be an integer in \[0, 3\], but go',
        ),
        (
            'action',
            f'c\twhat ?\t{OPTIONS}\t5\tCOUNT3\t3',
            r'"answer" must be an integer in \[0, 4\], ',
        ),
        (
            'action',
            'c\twhat ?\ta\tb\tc\td\t \t0\tCOUNT3\t3',
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
    both = table(COUNT, 'c\thow many ?\t2\tCOUNT3\t3')
    assert tgif_qa.main(options(tmp_path, 'frameqa', both, both)) == 1
    assert r"Train_frameqa_question.csv:1: the columns ['type'] are" in (
        capsys.readouterr().err
    )


def test_gif_in_training_and_test(tmp_path, capsys) -> None:
    train = table(
        COUNT, *(f'g{i}\thow ?\t2\tCOUNT{i}\t{i}' for i in range(10))
    )
    arguments = options(tmp_path, 'count', train, train)
    assert tgif_qa.main(arguments) == 1
    error = capsys.readouterr().err
    assert re.search(
        '9 videos or images are in count_train and count_test: '
        r"'g\d', .*, \.\.\.\n",
        error,
    )
    assert tgif_qa.main([*arguments, '--allow-leaks']) == 0
