# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of VQA 2.0.

Example::

    python tools/data/vqa/convert.py \
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
from collections import Counter
from collections.abc import Sequence
from functools import cache

from .answer_normalisation import normalise
from .conversion import Conversion, add_output_options, positive, run
from .files import ConversionError, Record, read_object
from .split import Split

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
OFFICIAL_ANSWERS = 3129  # that training and validation have 9 times or more
NUM_ANNOTATORS = 10
# The official accuracy of an answer by the number of annotators who gave it,
# min(n / 3, 1) averaged over all choices of 9 annotators of the 10.
SCORES = {1: 0.3, 2: 0.6, 3: 0.9}


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
        raise ConversionError(
            f'{path}: expected "data_subtype" {SUBTYPES[name]!r} as --{name}, '
            f'but got {subtype!r}.'
        )
    records = document.records('questions')
    conversion.add_source(
        path, len(records), 'questions', OFFICIAL_QUESTIONS[name]
    )
    images = f'COCO_{subtype.replace("-dev", "")}_{{:012d}}'
    return [
        dict(
            question=record.text('question'),
            image_id=images.format(record.whole('image_id')),
            question_id=record.whole('question_id'),
        )
        for record in records
    ]


def _add_labels(rows: list[dict], path: str) -> list[str]:
    """Add soft labels to questions; returns their best answers."""
    annotations: dict[int, Record] = {}
    for record in read_object(path).records('annotations'):
        question_id = record.whole('question_id')
        if question_id in annotations:
            raise ConversionError(
                f'{record.where}: question_id {question_id} was already in '
                f'{annotations[question_id].where}.'
            )
        annotations[question_id] = record
    best = []
    for row in rows:
        if row['question_id'] not in annotations:
            raise ConversionError(
                f'{path}: there is no annotation of the '
                f'question {row["question_id"]}.'
            )
        record = annotations.pop(row['question_id'])
        image = f'{record.whole("image_id"):012d}'
        if not row['image_id'].endswith(f'_{image}'):
            raise ConversionError(
                f'{record.where}: expected the image {row["image_id"]} of the '
                f'question, but got {image}.'
            )
        row['labels'] = soft_labels(record)
        row['answer_type'] = record.text('answer_type')
        best.append(
            plain(record.text('multiple_choice_answer', allow_blank=True))
        )
    if annotations:
        raise ConversionError(
            f'{path}: there are annotations of {len(annotations)} unknown '
            f'questions, e.g. {sorted(annotations)[:5]}.'
        )
    return best


def soft_labels(record: Record) -> dict[str, float]:
    """The score of each answer that an annotator gave."""
    given = record.records('answers')
    if len(given) != NUM_ANNOTATORS:
        raise ConversionError(
            f'{record.where}: expected {NUM_ANNOTATORS} '
            f'answers, but got {len(given)}.'
        )
    numbers = Counter(
        plain(answer.text('answer', allow_blank=True)) for answer in given
    )
    return {
        answer: SCORES.get(number, 1.0) for answer, number in numbers.items()
    }


@cache  # millions of answers, most of them alike
def plain(answer: str) -> str:
    """The normalised answer, which is never empty.

    The letter A, the article and bare marks have the same normalised form,
    the empty one. As "a" they are the same class, and can be displayed.
    """
    return normalise(answer) or 'a'


def _vocabulary(
    conversion: Conversion,
    best: dict[str, list[str]],
    args: argparse.Namespace,
) -> list[str]:
    # Here, as it imports torch, and --help should not.
    from clipbert_mm.annotations.answer_vocabulary import (
        build_vocabulary,
        coverage,
    )

    names = ['train'] if args.vocabulary_from == 'train' else list(best)
    best_answers = [answer for name in names for answer in best[name]]
    try:
        answers = build_vocabulary(
            best_answers, args.vocabulary_size, args.min_count
        )
    except ValueError as error:
        raise ConversionError(f'--min-count: {error}') from error
    shares = [
        f'{coverage(found, answers):.1%} of {name}'
        for name, found in best.items()
    ]
    limit = (
        ''
        if args.vocabulary_size is None
        else (f', the {args.vocabulary_size:,} most frequent at most')
    )
    conversion.notes.append(
        f'vocabulary.json: {len(answers):,} answers with {args.min_count} or '
        f'more occurrences in {" and ".join(names)}{limit}; the best answers '
        f'of {", ".join(shares)} are among them.'
    )
    if len(answers) != OFFICIAL_ANSWERS:
        conversion.notes.append(
            f'{OFFICIAL_ANSWERS:,} answers are usual. Set model.head.'
            f'num_classes={len(answers)} in configs/clipbert_vqa.py.'
        )
    return answers


def _drop_labels(
    conversion: Conversion, split: Split, known: set[str]
) -> None:
    """Drop labels that are no classes, and training questions without any."""
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
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
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
        help='how often an answer must be the best one (%(default)s)',
    )
    parser.add_argument(
        '--vocabulary-size',
        type=positive,
        help='how many of these answers at most, the most frequent (all)',
    )
    parser.add_argument(
        '--vocabulary-from',
        choices=('train', 'all'),
        default='all',
        help='count answers in training only, or in validation as well, as '
        'is usual (%(default)s)',
    )
    add_output_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
