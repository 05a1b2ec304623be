# Copyright (c) clipbert_mm contributors.
"""Tests of the rows that converters write."""

from pathlib import Path

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.split import Split, read_media, stems
from clipbert_mm.annotations.record import Record


def test_split__counts_dropped_and_repeated_rows() -> None:
    split = Split(
        'train',
        [
            dict(clip_name='a', caption='x', question_id=3),
            dict(clip_name='a', caption='x'),
            dict(clip_name='b', caption='x'),
            dict(clip_name='b', caption=''),
        ],
    )
    split.keep('empty captions', lambda row: bool(row['caption']))
    split.keep('empty captions', lambda row: True)
    assert split.dropped == {'empty captions': 1}
    assert split.media() == {('clip_name', 'a'), ('clip_name', 'b')}
    assert split.ids() == [3]
    assert split.repeated() == 1


def test_split__images_of_coco_have_one_numbering() -> None:
    one, other = (
        Split(part, [dict(image_id=f'COCO_{part}_000000000042')])
        for part in ('train2014', 'val2014')
    )
    assert one.media() == other.media() == {('image_id', '000000000042')}


def test_read_media__uses_the_key_of_the_other_split(tmp_path: Path) -> None:
    path = tmp_path / 'a.jsonl'
    path.write_text('{"video_id": "v0.mp4"}\n{"clip_name": "v1"}\n')
    assert read_media(str(path), 'gif_name') == Split(
        str(path), [dict(gif_name='v0'), dict(gif_name='v1')]
    )


def test_stems__must_be_unique() -> None:
    records = [
        Record('a.json', 1, dict(video=name), f'record[{i}]')
        for i, name in enumerate(['a.mp4', 'b.c', 'a.mp4', 'a.avi'])
    ]
    assert stems(records[:3], 'video') == {'a.mp4': 'a', 'b.c': 'b.c'}
    with pytest.raises(
        AnnotationError,
        match=r"^a.json:1: record\[3\]: 'a.avi' and 'a.mp4' differ only in",
    ):
        stems(records, 'video')


def test_stems__of_one_link_are_one_video() -> None:
    def records(*links: object) -> list[Record]:
        return [
            Record('a.json', 1, dict(video=f'a{suffix}', link=link))
            for suffix, link in zip(('.mov', '.mp4'), links)
        ]

    expected = {'a.mov': 'a', 'a.mp4': 'a'}
    assert stems(records('x', 'x'), 'video', 'link') == expected
    for links in (('x', 'y'), (None, None), ('', '')):
        with pytest.raises(AnnotationError, match='differ only in their suff'):
            stems(records(*links), 'video', 'link')
