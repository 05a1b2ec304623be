# Copyright (c) clipbert_mm contributors.
"""The lines of the files that converters write."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .files import ConversionError, Record

# What names the video or image of a line.
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
    """The lines of one file to write, and what was left out of it.

    Args:
        name (str): The name of the file, without its suffix.
        rows (list[dict]): Its lines.
        dropped (Counter): How many lines were left out, for each reason.
    """

    name: str
    rows: list[dict]
    dropped: Counter = field(default_factory=Counter)

    def keep(self, reason: str, is_kept: Callable[[dict], bool]) -> None:
        """Drop the rows that are not kept, and count them."""
        kept = [row for row in self.rows if is_kept(row)]
        self.dropped[reason] += len(self.rows) - len(kept)
        self.rows = kept

    def media(self) -> set[tuple[str, object]]:
        """The videos and images of the rows."""
        return {_media(row) for row in self.rows}

    def ids(self) -> list:
        """The question ids, where the rows have some."""
        return [r['question_id'] for r in self.rows if 'question_id' in r]

    def repeated(self) -> int:
        """How many rows have video and text of an earlier one."""
        return len(self.rows) - len(
            {(_media(row), _text(row)) for row in self.rows}
        )


def read_media(path: str, media_key: str) -> Split:
    """Read which videos or images a converted file has.

    Args:
        path (str): The file of JSON lines.
        media_key (str): The key to give them, so that they can be compared
            with those of a split that has it.

    Returns:
        Split: Of the name ``path``. A row has the medium's stem alone.

    Raises:
        ConversionError: If the file is missing, or not such a file.
    """
    # Here, as it imports torch, and --help should not.
    from clipbert_mm.annotations.json_reading import (
        AnnotationError,
        json_lines,
        read_text,
    )
    from clipbert_mm.media.files import media_stem

    rows = []
    try:
        for line, values in json_lines(path, read_text(path, '--train')):
            record = Record(f'{path}:{line}', values)
            key = next((key for key in MEDIA_KEYS if key in values), media_key)
            rows.append({media_key: media_stem(record.text(key))})
    except FileNotFoundError as error:
        raise ConversionError(f'There is no file {path!r}.') from error
    except AnnotationError as error:
        raise ConversionError(str(error)) from error
    if not rows:
        raise ConversionError(f'{path}: there are no lines in this file.')
    return Split(path, rows)


def stems(names: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The names of media files without the suffixes that data sets know.

    Args:
        names (Sequence[tuple[str, str]]): The place of each name, for
            messages, and the name.

    Returns:
        dict[str, str]: The stem of each name.

    Raises:
        ConversionError: If two names differ in their suffixes only.
    """
    # Here, as it imports torch, and --help should not.
    from clipbert_mm.media.files import media_stem

    found: dict[str, str] = {}
    name_of: dict[str, str] = {}
    for where, name in names:
        stem = media_stem(name)
        if name_of.setdefault(stem, name) != name:
            raise ConversionError(
                f'{where}: {name!r} and {name_of[stem]!r} differ in their '
                'suffixes only, but videos are found by their stems.'
            )
        found[name] = stem
    return found


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
