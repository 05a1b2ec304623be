# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of ActivityNet Captions to paragraphs.

Example::

    python tools/data/activitynet/convert.py --train train.json \
        --val1 val_1.json --val2 val_2.json --out data/activitynet/annotations
"""

import argparse
import sys
from collections.abc import Sequence

from .conversion import Conversion, add_output_options, run
from .files import ConversionError, Record, read_mapping
from .split import Split

OFFICIAL_VIDEOS = dict(train=10009, val1=4917, val2=4885)


def convert(args: argparse.Namespace) -> Conversion:
    """Join the sentences of each video."""
    conversion = Conversion(args)
    paths = dict(train=args.train, val1=args.val1, val2=args.val2)
    conversion.claim(*(f'{name}.jsonl' for name in paths))
    splits = []
    for name, path in paths.items():
        split = Split(name, [_row(path, *m) for m in read_mapping(path)])
        conversion.add_source(
            path, len(split.rows), 'videos', OFFICIAL_VIDEOS[name]
        )
        split.keep(
            'empty paragraphs', lambda row: bool(row['caption'].strip())
        )
        splits.append(split)
    train, val1, val2 = splits
    # val_1 and val_2 describe the same videos, in other words.
    conversion.check(splits, [(train, val1), (train, val2)])
    conversion.write()
    return conversion


def _row(path: str, video: str, value: object) -> dict:
    where = f'{path}: {video!r}'
    if not isinstance(value, dict):
        raise ConversionError(
            f'{where}: expected {{"sentences": [...], '
            f'...}}, but got {value!r:.80}.'
        )
    record = Record(where, value)
    sentences = record.items('sentences', str)
    timestamps = record.items('timestamps', list)
    if len(sentences) != len(timestamps):
        raise ConversionError(
            f'{where}: expected as many timestamps as sentences, but got '
            f'{len(timestamps)} and {len(sentences)}.'
        )
    # One space, and the spaces that most sentences begin with: the reference
    # has both, and to WordPiece they are one.
    return dict(
        caption=' '.join(sentences),
        caption_list=sentences,
        timestamps=timestamps,
        clip_name=video,
        sen_id=video,
    )


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    for name, file in (
        ('train', 'train'),
        ('val1', 'val_1'),
        ('val2', 'val_2'),
    ):
        parser.add_argument(f'--{name}', required=True, help=f'{file}.json')
    add_output_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
