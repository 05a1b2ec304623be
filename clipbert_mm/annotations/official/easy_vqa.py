# Copyright (c) clipbert_mm contributors.
r"""Convert the question files of easy-VQA.

Example::

    clipbert-mm convert easy_vqa \
        --train data/easy_vqa/train/questions.json \
        --test data/easy_vqa/test/questions.json \
        --out data/easy_vqa/annotations
"""

import argparse
import sys
from collections.abc import Sequence

from .command_line import add_output_options, command_parser, run
from .conversion import Conversion
from .files import read_rows
from .split import Split

OFFICIAL_QUESTIONS = dict(train=38575, test=9673)
NUM_ANSWERS = 13
SHAPES = ('circle', 'rectangle', 'triangle')


def convert(args: argparse.Namespace) -> Conversion:
    """Write the questions of both splits and the answers."""
    conversion = Conversion(args)
    conversion.claim('vocabulary.json', 'train.jsonl', 'test.jsonl')
    train, test = (
        _read_split(conversion, name, path)
        for name, path in (('train', args.train), ('test', args.test))
    )
    conversion.check((train, test), [(train, test)])
    answers = conversion.answer_vocabulary(
        'vocabulary.json', train, [test], NUM_ANSWERS
    )
    if len(answers) != NUM_ANSWERS:
        conversion.notes.append(
            f'The usual number of answers is {NUM_ANSWERS}. Set '
            f'model.head.num_classes={len(answers)} in '
            'configs/clipbert_easy_vqa.py.'
        )
    conversion.write({'vocabulary.json': answers})
    return conversion


def _read_split(conversion: Conversion, name: str, path: str) -> Split:
    rows = []
    for record in read_rows(path, ('question', 'answer', 'image')):
        answer = record.text('answer')
        rows.append(
            dict(
                question=record.text('question'),
                answer=answer,
                answer_type=answer_type(answer),
                # Both splits number their images from 0.
                image_id=f'{name}/images/{record.integer("image")}',
            )
        )
    conversion.add_source(
        path, len(rows), 'questions', OFFICIAL_QUESTIONS[name]
    )
    return Split(name, rows)


def answer_type(answer: str) -> str:
    """Return the type of an answer, which the files do not name.

    Args:
        answer (str): One of the 13 answers.

    Returns:
        str: ``'yes/no'``, ``'shape'`` or ``'color'``.

    Example:
        >>> answer_type('circle')
        'shape'
    """
    if answer in ('yes', 'no'):
        return 'yes/no'
    return 'shape' if answer in SHAPES else 'color'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    for name in ('train', 'test'):
        parser.add_argument(
            f'--{name}', required=True, help=f'{name}/questions.json'
        )
    add_output_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
