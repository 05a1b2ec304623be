# Copyright (c) clipbert_mm contributors.
r"""Convert the annotation files of ActivityNet Captions to paragraphs.

Example::

    clipbert-mm convert activitynet --train train.json \
        --val1 val_1.json --val2 val_2.json --out data/activitynet/annotations
"""

import argparse
import math
import sys
from collections.abc import Sequence
from typing import Any

from clipbert_mm.annotations.json_values import is_integer
from clipbert_mm.annotations.record import Record

from .command_line import add_output_options, command_parser, run
from .conversion import Conversion
from .files import read_mapping
from .split import Split

OFFICIAL_VIDEOS = dict(train=10009, val1=4917, val2=4885)


def convert(args: argparse.Namespace) -> Conversion:
    """Join the sentences of each video."""
    conversion = Conversion(args)
    paths = dict(train=args.train, val1=args.val1, val2=args.val2)
    conversion.claim(*(f'{name}.jsonl' for name in paths))
    splits = []
    for name, path in paths.items():
        rows = [_row(video, record) for video, record in read_mapping(path)]
        split = Split(name, rows)
        conversion.add_source(
            path, len(split.rows), 'videos', OFFICIAL_VIDEOS[name]
        )
        split.keep(
            'empty paragraphs', lambda row: bool(row['caption'].strip())
        )
        splits.append(split)
    train, val1, val2 = splits
    # val_1 and val_2 describe the same videos in different words.
    conversion.check(splits, [(train, val1), (train, val2)])
    conversion.write()
    return conversion


def _row(video: str, record: Record) -> dict:
    if not video.strip():
        raise record.error('the name of the video is empty. Fix or remove it.')
    sentences = record.items('sentences', str)
    timestamps = record.items('timestamps', list)
    if len(sentences) != len(timestamps):
        raise record.error(
            f'expected as many timestamps as sentences, but got '
            f'{len(timestamps)} and {len(sentences)}. Fix or remove this '
            'video.'
        )
    for i, times in enumerate(timestamps):
        if len(times) != 2 or not all(map(_is_time, times)):
            raise record.error(
                f'"timestamps"[{i}] must be two numbers, start and end in '
                f'seconds, but got {times!r:.80}.'
            )
    # Most sentences begin with a space, so that paragraphs have two: as in
    # the reference, and all the same to WordPiece.
    return dict(
        caption=' '.join(sentences),
        caption_list=sentences,
        timestamps=timestamps,
        clip_name=video,
        sen_id=video,
    )


def _is_time(value: Any) -> bool:
    return is_integer(value) or (
        isinstance(value, float) and math.isfinite(value)
    )


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
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
