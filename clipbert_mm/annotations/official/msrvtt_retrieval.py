# Copyright (c) clipbert_mm contributors.
"""Captions of MSR-VTT in each of its splits."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.record import Record

from .conversion import Conversion
from .files import read_object, read_table
from .split import Split

OFFICIAL_VIDEOS = dict(train=6513, validate=497, test=2990)
OFFICIAL_LISTS = dict(train_7k=7010, train_9k=9000, test_1ka=1000)
# Splits that must not share videos; 9k training has videos of the full test.
DISJOINT = (
    ('train_7k', 'test_1ka'),
    ('train_7k', 'test_full'),
    ('train_9k', 'test_1ka'),
    ('train_full', 'val_full'),
    ('train_full', 'test_full'),
    ('val_full', 'test_full'),
)


def convert_retrieval(args: argparse.Namespace) -> Conversion:
    """Write the captions of every split that the given files define."""
    conversion = Conversion(args)
    lists = _named_lists(args.split_list)
    names = ['train_7k', 'train_full', 'val_full', 'test_full']
    names += [name for name in lists if name not in names]
    conversion.claim(*(f'{name}.jsonl' for name in names))

    captions, part_of = _videodatainfo(conversion, args.videodatainfo)
    parts: dict[str, list[str]] = {part: [] for part in OFFICIAL_VIDEOS}
    for video, part in part_of.items():
        parts[part].append(video)
    splits = {
        'train_7k': _split(
            'train_7k', captions, parts['train'] + parts['validate']
        ),
        'train_full': _split('train_full', captions, parts['train']),
        'val_full': _split('val_full', captions, parts['validate']),
        'test_full': _split('test_full', captions, parts['test']),
    }
    for name, path in lists.items():
        rows = _list_rows(path, name, part_of)
        conversion.add_source(path, len(rows), 'videos', OFFICIAL_LISTS[name])
        if name == 'test_1ka':
            splits[name] = Split(name, rows)
        else:
            splits[name] = _split(
                name, captions, [row['clip_name'] for row in rows]
            )
    conversion.check(
        splits.values(),
        [
            (splits[a], splits[b])
            for a, b in DISJOINT
            if a in splits and b in splits
        ],
    )
    conversion.write()
    return conversion


def _named_lists(paths: Iterable[str]) -> dict[str, str]:
    """Return the files of the lists of videos, by the name of their split."""
    lists: dict[str, str] = {}
    for path in paths:
        signs = dict(train_7k='7k', train_9k='9k', test_1ka='jsfusion')
        names = [
            n for n, sign in signs.items() if sign in Path(path).name.lower()
        ]
        if len(names) != 1 or names[0] in lists:
            raise AnnotationError(
                '--split-list must be files with names like *7k*, *9k* and '
                f'*JSFUSION*, one of each, but got {path!r}. Rename or remove '
                'it.'
            )
        lists[names[0]] = path
    return lists


def _videodatainfo(
    conversion: Conversion, paths: Sequence[str]
) -> tuple[list[dict], dict[str, str]]:
    """Return all captions and the official part of each video."""
    captions: list[dict] = []
    part_of: dict[str, str] = {}
    for path in paths:
        document = read_object(path)
        for record in document.records('videos'):
            video, part = record.text('video_id'), record.text('split')
            if part not in OFFICIAL_VIDEOS or video in part_of:
                raise record.error(
                    'expected another video of the split '
                    f'{" or ".join(OFFICIAL_VIDEOS)}, but got {video!r} of '
                    f'{part!r}. Give each file of --videodatainfo once.'
                )
            part_of[video] = part
        sentences = document.records('sentences')
        captions += map(_caption, sentences)
        conversion.add_source(path, len(sentences), 'captions')
    for row in captions:
        if row['clip_name'] not in part_of:
            raise AnnotationError(
                f'There are captions of {row["clip_name"]!r}, but it is not '
                f'in the "videos" of {", ".join(paths)}. Check that the '
                'files are complete.'
            )
    for part, official in OFFICIAL_VIDEOS.items():
        number = list(part_of.values()).count(part)
        if not number:
            raise AnnotationError(
                f'There are no videos of the split {part!r} in '
                f'{", ".join(paths)}. Give all files of --videodatainfo.'
            )
        if number != official:
            conversion.notes.append(
                f'the split {part} has {number:,} videos, '
                f'but the official one has {official:,}.'
            )
    return captions, part_of


def _caption(record: Record) -> dict:
    return dict(
        caption=record.text('caption', allow_blank=True),
        clip_name=record.text('video_id'),
        sen_id=record.integer('sen_id'),
    )


def _list_rows(path: str, name: str, known: Iterable[str]) -> list[dict]:
    """Return the videos of a list, with sentences in the 1K-A list."""
    columns = ['video_id', 'sentence'] if name == 'test_1ka' else ['video_id']
    rows: list[dict] = []
    left = set(known)
    for record in read_table(path, columns, ','):
        video = record.text('video_id')
        if video not in left:
            raise record.error(
                f'{video!r} occurs twice, or it is not in the files given as '
                '--videodatainfo. Remove this row, or give all files.'
            )
        left.remove(video)
        row = dict(clip_name=video, sen_id=len(rows))
        if name == 'test_1ka':
            row = dict(caption=record.text('sentence'), **row)
        rows.append(row)
    return rows


def _split(name: str, captions: list[dict], videos: list[str]) -> Split:
    """Return the captions of some videos, in the order of the file."""
    chosen = set(videos)
    split = Split(
        name, [dict(c) for c in captions if c['clip_name'] in chosen]
    )
    split.keep('empty captions', lambda row: bool(row['caption'].strip()))
    silent = sorted(chosen - {row['clip_name'] for row in split.rows})
    if silent:
        raise AnnotationError(
            f'{len(silent)} videos of {name} have no captions, e.g. '
            f'{silent[:3]}. Check that the files of --videodatainfo are '
            'complete.'
        )
    return split
