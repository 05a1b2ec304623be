# Copyright (c) clipbert_mm contributors.
r"""Convert COCO captions and Visual Genome regions for pretraining.

Examples::

    clipbert-mm convert coco_vg captions \
        --coco-train captions_train2014.json \
        --coco-val captions_val2014.json \
        --regions region_descriptions.json --image-data image_data.json \
        --out data/coco_vg/annotations
    clipbert-mm convert coco_vg link-images \
        --coco train2014 val2014 --vg VG_100K VG_100K_2 \
        --out data/coco_vg/images
"""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence

from clipbert_mm.annotations.errors import AnnotationError

from .command_line import (
    add_output_options,
    command_parser,
    not_negative,
    run,
)
from .conversion import Conversion
from .files import read_list, read_object
from .image_links import link_images
from .split import Split

OFFICIAL_CAPTIONS = dict(train=414113, val=202654)
NO_COCO_ID = (None, -1)


def convert_captions(args: argparse.Namespace) -> Conversion:
    """Mix both sources, and keep the images of COCO's validation apart.

    Half of Visual Genome's images are from COCO. Those of COCO's validation
    are for validation here too; those of neither part are left out.
    """
    conversion = Conversion(args)
    conversion.claim('train.jsonl', 'val.jsonl')
    coco = {}
    for name, path in (('train', args.coco_train), ('val', args.coco_val)):
        coco[name] = _coco_rows(path)
        conversion.add_source(
            path, len(coco[name]), 'captions', OFFICIAL_CAPTIONS[name]
        )
    train, val = Split('train', coco['train']), Split('val', coco['val'])
    _add_regions(conversion, args, train, val)
    for split in (train, val):
        split.keep('empty captions', lambda row: bool(row['caption'].strip()))
    if args.val_images:
        _draw_images(val, args.val_images, args.seed)
    conversion.check([train, val], [(train, val)])
    conversion.write()
    return conversion


def _coco_rows(path: str) -> list[dict]:
    document = read_object(path)
    images = {record.integer('id') for record in document.records('images')}
    rows = []
    for record in document.records('annotations'):
        image = record.integer('image_id')
        if image not in images:
            raise record.error(
                f'the image {image} is not in "images". Check that the file '
                'is complete.'
            )
        rows.append(
            dict(
                coco_id=image, caption=record.text('caption', allow_blank=True)
            )
        )
    return rows


def _add_regions(
    conversion: Conversion, args: argparse.Namespace, train: Split, val: Split
) -> None:
    """Add Visual Genome's regions, by the part of COCO of their images."""
    coco_id_of = _coco_ids(args.image_data)
    conversion.add_source(args.image_data, len(coco_id_of), 'images')
    train_ids = {row['coco_id'] for row in train.rows}
    val_ids = {row['coco_id'] for row in val.rows}
    apart: dict[str, set[int]] = dict(val=set(), neither=set())
    total = 0
    for row in _region_rows(args.regions):
        total += 1
        image = row['vg_id']
        if image not in coco_id_of:
            raise AnnotationError(
                f'{args.regions}: the image {image} is not in '
                f'{args.image_data}. Use both files of the same release.'
            )
        coco_id = coco_id_of[image]
        if coco_id is None or coco_id in train_ids:
            train.rows.append(row)
        elif coco_id in val_ids:
            val.rows.append(row)
            apart['val'].add(image)
        else:
            train.dropped['regions of images of neither part of COCO'] += 1
            apart['neither'].add(image)
    conversion.add_source(args.regions, total, 'regions')
    conversion.notes.append(
        f'of the images of Visual Genome, {len(apart["val"]):,} are in the '
        'validation part of COCO, so not in train, and '
        f'{len(apart["neither"]):,} in neither part of COCO, so in no file.'
    )


def _coco_ids(path: str) -> dict[int, int | None]:
    """Return the COCO id of each image of Visual Genome, or None."""
    found: dict[int, int | None] = {}
    for record in read_list(path):
        image = record.integer('image_id')
        if image in found:
            raise record.error(
                f'the image {image} already occurs above. Remove one of them.'
            )
        is_coco = record.values.get('coco_id', '') not in NO_COCO_ID
        found[image] = record.integer('coco_id', 1) if is_coco else None
    return found


def _region_rows(path: str) -> Iterator[dict]:
    for record in read_list(path):
        for region in record.records('regions', allow_empty=True):
            yield dict(
                vg_id=region.integer('image_id'),
                caption=region.text('phrase', allow_blank=True),
            )


def _draw_images(split: Split, number: int, seed: int) -> None:
    """Keep ``number`` random images each of COCO and of Visual Genome."""
    rng = random.Random(seed)
    chosen = set()
    for key in ('coco_id', 'vg_id'):
        media = sorted(m for m in split.media() if m[0] == key)
        chosen.update(rng.sample(media, min(number, len(media))))
    split.keep(
        f'captions of images that are not among the {number:,} drawn',
        lambda row: (
            next(m for m in row.items() if m[0] != 'caption') in chosen
        ),
    )


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    tasks = parser.add_subparsers(dest='task', required=True)
    captions = tasks.add_parser('captions', help='write the annotations')
    for name, text in (
        ('--coco-train', 'captions_train2014.json'),
        ('--coco-val', 'captions_val2014.json'),
        ('--regions', 'region_descriptions.json'),
        ('--image-data', 'image_data.json'),
    ):
        captions.add_argument(name, required=True, help=text)
    captions.add_argument(
        '--val-images',
        type=not_negative,
        default=2000,
        help='images of each source in val.jsonl, 0 for all; default: '
        '%(default)s',
    )
    captions.add_argument(
        '--seed',
        type=int,
        default=42,
        help='seed of the images of val.jsonl; default: %(default)s',
    )
    add_output_options(captions)
    links = tasks.add_parser(
        'link-images', help='link all images under their ids'
    )
    links.add_argument(
        '--coco', nargs='*', default=[], help='folders train2014 val2014'
    )
    links.add_argument(
        '--vg', nargs='*', default=[], help='folders VG_100K VG_100K_2'
    )
    links.add_argument('--out', required=True, help='folder of the links')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    args = parse_args(argv)
    if args.task == 'captions':
        return run(convert_captions, args)
    return link_images(dict(coco=args.coco, vg=args.vg), args.out)


if __name__ == '__main__':
    sys.exit(main())
