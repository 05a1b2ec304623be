# Copyright (c) clipbert_mm contributors.
"""Read caption files of several dialects, strictly; needs no torch."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from .json_reading import (
    SPACE,
    AnnotationError,
    json_lines,
    json_members,
    read_text,
)
from .record_checks import (
    RecordId,
    check_keys,
    id_of,
    name_of,
    text_of,
    unique_ids,
)

CaptionId = RecordId

# How the image of a coco_id or vg_id is named.
MEDIA_NAMES = dict(coco='coco/{}', vg='vg/{}')

_RETRIEVAL_KEYS = {'caption', 'clip_name', 'sen_id'}
_PARAGRAPH_KEYS = _RETRIEVAL_KEYS | {'caption_list', 'timestamps'}
_MMACTION_KEYS = {'video', 'caption'}


class Caption(NamedTuple):
    """One caption of one video or image.

    ``media`` is the name as in the file, with or without a suffix;
    ``caption_id`` the ``sen_id``, or the 0-based row where a file has none;
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

    The dialect is told by the content:

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

    The same caption may occur twice, of one video or of several (MSR-VTT has
    both), as long as every ``sen_id`` is there once.

    Args:
        path (str): The file.
        media_names (Mapping[str, str]): How the media of a ``coco_id`` and
            of a ``vg_id`` are named. Defaults to :data:`MEDIA_NAMES`.

    Returns:
        list[Caption]: At least one caption.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If anything in it is not as above; the message
            starts with ``path:line``.

    Example:
        >>> read_captions('msrvtt/test.jsonl')[0].media
        'video7010'
    """
    text = read_text(path, 'ann_file')
    if _is_json_lines(path, text):
        rows = [
            _json_lines_row(path, line, record, media_names)
            for line, record in json_lines(path, text)
        ]
    else:
        rows = _mmaction_rows(path, text)
    if not rows:
        raise AnnotationError(f'{path}:1: there are no captions in this file.')
    ids = unique_ids(path, 'sen_id', [(r.line, r.caption_id) for r in rows])
    return [
        Caption(row.text, row.media, own, row.line)
        for row, own in zip(rows, ids)
    ]


def read_negatives(path: str) -> list[tuple[int, CaptionId, list[CaptionId]]]:
    """Read a file of hard negatives.

    Args:
        path (str): JSON lines ``{"sen_id": 3, "negatives": [8, 21]}``.

    Returns:
        list[tuple[int, int | str, list[int | str]]]: The line, the caption's
        id and the ids of its negatives.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If a line is not as above, or repeats a ``sen_id``.

    Example:
        >>> read_negatives('hard.jsonl')[0]
        (1, 3, [8, 21])
    """
    found: list[tuple[int, CaptionId, list[CaptionId]]] = []
    seen: dict[CaptionId, int] = {}
    for line, record in json_lines(path, read_text(path, 'negatives.source')):
        where = f'{path}:{line}'
        check_keys(
            where, record, {'sen_id', 'negatives'}, {'sen_id', 'negatives'}
        )
        own = id_of(where, record['sen_id'], 'sen_id')
        if own in seen:
            raise AnnotationError(
                f'{where}: sen_id {own!r} was already in line {seen[own]}.'
            )
        if not isinstance(record['negatives'], list):
            raise AnnotationError(
                f'{where}: "negatives" must be a list of sen_ids, but got '
                f'{record["negatives"]!r}.'
            )
        seen[own] = line
        found.append(
            (
                line,
                own,
                [
                    id_of(where, other, 'negatives')
                    for other in record['negatives']
                ],
            )
        )
    return found


def _is_json_lines(path: str, text: str) -> bool:
    """Whether each line is a document of its own, not the whole file."""
    if path.endswith('.jsonl'):
        return True
    if text.lstrip(SPACE).startswith('['):
        return False
    first_line = text.strip(SPACE).split('\n', 1)[0]
    try:
        record = json.loads(first_line)
    except ValueError:
        return False
    return isinstance(record, dict) and isinstance(record.get('caption'), str)


def _json_lines_row(
    path: str, line: int, record: dict, media_names: Mapping[str, str]
) -> _Row:
    where = f'{path}:{line}'
    for kind, name in media_names.items():
        key = f'{kind}_id'
        if key in record:
            check_keys(
                where, record, {'caption', key, 'sen_id'}, {'caption', key}
            )
            media = _media_name(where, name, record[key], key)
            break
    else:
        check_keys(where, record, _PARAGRAPH_KEYS, {'caption', 'clip_name'})
        media = name_of(where, record['clip_name'], 'clip_name')
        for key in ('caption_list', 'timestamps'):
            if not isinstance(record.get(key, []), list):
                raise AnnotationError(
                    f'{where}: "{key}" must be a list, but '
                    f'got {record[key]!r}.'
                )
    sen_id = record.get('sen_id')
    return _Row(
        text_of(where, record['caption'], 'caption'),
        media,
        None if sen_id is None else id_of(where, sen_id, 'sen_id'),
        line,
    )


def _media_name(where: str, name: str, value: object, key: str) -> str:
    number = id_of(where, value, key)
    try:
        return name.format(number)
    except ValueError as error:
        raise AnnotationError(
            f'{where}: the media name {name!r} does not take the {key} '
            f'{number!r}: {error}. Change media_names.'
        ) from error


def _mmaction_rows(path: str, text: str) -> list[_Row]:
    """Rows of MMAction2's list or mapping."""
    rows: list[_Row] = []
    seen: dict[str, int] = {}
    for line, key, value in json_members(path, text):
        where = f'{path}:{line}'
        if key is None:
            if not isinstance(value, dict):
                raise AnnotationError(
                    f'{where}: expected {{"video": "...", "caption": "..."}}'
                    f', but got {value!r:.80}.'
                )
            check_keys(where, value, _MMACTION_KEYS, _MMACTION_KEYS)
            media = name_of(where, value['video'], 'video')
            captions = value['caption']
        else:
            media, captions = name_of(where, key, 'the name of a video'), value
            if media in seen:
                raise AnnotationError(
                    f'{where}: {media!r} was already in line {seen[media]}.'
                )
            seen[media] = line
            if not isinstance(captions, list):
                raise AnnotationError(
                    f'{where}: expected a list of captions '
                    f'of {media!r}, but got {captions!r}.'
                )
        captions = captions if isinstance(captions, list) else [captions]
        if not captions:
            raise AnnotationError(f'{where}: {media!r} has no captions.')
        rows += [
            _Row(text_of(where, c, 'caption'), media, None, line)
            for c in captions
        ]
    return rows
