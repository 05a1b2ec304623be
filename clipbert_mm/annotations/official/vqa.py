# Copyright (c) clipbert_mm contributors.
r"""Convert the annotation files of VQA 2.0.

Example::

    clipbert-mm convert vqa \
        --train v2_OpenEnded_mscoco_train2014_questions.json \
        v2_mscoco_train2014_annotations.json \
        --val v2_OpenEnded_mscoco_val2014_questions.json \
        v2_mscoco_val2014_annotations.json \
        --test v2_OpenEnded_mscoco_test2015_questions.json \
        --test-dev v2_OpenEnded_mscoco_test-dev2015_questions.json \
        --out data/vqa/annotations
"""

import argparse
import sys
from collections.abc import Sequence

from clipbert_mm.annotations.answer_vocabulary import (
    build_vocabulary,
    coverage,
)
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.record import Record

from .command_line import add_output_options, command_parser, positive, run
from .conversion import Conversion
from .files import read_object
from .split import Split
from .vqa_labels import plain, soft_labels

SUBTYPES = {
    'train': 'train2014',
    'val': 'val2014',
    'test': 'test2015',
    'test-dev': 'test-dev2015',
}
OFFICIAL_QUESTIONS = {
    'train': 443757,
    'val': 214354,
    'test': 447793,
    'test-dev': 107394,
}
OFFICIAL_ANSWERS = 3129  # at least 9 times in training and validation


def convert(args: argparse.Namespace) -> Conversion:
    """Write the questions, the soft labels and the vocabulary."""
    conversion = Conversion(args)
    given = {
        'train': args.train,
        'val': args.val,
        'test': args.test,
        'test-dev': args.test_dev,
    }
    paths = {name: files for name, files in given.items() if files}
    conversion.claim('vocabulary.json', *(f'{name}.jsonl' for name in paths))
    splits = {}
    best: dict[str, list[str]] = {}
    for name, files in paths.items():
        rows = _questions(conversion, name, files[0])
        if len(files) == 2:
            best[name] = _add_labels(rows, files[1])
            conversion.sources.append(files[1])
        splits[name] = Split(name, rows)
    disjoint = [
        (splits['train'], splits[name]) for name in paths if name != 'train'
    ]
    disjoint += [
        (splits['val'], splits[name])
        for name in ('test', 'test-dev')
        if name in splits
    ]
    conversion.check(splits.values(), disjoint)
    answers = _vocabulary(conversion, best, args)
    for name in best:
        _drop_labels(conversion, splits[name], set(answers))
    conversion.write({'vocabulary.json': answers})
    return conversion


def _questions(conversion: Conversion, name: str, path: str) -> list[dict]:
    document = read_object(path)
    subtype = document.text('data_subtype')
    if subtype != SUBTYPES[name]:
        raise document.error(
            f'expected "data_subtype" {SUBTYPES[name]!r} as --{name}, but got '
            f'{subtype!r}. Give the files of {SUBTYPES[name]}.'
        )
    records = document.records('questions')
    conversion.add_source(
        path, len(records), 'questions', OFFICIAL_QUESTIONS[name]
    )
    images = f'COCO_{subtype.replace("-dev", "")}_{{:012d}}'
    return [
        dict(
            question=record.text('question'),
            image_id=images.format(record.integer('image_id')),
            question_id=record.integer('question_id'),
        )
        for record in records
    ]


def _add_labels(rows: list[dict], path: str) -> list[str]:
    """Add soft labels to questions and return their best answers."""
    annotations: dict[int, Record] = {}
    for record in read_object(path).records('annotations'):
        question_id = record.integer('question_id')
        if question_id in annotations:
            raise record.error(
                f'question_id {question_id} already occurs in '
                f'{annotations[question_id].where}. Remove one of them.'
            )
        annotations[question_id] = record
    best = []
    for row in rows:
        if row['question_id'] not in annotations:
            raise AnnotationError(
                f'{path}: there is no annotation of the question '
                f'{row["question_id"]}. Give questions and annotations of '
                'the same release.'
            )
        record = annotations.pop(row['question_id'])
        image = f'{record.integer("image_id"):012d}'
        if not row['image_id'].endswith(f'_{image}'):
            raise record.error(
                f'expected the image {row["image_id"]} of the question, but '
                f'got {image}. Give questions and annotations of the same '
                'release.'
            )
        row['labels'] = soft_labels(record)
        row['answer_type'] = record.text('answer_type')
        best.append(
            plain(record.text('multiple_choice_answer', allow_blank=True))
        )
    if annotations:
        raise AnnotationError(
            f'{path}: there are annotations of {len(annotations)} unknown '
            f'questions, e.g. {sorted(annotations)[:5]}. Give questions and '
            'annotations of the same release.'
        )
    return best


def _vocabulary(
    conversion: Conversion,
    best: dict[str, list[str]],
    args: argparse.Namespace,
) -> list[str]:
    names = ['train'] if args.vocabulary_from == 'train' else list(best)
    best_answers = [answer for name in names for answer in best[name]]
    try:
        answers = build_vocabulary(
            best_answers, args.vocabulary_size, args.min_count
        )
    except ValueError as error:
        raise AnnotationError(f'--min-count: {error}') from error
    shares = [
        f'{coverage(found, answers):.1%} of {name}'
        for name, found in best.items()
    ]
    limit = (
        ''
        if args.vocabulary_size is None
        else f', at most the {args.vocabulary_size:,} most frequent'
    )
    conversion.notes.append(
        f'vocabulary.json: {len(answers):,} answers with {args.min_count} or '
        f'more occurrences in {" and ".join(names)}{limit}; they include the '
        f'best answers of {", ".join(shares)}.'
    )
    if len(answers) != OFFICIAL_ANSWERS:
        conversion.notes.append(
            f'The usual number is {OFFICIAL_ANSWERS:,}. Set model.head.'
            f'num_classes={len(answers)} in configs/clipbert_vqa.py.'
        )
    return answers


def _drop_labels(
    conversion: Conversion, split: Split, known: set[str]
) -> None:
    """Drop labels outside the vocabulary, then unlabelled training rows."""
    outside = 0
    for row in split.rows:
        kept = {a: score for a, score in row['labels'].items() if a in known}
        outside += len(row['labels']) - len(kept)
        row['labels'] = kept
    empty = sum(not row['labels'] for row in split.rows)
    text = f'{split.name}: {outside:,} labels outside the vocabulary left out'
    if split.name == 'train':
        split.keep(
            'questions left without a label', lambda row: bool(row['labels'])
        )
    elif empty:
        text += f', {empty:,} questions without a label kept'
    conversion.notes.append(f'{text}.')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    for name in ('train', 'val'):
        parser.add_argument(
            f'--{name}',
            nargs=2,
            required=True,
            metavar=('QUESTIONS', 'ANNOTATIONS'),
            help=f'v2_OpenEnded_mscoco_{SUBTYPES[name]}_questions.json and '
            f'v2_mscoco_{SUBTYPES[name]}_annotations.json',
        )
    for name in ('test', 'test-dev'):
        parser.add_argument(
            f'--{name}',
            nargs=1,
            metavar='QUESTIONS',
            help=f'v2_OpenEnded_mscoco_{SUBTYPES[name]}_questions.json',
        )
    parser.add_argument(
        '--min-count',
        type=positive,
        default=9,
        help='minimum number of questions whose best answer it is; default: '
        '%(default)s',
    )
    parser.add_argument(
        '--vocabulary-size',
        type=positive,
        help='maximum number of answers, the most frequent; default: all',
    )
    parser.add_argument(
        '--vocabulary-from',
        choices=('train', 'all'),
        default='all',
        help='count answers in training only, or in validation too, as is '
        'usual; default: %(default)s',
    )
    add_output_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
