# Copyright (c) clipbert_mm contributors.
"""Caption files of several dialects, read strictly."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .errors import AnnotationError
from .foreign import are_splits, check_foreign
from .json_reading import json_lines, json_members
from .json_values import is_identifier
from .record import Record, RecordId, to_record
from .record_ids import unique_ids
from .strict_json import SPACE, StrictJSONError, decode_all
from .text_files import read_text

CaptionId = RecordId

# Name templates of the image of a coco_id or vg_id.
MEDIA_NAMES = dict(coco='coco/{}', vg='vg/{}')

_PARAGRAPH_KEYS = {
    'caption',
    'clip_name',
    'sen_id',
    'caption_list',
    'timestamps',
}
_MMACTION_KEYS = {'video', 'caption'}
_NEGATIVE_KEYS = {'sen_id', 'negatives'}


class Caption(NamedTuple):
    """Caption of a video or image.

    ``media`` is the name as in the file, with or without a suffix;
    ``caption_id`` the ``sen_id``, or the 0-based row if the file has none;
    ``line`` the 1-based line of the file.
    """

    text: str
    media: str
    caption_id: CaptionId
    line: int


class _Row(NamedTuple):
    text: str
    media: str
    caption_id: CaptionId | None
    line: int


def read_captions(
    path: str, media_names: Mapping[str, str] = MEDIA_NAMES
) -> list[Caption]:
    """Read the captions of a file, in file order.

    The content decides the dialect:

    - JSON lines of ClipBERT, retrieval and paragraph: ``{"caption": "...",
      "clip_name": "video2960", "sen_id": 0}``, the latter also with
      ``caption_list`` and ``timestamps``. ``sen_id`` may be left out of all
      lines.
    - JSON lines of ClipBERT for pretraining: ``{"coco_id": 1, "caption":
      "..."}`` or ``{"vg_id": 1, "caption": "..."}``; the media are named
      by ``media_names``, ``coco/1`` and ``vg/1``.
    - MMAction2's list: ``[{"video": "video7020.mp4", "caption": "..."}]``,
      where ``caption`` may be a list of captions.
    - MMAction2's mapping: ``{"video0.mp4": ["...", "..."]}``.

    A caption may occur twice, of one video or of several (MSR-VTT has both),
    as long as every ``sen_id`` occurs once.

    Args:
        path (str): The file.
        media_names (Mapping[str, str]): Name templates of the media of a
            ``coco_id`` and of a ``vg_id``. Defaults to :data:`MEDIA_NAMES`.

    Returns:
        list[Caption]: At least one caption.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If the file follows none of the dialects; the
            message starts with ``path:line``, and names the converter of the
            dataset authors' files.

    Example:
        >>> read_captions('msrvtt/test.jsonl')[0].media  # doctest: +SKIP
        'video7010'
    """
    text = read_text(path, 'ann_file')
    try:
        rows = _rows(path, text, media_names)
    except AnnotationError:
        check_foreign(path, text)
        raise
    if not rows:
        raise AnnotationError(f'{path}:1: there are no captions in this file.')
    ids = unique_ids(path, 'sen_id', [(r.line, r.caption_id) for r in rows])
    return [
        Caption(row.text, row.media, own, row.line)
        for row, own in zip(rows, ids, strict=True)
    ]


def _rows(path: str, text: str, media_names: Mapping[str, str]) -> list[_Row]:
    if _is_json_lines(path, text):
        return [
            _json_lines_row(record, media_names)
            for record in json_lines(path, text)
        ]
    rows = list(_mmaction_rows(path, text))
    if are_splits(row.media for row in rows):
        check_foreign(path, text)
    return rows


def read_negatives(path: str) -> list[tuple[int, CaptionId, list[CaptionId]]]:
    """Read a file of hard negatives.

    Args:
        path (str): JSON lines ``{"sen_id": 3, "negatives": [8, 21]}``.

    Returns:
        list[tuple[int, int | str, list[int | str]]]: Line, id of a caption
        and ids of its negatives.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If a line does not follow the format, or repeats a
            ``sen_id``.

    Example:
        >>> read_negatives('hard.jsonl')[0]  # doctest: +SKIP
        (1, 3, [8, 21])
    """
    found: list[tuple[int, CaptionId, list[CaptionId]]] = []
    lines: dict[CaptionId, int] = {}
    for record in json_lines(path, read_text(path, 'negatives.source')):
        record.check_keys(_NEGATIVE_KEYS, _NEGATIVE_KEYS)
        own = record.identifier('sen_id')
        if own in lines:
            raise record.error(
                f'sen_id {own!r} already occurs in line {lines[own]}.'
            )
        others = record.checked(
            'negatives',
            'a list of sen_ids',
            lambda v: isinstance(v, list) and all(map(is_identifier, v)),
        )
        assert record.line is not None
        lines[own] = record.line
        found.append((record.line, own, others))
    return found


def _is_json_lines(path: str, text: str) -> bool:
    """Return whether each line is a document of its own."""
    if path.endswith('.jsonl'):
        return True
    if text.lstrip(SPACE).startswith('['):
        return False
    first_line = text.strip(SPACE).split('\n', 1)[0]
    try:
        record = decode_all(first_line)
    except StrictJSONError:
        return False
    return isinstance(record, dict) and isinstance(record.get('caption'), str)


def _json_lines_row(record: Record, media_names: Mapping[str, str]) -> _Row:
    kinds = [kind for kind in media_names if f'{kind}_id' in record]
    if kinds:
        key = f'{kinds[0]}_id'
        record.check_keys({'caption', key, 'sen_id'}, {'caption', key})
        media = _media_name(record, media_names[kinds[0]], key)
    else:
        record.check_keys(_PARAGRAPH_KEYS, {'caption', 'clip_name'})
        media = record.text('clip_name')
        for key in ('caption_list', 'timestamps'):
            if key in record:
                record.items(key)
    has_id = record.values.get('sen_id') is not None
    assert record.line is not None
    return _Row(
        record.text('caption'),
        media,
        record.identifier('sen_id') if has_id else None,
        record.line,
    )


def _media_name(record: Record, template: str, key: str) -> str:
    number = record.identifier(key)
    try:
        return template.format(number)
    except ValueError as error:
        raise record.error(
            f'the media name {template!r} does not take the {key} '
            f'{number!r}: {error}. Change media_names.'
        ) from error


def _mmaction_rows(path: str, text: str) -> Iterator[_Row]:
    """Read the rows of MMAction2's list or mapping."""
    lines: dict[str, int] = {}
    for line, key, value in json_members(path, text):
        if key is None:
            record = to_record(path, line, value)
            record.check_keys(_MMACTION_KEYS, _MMACTION_KEYS)
            media = record.text('video')
        else:
            record = Record(path, line, dict(video=key, caption=value))
            media = record.text('video')
            if media in lines:
                raise record.error(
                    f'{media!r} already occurs in line {lines[media]}.'
                )
            lines[media] = line
            if not isinstance(value, list):
                raise record.error(
                    f'expected a list of captions of {media!r}, but got '
                    f'{value!r:.80}.'
                )
        if isinstance(record.values['caption'], list):
            captions = record.texts('caption')
        else:
            captions = [record.text('caption')]
        if not captions:
            raise record.error(f'{media!r} has no captions.')
        for caption in captions:
            yield _Row(caption, media, None, line)
