# Copyright (c) clipbert_mm contributors.
r"""Convert captions of Flickr30k or COCO in Karpathy's splits.

Example::

    clipbert-mm convert image_retrieval --annotations dataset_flickr30k.json \
        --out data/flickr30k/annotations
    clipbert-mm convert image_retrieval --annotations dataset_coco.json \
        --out data/coco/annotations
"""

import argparse
import os.path as osp
import sys
from collections.abc import Sequence

from clipbert_mm.annotations.record import Record

from .command_line import add_output_options, command_parser, positive, run
from .conversion import Conversion
from .files import read_object
from .split import Split

#: Split that an image is written to, by that of the file.
SPLITS = dict(train='train', restval='train', val='val', test='test')


def convert(args: argparse.Namespace) -> Conversion:
    """Write the captions of each split, in the order of the file."""
    conversion = Conversion(args)
    conversion.claim(*(f'{name}.jsonl' for name in ('train', 'val', 'test')))
    splits = {name: Split(name, []) for name in SPLITS.values()}
    images = _images(args.annotations)
    conversion.add_source(args.annotations, len(images), 'images')
    for image in images:
        split = splits[SPLITS[image.text('split')]]
        rows = _rows(image)
        if split.name != 'train':  # the protocol has as many for each image
            surplus = len(rows[args.captions :])
            if surplus:
                split.dropped['captions beyond --captions'] += surplus
            rows = rows[: args.captions]
        split.rows += rows
    train, val, test = splits.values()
    conversion.check(
        splits.values(), [(train, val), (train, test), (val, test)]
    )
    conversion.write()
    return conversion


def _images(path: str) -> list[Record]:
    """Return the images of a file, with valid names of their splits."""
    images = read_object(path).records('images')
    for image in images:
        image.checked(
            'split',
            f'one of {sorted(SPLITS)}',
            lambda name: isinstance(name, str) and name in SPLITS,
        )
    return images


def _rows(image: Record) -> list[dict]:
    """Return the captions of an image."""
    name = osp.splitext(image.text('filename'))[0]
    if 'filepath' in image:  # of COCO: train2014 or val2014
        name = f'{image.text("filepath")}/{name}'
    return [
        dict(
            caption=sentence.text('raw').strip(),
            clip_name=name,
            sen_id=sentence.integer('sentid'),
        )
        for sentence in image.records('sentences')
    ]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    parser.add_argument(
        '--annotations',
        required=True,
        help='dataset_flickr30k.json or dataset_coco.json',
    )
    parser.add_argument(
        '--captions',
        type=positive,
        default=5,
        help='captions of an image of val and test, the first ones '
        '(default: %(default)s)',
    )
    add_output_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
