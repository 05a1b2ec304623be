# Copyright (c) clipbert_mm contributors.
r"""Convert the annotation files of MSR-VTT, MSRVTT-QA and MSRVTT-MC.

Examples::

    clipbert-mm convert msrvtt retrieval \
        --videodatainfo train_val_videodatainfo.json \
        test_videodatainfo.json --split-list MSRVTT_train.7k.csv \
        MSRVTT_train.9k.csv MSRVTT_JSFUSION_test.csv \
        --out data/msrvtt/annotations
    clipbert-mm convert msrvtt qa --train train_qa.json \
        --val val_qa.json --test test_qa.json --out data/msrvtt/annotations
    clipbert-mm convert msrvtt mc --test msrvtt_mc_test.json \
        --train data/msrvtt/annotations/train_7k.jsonl \
        --out data/msrvtt/annotations
"""

import argparse
import sys
from collections.abc import Sequence

from clipbert_mm.annotations.record import Record

from .command_line import add_output_options, command_parser, positive, run
from .conversion import Conversion
from .files import read_list
from .msrvtt_retrieval import convert_retrieval
from .split import Split, read_media, stems

OFFICIAL_QUESTIONS = dict(train=158581, val=12278, test=72821)
OFFICIAL_CHOICES = 2990
NUM_OPTIONS = 5


def convert_qa(args: argparse.Namespace) -> Conversion:
    """Write the questions of MSRVTT-QA and the vocabulary of answers."""
    conversion = Conversion(args)
    vocabulary_name = 'qa_vocabulary.json'
    conversion.claim(
        'qa_train.jsonl', 'qa_val.jsonl', 'qa_test.jsonl', vocabulary_name
    )
    splits = []
    for name, path in (
        ('train', args.train),
        ('val', args.val),
        ('test', args.test),
    ):
        rows = [_question(record) for record in read_list(path)]
        conversion.add_source(
            path, len(rows), 'questions', OFFICIAL_QUESTIONS[name]
        )
        splits.append(Split(f'qa_{name}', rows))
    train, val, test = splits
    conversion.check(splits, [(train, val), (train, test), (val, test)])
    answers = conversion.answer_vocabulary(
        vocabulary_name, train, [val, test], args.vocabulary_size
    )
    conversion.write({vocabulary_name: answers})
    return conversion


def convert_mc(args: argparse.Namespace) -> Conversion:
    """Write the questions of MSRVTT-MC, each with five captions."""
    conversion = Conversion(args)
    conversion.claim('mc_test.jsonl')
    records = list(read_list(args.test))
    conversion.add_source(
        args.test, len(records), 'questions', OFFICIAL_CHOICES
    )
    stem_of = stems(records, 'video')
    test = Split(
        'mc_test',
        [
            dict(
                qid=number,
                clip_name=stem_of[record.text('video')],
                **_choice(record),
            )
            for number, record in enumerate(records)
        ],
    )
    training = [read_media(path, 'clip_name') for path in args.train]
    for split in training:
        conversion.add_source(split.name, len(split.rows), 'training texts')
    conversion.check([test], [(split, test) for split in training])
    conversion.write()
    return conversion


def _choice(record: Record) -> dict:
    options = record.texts('caption')
    if len(options) != NUM_OPTIONS:
        raise record.error(
            f'expected {NUM_OPTIONS} captions, but got {len(options)}. Fix '
            'or remove this question.'
        )
    answer = record.integer('answer', 0, NUM_OPTIONS - 1)
    return dict(options=options, answer=answer)


def _question(record: Record) -> dict:
    question = record.text('question')
    return dict(
        answer=record.text('answer'),
        question=question,
        video_id=f'video{record.integer("video_id")}',
        answer_type=question.split()[0].lower(),
        question_id=record.integer('id'),
    )


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    tasks = parser.add_subparsers(dest='task', required=True)
    retrieval = tasks.add_parser('retrieval', help='captions of all splits')
    retrieval.add_argument(
        '--videodatainfo',
        nargs='+',
        required=True,
        help='train_val_videodatainfo.json test_videodatainfo.json',
    )
    retrieval.add_argument(
        '--split-list',
        nargs='*',
        default=[],
        help='any of MSRVTT_train.7k.csv (default: the videos of train and '
        'validate), MSRVTT_train.9k.csv and MSRVTT_JSFUSION_test.csv',
    )
    retrieval.set_defaults(convert=convert_retrieval)
    qa = tasks.add_parser('qa', help='questions of MSRVTT-QA')
    for name in OFFICIAL_QUESTIONS:
        qa.add_argument(f'--{name}', required=True, help=f'{name}_qa.json')
    qa.add_argument(
        '--vocabulary-size',
        type=positive,
        default=1500,
        help='number of answers, the most frequent of training; default: '
        '%(default)s',
    )
    qa.set_defaults(convert=convert_qa)
    mc = tasks.add_parser('mc', help='questions of MSRVTT-MC')
    mc.add_argument('--test', required=True, help='msrvtt_mc_test.json')
    mc.add_argument(
        '--train',
        nargs='+',
        default=[],
        help='converted training files, e.g. train_7k.jsonl, to check that '
        'they have no video of --test',
    )
    mc.set_defaults(convert=convert_mc)
    for sub in (retrieval, qa, mc):
        add_output_options(sub)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    args = parse_args(argv)
    return run(args.convert, args)


if __name__ == '__main__':
    sys.exit(main())
