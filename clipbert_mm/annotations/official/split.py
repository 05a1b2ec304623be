# Copyright (c) clipbert_mm contributors.
"""Rows of the files that converters write."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.json_reading import json_lines
from clipbert_mm.annotations.record import Record
from clipbert_mm.annotations.text_files import read_text
from clipbert_mm.media.files import media_stem

# Keys that name the video or image of a row.
MEDIA_KEYS = (
    'clip_name',
    'gif_name',
    'video_id',
    'image_id',
    'coco_id',
    'vg_id',
)


@dataclass
class Split:
    """Rows of one file to write, and the number of dropped ones.

    Args:
        name (str): Name of the file, without its suffix.
        rows (list[dict]): Its rows.
        dropped (Counter): Number of dropped rows by reason. Defaults to none.
    """

    name: str
    rows: list[dict]
    dropped: Counter = field(default_factory=Counter)

    def keep(self, reason: str, is_kept: Callable[[dict], bool]) -> None:
        """Drop the rows that are not kept, and count them.

        Args:
            reason (str): Description of the dropped rows, for the report.
            is_kept (Callable[[dict], bool]): Test of a row.
        """
        kept = [row for row in self.rows if is_kept(row)]
        self.dropped[reason] += len(self.rows) - len(kept)
        self.rows = kept

    def check_rows(self) -> None:
        """Raise unless there are rows to write.

        Raises:
            AnnotationError: If there are none.
        """
        if not self.rows:
            raise AnnotationError(
                f'{self.name}: no row is left to write. Dropped: '
                f'{dict(self.dropped)}. Check that these are the right files.'
            )

    def media(self) -> set[tuple[str, object]]:
        """Return the videos and images of the rows, as key and value."""
        return {_media(row) for row in self.rows}

    def ids(self) -> list:
        """Return the question ids of the rows that have one."""
        return [r['question_id'] for r in self.rows if 'question_id' in r]

    def repeated(self) -> int:
        """Return how many rows repeat medium and text of an earlier one."""
        return len(self.rows) - len(
            {(_media(row), _text(row)) for row in self.rows}
        )


def read_media(path: str, media_key: str) -> Split:
    """Read the videos or images that a converted file names.

    Args:
        path (str): The file of JSON lines.
        media_key (str): Key to store them under, that of the split to compare
            them with.

    Returns:
        Split: Split named ``path`` whose rows have only the medium's stem.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is not such a file.
    """
    rows = []
    for record in json_lines(path, read_text(path)):
        key = next((key for key in MEDIA_KEYS if key in record), media_key)
        rows.append({media_key: media_stem(record.text(key))})
    if not rows:
        raise AnnotationError(f'{path}:1: there are no lines in this file.')
    return Split(path, rows)


def stems(
    records: Sequence[Record], key: str, same_key: str | None = None
) -> dict[str, str]:
    """Return the names of media files without suffixes of media.

    Args:
        records (Sequence[Record]): Records with the names.
        key (str): Key of the names.
        same_key (str | None): Key of a value, such as a link, that is equal
            in all records of a video. Names of one stem are then one video.
            Defaults to None: names of one stem are refused.

    Returns:
        dict[str, str]: Stem of each name.

    Raises:
        AnnotationError: If two names of different videos differ only in
            their suffixes.
    """
    found: dict[str, str] = {}
    first_of: dict[str, Record] = {}
    for record in records:
        name = record.text(key)
        stem = media_stem(name)
        first = first_of.setdefault(stem, record)
        other = first.text(key)
        if other != name and not _same(same_key, first, record):
            raise record.error(
                f'{name!r} and {other!r} differ only in their suffixes, but '
                'videos are found by their stems. Rename one of them.'
            )
        found[name] = stem
    return found


def _same(key: str | None, one: Record, other: Record) -> bool:
    """Return whether the records are of one video, by a value of both."""
    if key is None or not one.values.get(key):
        return False
    return one.values[key] == other.values.get(key)


def _media(row: dict) -> tuple[str, object]:
    key = next(key for key in MEDIA_KEYS if key in row)
    value = row[key]
    if key == 'image_id':  # COCO_val2014_42: COCO numbers all parts as one
        value = value.rpartition('_')[2]
    return key, value


def _text(row: dict) -> tuple[str, ...]:
    if 'caption' in row:
        return (row['caption'],)
    return row.get('question', ''), *row.get('options', ())
