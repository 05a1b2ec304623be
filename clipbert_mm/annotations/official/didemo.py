# Copyright (c) clipbert_mm contributors.
r"""Convert the annotation files of DiDeMo to paragraphs.

Example::

    clipbert-mm convert didemo --train train_data.json \
        --val val_data.json --test test_data.json \
        --out data/didemo/annotations
"""

import argparse
import sys
from collections.abc import Sequence

from .command_line import add_output_options, command_parser, run
from .conversion import Conversion
from .files import read_list
from .split import Split, stems

OFFICIAL_DESCRIPTIONS = dict(train=33005, val=4180, test=4021)


def convert(args: argparse.Namespace) -> Conversion:
    """Join the descriptions of each video, in file order."""
    conversion = Conversion(args)
    paths = dict(train=args.train, val=args.val, test=args.test)
    conversion.claim(*(f'{name}.jsonl' for name in paths))
    splits = [_split(conversion, name, path) for name, path in paths.items()]
    train, val, test = splits
    conversion.check(splits, [(train, val), (train, test), (val, test)])
    conversion.write()
    return conversion


def _split(conversion: Conversion, name: str, path: str) -> Split:
    records = list(read_list(path))
    conversion.add_source(
        path, len(records), 'descriptions', OFFICIAL_DESCRIPTIONS[name]
    )
    # Some videos are named twice, X.mov and X.mp4, with the same link.
    stem_of = stems(records, 'video', same_key='dl_link')
    conversion.add_merged(name, stem_of)
    described: dict[str, list[str]] = {}
    empty = 0
    for record in records:
        text = record.text('description', allow_blank=True)
        texts = described.setdefault(stem_of[record.text('video')], [])
        if text.strip():
            texts.append(text)
        else:
            empty += 1
    rows = [
        dict(
            caption=' '.join(texts),
            caption_list=texts,
            clip_name=stem,
            sen_id=stem,
        )
        for stem, texts in described.items()
    ]
    split = Split(name, rows)
    split.dropped['empty descriptions'] = empty
    split.keep(
        'videos without a description', lambda row: bool(row['caption_list'])
    )
    return split


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    for name in OFFICIAL_DESCRIPTIONS:
        parser.add_argument(
            f'--{name}', required=True, help=f'{name}_data.json'
        )
    add_output_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
