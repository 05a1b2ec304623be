# Copyright (c) clipbert_mm contributors.
r"""Convert the annotation files of TGIF-QA, one task at a time.

Example::

    clipbert-mm convert tgif_qa action \
        --train Train_action_question.csv --test Test_action_question.csv \
        --out data/tgif_qa/annotations
"""

import argparse
import hashlib
import math
import sys
from collections.abc import Iterable, Sequence

from clipbert_mm.annotations.record import Record

from .command_line import add_output_options, command_parser, positive, run
from .conversion import Conversion
from .files import read_table
from .split import Split

# Questions of the training and the test file in the authors' repository. The
# table of the paper has 4 more in training of action and of count.
OFFICIAL_QUESTIONS = dict(
    action=(20471, 2274),
    transition=(52704, 6232),
    frameqa=(39392, 13691),
    count=(26839, 3554),
)
OPTIONS = ('a1', 'a2', 'a3', 'a4', 'a5')
ANSWER_TYPES = ('object', 'number', 'color', 'location')


def convert(args: argparse.Namespace) -> Conversion:
    """Write the questions of a task, with validation split off training."""
    conversion = Conversion(args)
    names = [f'{args.task}_{part}' for part in ('train', 'val', 'test')]
    files = [f'{name}.jsonl' for name in names]
    vocabulary_name = f'{args.task}_vocabulary.json'
    if args.task == 'frameqa':
        files.append(vocabulary_name)
    conversion.claim(*files)

    sources = [_rows(args.task, path) for path in (args.train, args.test)]
    for path, rows, official in zip(
        (args.train, args.test), sources, OFFICIAL_QUESTIONS[args.task]
    ):
        conversion.add_source(path, len(rows), 'questions', official)
    held_out = _held_out(
        (row['gif_name'] for row in sources[0]), args.val_fraction, args.seed
    )
    train, val, test = splits = [
        Split(
            names[0], [r for r in sources[0] if r['gif_name'] not in held_out]
        ),
        Split(names[1], [r for r in sources[0] if r['gif_name'] in held_out]),
        Split(names[2], sources[1]),
    ]
    conversion.check(splits, [(train, val), (train, test), (val, test)])
    vocabularies = {}
    if args.task == 'frameqa':
        vocabularies[vocabulary_name] = conversion.answer_vocabulary(
            vocabulary_name, train, [val, test], args.vocabulary_size
        )
    conversion.write(vocabularies)
    return conversion


def _rows(task: str, path: str) -> list[dict]:
    columns = ['gif_name', 'question', 'answer', 'vid_id']
    if task == 'frameqa':
        columns.append('type')
    elif task != 'count':
        columns += OPTIONS
    return [_row(task, record) for record in read_table(path, columns, '\t')]


def _row(task: str, record: Record) -> dict:
    row = dict(
        gif_name=record.text('gif_name'),
        question=record.text('question'),
        # Not "key": it numbers the gifs in two of the tasks.
        question_id=record.text('vid_id'),
    )
    if task == 'frameqa':
        number = record.integer('type', 0, len(ANSWER_TYPES) - 1, digits=True)
        return dict(
            row, answer=record.text('answer'), answer_type=ANSWER_TYPES[number]
        )
    if task == 'count':
        return dict(row, answer=record.integer('answer', 0, digits=True))
    return dict(
        row,
        options=[record.text(option) for option in OPTIONS],
        answer=record.integer('answer', 0, len(OPTIONS) - 1, digits=True),
    )


def _held_out(names: Iterable[str], fraction: float, seed: int) -> set[str]:
    """Return a fraction of the gifs, those with the smallest hashes.

    A gif of two tasks is thus nearly always held out of both, and neither the
    order of a file nor the version of Python matters.
    """
    ranked = sorted(
        set(names),
        key=lambda name: hashlib.sha256(f'{seed}:{name}'.encode()).digest(),
    )
    return set(ranked[: round(fraction * len(ranked))])


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            f'expected a fraction between 0 and 1, but got {text!r}'
        )
    return value


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    tasks = parser.add_subparsers(dest='task', required=True)
    for task in OFFICIAL_QUESTIONS:
        sub = tasks.add_parser(task, help=f'questions of {task}')
        for part in ('train', 'test'):
            sub.add_argument(
                f'--{part}',
                required=True,
                help=f'{part.capitalize()}_{task}_question.csv',
            )
        sub.add_argument(
            '--val-fraction',
            type=_fraction,
            default=0.1,
            help='fraction of the training gifs held out for validation; '
            'default: %(default)s',
        )
        sub.add_argument(
            '--seed',
            type=int,
            default=42,
            help='seed of the choice of these gifs; default: %(default)s',
        )
        if task == 'frameqa':
            sub.add_argument(
                '--vocabulary-size',
                type=positive,
                default=1540,
                help='number of answers, the most frequent of training; '
                'default: %(default)s',
            )
        add_output_options(sub)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
