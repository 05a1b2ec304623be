# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of VQA 2.0."""

import json
import re
from pathlib import Path

import pytest

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.questions import read_questions
from tests.toolbox.converting import lines, load_converter, write

vqa = load_converter('vqa')


def questions(subtype: str, *records: tuple) -> dict:
    return dict(
        info={},
        task_type='Open-Ended',
        data_subtype=subtype,
        questions=[
            dict(image_id=image, question=text, question_id=number)
            for image, text, number in records
        ],
    )


def annotation(
    image: int,
    number: int,
    given: list[str],
    best: str | None = None,
    kind: str = 'other',
) -> dict:
    return dict(
        question_type='what',
        multiple_choice_answer=best or max(given, key=given.count),
        answers=[
            dict(answer=answer, answer_confidence='yes', answer_id=i)
            for i, answer in enumerate(given, 1)
        ],
        image_id=image,
        answer_type=kind,
        question_id=number,
    )


TRAIN = questions(
    'train2014',
    (9, 'What is it?', 9000),
    (9, 'How many?', 9001),
    (25, 'Is it?', 25000),
    (25, 'Why?', 25001),
)
TRAIN_ANSWERS = dict(
    annotations=[
        annotation(25, 25000, ['yes'] * 10, kind='yes/no'),
        annotation(
            9, 9000, ['cat'] * 4 + ['A cat.'] * 2 + ['dog'] * 3 + ['bat']
        ),
        annotation(
            9,
            9001,
            ['two'] + ['2'] * 2 + ['yes'] * 2 + ['many'] * 5,
            best='2',
            kind='number',
        ),
        annotation(25, 25001, ['because'] * 10),
    ]
)
VAL = questions('val2014', (42, 'What is it?', 42000), (42, 'Who?', 42001))
VAL_ANSWERS = dict(
    annotations=[
        annotation(42, 42000, ['Cat'] * 3 + ['the'] * 7, best='cat'),
        annotation(42, 42001, ['nobody'] * 10, best='yes'),
    ]
)
TEST = questions('test2015', (1, 'What is it?', 1000), (2, 'Who?', 2000))
TEST_DEV = questions('test-dev2015', (1, 'What is it?', 1000))


def options(
    folder: Path,
    *more: str,
    train=TRAIN,
    train_answers=TRAIN_ANSWERS,
    val=VAL,
    val_answers=VAL_ANSWERS,
    test=TEST,
) -> list[str]:
    return [
        '--train',
        write(folder / 'train_questions.json', train),
        write(folder / 'train_annotations.json', train_answers),
        '--val',
        write(folder / 'val_questions.json', val),
        write(folder / 'val_annotations.json', val_answers),
        '--test',
        write(folder / 'test_questions.json', test),
        '--test-dev',
        write(folder / 'test-dev_questions.json', TEST_DEV),
        '--out',
        str(folder / 'out'),
        *more,
    ]


def changed(document: dict, place: str, **values) -> dict:
    """Return a copy with other values in a record such as answers[3]."""
    document = json.loads(json.dumps(document))
    key, index = place[:-1].split('[')
    document[key][int(index)].update(values)
    return document


def test_vqa__lines_labels_and_vocabulary(tmp_path: Path, capsys) -> None:
    assert vqa.main(options(tmp_path, '--min-count', '2')) == 0
    out = tmp_path / 'out'
    # The best answers are yes, cat, 2 and because; cat and yes.
    assert read_vocabulary(str(out / 'vocabulary.json')) == ['cat', 'yes']
    image = 'COCO_train2014_000000000009'
    assert lines(out / 'train.jsonl') == [
        dict(
            question='What is it?',
            image_id=image,
            question_id=9000,
            labels={'cat': 1.0},
            answer_type='other',
        ),
        dict(
            question='How many?',
            image_id=image,
            question_id=9001,
            labels={'yes': 0.6},
            answer_type='number',
        ),
        dict(
            question='Is it?',
            image_id='COCO_train2014_000000000025',
            question_id=25000,
            labels={'yes': 1.0},
            answer_type='yes/no',
        ),
    ]
    train = read_questions(str(out / 'train.jsonl'), 'soft')
    assert [q.soft_labels for q in train] == [
        {'cat': 1.0},
        {'yes': 0.6},
        {'yes': 1.0},
    ]
    val = read_questions(str(out / 'val.jsonl'), 'soft')
    assert [(q.question_id, q.soft_labels) for q in val] == [
        (42000, {'cat': 0.9}),
        (42001, {}),
    ]
    test = read_questions(str(out / 'test.jsonl'), 'soft')
    assert [(q.media, q.question_id, q.soft_labels) for q in test] == [
        ('COCO_test2015_000000000001', 1000, None),
        ('COCO_test2015_000000000002', 2000, None),
    ]
    assert lines(out / 'test-dev.jsonl') == lines(out / 'test.jsonl')[:1]
    report = capsys.readouterr().out
    assert 'train         2      3         0        1\n' in report
    assert 'dropped from train: 1 questions left without a label' in report
    assert 'train: 5 labels outside the vocabulary left out.' in report
    assert (
        'val: 2 labels outside the vocabulary left out, 1 questions '
        'without a label kept.'
    ) in report
    assert (
        '2 answers with 2 or more occurrences in train and val; they '
        'include the best answers of 50.0% of train, 100.0% of val.'
    ) in report
    assert 'Set model.head.num_classes=2' in report
    assert 'but the official file has 443,757' in report


def test_vqa__vocabulary_of_training_alone(tmp_path: Path) -> None:
    assert (
        vqa.main(
            options(tmp_path, '--min-count', '1', '--vocabulary-from', 'train')
        )
        == 0
    )
    out = tmp_path / 'out'
    assert read_vocabulary(str(out / 'vocabulary.json')) == [
        '2',
        'because',
        'cat',
        'yes',
    ]
    assert lines(out / 'train.jsonl')[1]['labels'] == {'2': 0.9, 'yes': 0.6}


def test_vqa__no_training_question_has_a_label(tmp_path, capsys) -> None:
    changes = {
        name: dict(
            annotations=[
                dict(record, multiple_choice_answer='bird')
                for record in document['annotations']
            ]
        )
        for name, document in (
            ('train_answers', TRAIN_ANSWERS),
            ('val_answers', VAL_ANSWERS),
        )
    }
    assert vqa.main(options(tmp_path, '--min-count', '1', **changes)) == 1
    assert re.search(
        "^train: no row is left to write.*'questions left without a label': 4",
        capsys.readouterr().err,
    )
    assert not (tmp_path / 'out').exists()


def test_vqa__vocabulary_size(tmp_path: Path, capsys) -> None:
    # The best answers are yes, cat, 2 and because; cat and yes.
    assert (
        vqa.main(
            options(tmp_path, '--min-count', '1', '--vocabulary-size', '3')
        )
        == 0
    )
    path = tmp_path / 'out' / 'vocabulary.json'
    assert read_vocabulary(str(path)) == ['cat', 'yes', '2']
    assert (
        '3 answers with 1 or more occurrences in train and val, at most '
        'the 3 most frequent; they include the best answers of 75.0% of train'
    ) in capsys.readouterr().out


def test_vqa__vocabulary_size_keeps_the_min_count(tmp_path: Path) -> None:
    assert (
        vqa.main(
            options(tmp_path, '--min-count', '2', '--vocabulary-size', '3')
        )
        == 0
    )
    path = tmp_path / 'out' / 'vocabulary.json'
    assert read_vocabulary(str(path)) == ['cat', 'yes']


def test_vqa__vocabulary_size_of_nothing(tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        vqa.main(options(tmp_path, '--vocabulary-size', '0'))
    assert ">= 1, but got '0'" in capsys.readouterr().err


def test_vqa__without_test_files(tmp_path: Path) -> None:
    arguments = options(tmp_path, '--min-count', '1')
    assert vqa.main(arguments[:6] + arguments[10:]) == 0
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'train.jsonl',
        'val.jsonl',
        'vocabulary.json',
    ]


def test_vqa__an_article_alone_is_an_answer(tmp_path: Path) -> None:
    """Check that answers with an empty normal form are one class."""
    answers = changed(
        VAL_ANSWERS,
        'annotations[1]',
        answers=[
            dict(answer=a) for a in ['A'] * 5 + ['?'] * 2 + ['the', '', 'B']
        ],
        multiple_choice_answer='A',
    )
    assert (
        vqa.main(options(tmp_path, '--min-count', '1', val_answers=answers))
        == 0
    )
    assert lines(tmp_path / 'out/val.jsonl')[1]['labels'] == {'a': 1.0}
    assert 'a' in read_vocabulary(str(tmp_path / 'out/vocabulary.json'))


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(train=VAL),
            'train_questions.json: expected "data_subtype" '
            "'train2014' as --train, but got 'val2014'",
        ),
        (
            dict(train=changed(TRAIN, 'questions[1]', image_id='9')),
            r'questions\[1\]: "image_id" must be an integer, but got \'9\'',
        ),
        (
            dict(train=dict(TRAIN, questions=TRAIN['questions'][:3])),
            r'annotations of 1 unknown questions, e.g. \[25001\]',
        ),
        (
            dict(
                train_answers=dict(
                    annotations=TRAIN_ANSWERS['annotations'][:3]
                )
            ),
            'train_annotations.json: there is no annotation of the question '
            '25001',
        ),
        (
            dict(
                train_answers=changed(
                    TRAIN_ANSWERS, 'annotations[1]', question_id=25000
                )
            ),
            r'annotations\[1\]: question_id 25000 already occurs in .*\[0\]',
        ),
        (
            dict(
                train_answers=changed(
                    TRAIN_ANSWERS, 'annotations[0]', image_id=9
                )
            ),
            r'annotations\[0\]: expected the image COCO_train2014_0+25 .* '
            r'0+9\.',
        ),
        (
            dict(
                train_answers=changed(
                    TRAIN_ANSWERS,
                    'annotations[0]',
                    answers=[dict(answer='yes')],
                )
            ),
            r'annotations\[0\]: expected 10 answers, but got 1',
        ),
        (
            dict(
                train_answers=changed(
                    TRAIN_ANSWERS, 'annotations[0]', answers=[3]
                )
            ),
            r'annotations\[0\]: answers\[0\]: expected a JSON object.* but '
            r'got 3',
        ),
        (
            dict(train_answers=TRAIN),
            '"annotations" is missing; got .*questions',
        ),
        (
            dict(
                val=changed(
                    changed(VAL, 'questions[0]', image_id=25),
                    'questions[1]',
                    image_id=25,
                ),
                val_answers=changed(
                    changed(VAL_ANSWERS, 'annotations[0]', image_id=25),
                    'annotations[1]',
                    image_id=25,
                ),
            ),
            "1 videos or images are in train and val: '0+25'",
        ),
        (
            dict(test=questions('test2015', (42, 'a?', 1))),
            "1 videos or images are in val and test: '0+42'",
        ),
        (
            dict(test=questions('test2015', (1, 'a?', 1), (1, 'b?', 1))),
            '1 question_ids are repeated in test',
        ),
    ],
)
def test_vqa__bad_files(changes, message, tmp_path, capsys) -> None:
    assert vqa.main(options(tmp_path, **changes)) == 1
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_vqa__no_answer_is_frequent_enough(tmp_path, capsys) -> None:
    assert vqa.main(options(tmp_path)) == 1
    assert re.search(
        '--min-count: None of 4 different answers occurs min_count=9',
        capsys.readouterr().err,
    )
