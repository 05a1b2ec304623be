# Copyright (c) clipbert_mm contributors.
"""Read caption files of several dialects, strictly; needs no torch."""
import json
from typing import Any, Callable, NamedTuple, Optional, Union

from .json_reading import (
    SPACE,
    AnnotationError,
    json_lines,
    json_members,
    read_text,
)

CaptionId = Union[int, str]

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
    caption_id: Optional[CaptionId]
    line: int


def read_captions(path: str) -> list[Caption]:
    """Read the captions of a file, in file order.

    The dialect is told by the content:

    - JSON lines of ClipBERT, retrieval and paragraph: ``{"caption": "...",
      "clip_name": "video2960", "sen_id": 0}``, the latter also with
      ``caption_list`` and ``timestamps``. ``sen_id`` may be left out of all
      lines.
    - JSON lines of ClipBERT for pretraining: ``{"coco_id": 1, "caption":
      "..."}`` or ``{"vg_id": 1, "caption": "..."}``; the media are named
      ``coco/1`` and ``vg/1``.
    - MMAction2's list: ``[{"video": "video7020.mp4", "caption": "..."}]``,
      where ``caption`` may be a list of captions.
    - MMAction2's mapping: ``{"video0.mp4": ["...", "..."]}``.

    The same caption may occur twice, of one video or of several (MSR-VTT has
    both), as long as every ``sen_id`` is there once.

    Args:
        path (str): The file.

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
            _json_lines_row(path, line, record)
            for line, record in json_lines(path, text)
        ]
    else:
        rows = _mmaction_rows(path, text)
    if not rows:
        raise AnnotationError(f'{path}:1: there are no captions in this file.')
    return _with_ids(path, rows)


def read_negatives(
        path: str) -> list[tuple[int, CaptionId, list[CaptionId]]]:
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
    for line, record in json_lines(path, read_text(path, 'hard_negatives')):
        where = f'{path}:{line}'
        _check_keys(where, record, {'sen_id', 'negatives'},
                    {'sen_id', 'negatives'})
        own = _id(where, record['sen_id'], 'sen_id')
        if own in seen:
            raise AnnotationError(f'{where}: sen_id {own!r} was already in '
                                  f'line {seen[own]}.')
        if not isinstance(record['negatives'], list):
            raise AnnotationError(
                f'{where}: "negatives" must be a list of sen_ids, but got '
                f'{record["negatives"]!r}.')
        seen[own] = line
        found.append((line, own, [
            _id(where, other, 'negatives') for other in record['negatives']
        ]))
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
    return isinstance(record, dict) and isinstance(
        record.get('caption'), str)


def _json_lines_row(path: str, line: int, record: dict) -> _Row:
    where = f'{path}:{line}'
    for kind in ('coco', 'vg'):
        key = f'{kind}_id'
        if key in record:
            _check_keys(where, record, {'caption', key, 'sen_id'},
                        {'caption', key})
            media = f'{kind}/{_id(where, record[key], key)}'
            break
    else:
        _check_keys(where, record, _PARAGRAPH_KEYS, {'caption', 'clip_name'})
        media = _name(where, record['clip_name'], 'clip_name')
        for key in ('caption_list', 'timestamps'):
            if not isinstance(record.get(key, []), list):
                raise AnnotationError(f'{where}: "{key}" must be a list, but '
                                      f'got {record[key]!r}.')
    sen_id = record.get('sen_id')
    return _Row(
        _caption(where, record['caption']), media,
        None if sen_id is None else _id(where, sen_id, 'sen_id'), line)


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
                    f', but got {value!r:.80}.')
            _check_keys(where, value, _MMACTION_KEYS, _MMACTION_KEYS)
            media = _name(where, value['video'], 'video')
            captions = value['caption']
        else:
            media, captions = _name(where, key, 'the name of a video'), value
            if media in seen:
                raise AnnotationError(f'{where}: {media!r} was already in '
                                      f'line {seen[media]}.')
            seen[media] = line
            if not isinstance(captions, list):
                raise AnnotationError(f'{where}: expected a list of captions '
                                      f'of {media!r}, but got {captions!r}.')
        captions = captions if isinstance(captions, list) else [captions]
        if not captions:
            raise AnnotationError(f'{where}: {media!r} has no captions.')
        rows += [_Row(_caption(where, c), media, None, line) for c in captions]
    return rows


def _with_ids(path: str, rows: list[_Row]) -> list[Caption]:
    """Number the rows where no ``sen_id`` is given; refuse repeated ones."""
    lines: dict[CaptionId, int] = {}
    captions = []
    for number, row in enumerate(rows):
        if (row.caption_id is None) != (rows[0].caption_id is None):
            raise AnnotationError(
                f'{path}:{row.line}: either all lines have a sen_id or none, '
                f'but line {rows[0].line} differs from this one.')
        caption_id = number if row.caption_id is None else row.caption_id
        if caption_id in lines:
            raise AnnotationError(
                f'{path}:{row.line}: sen_id {caption_id!r} was already in '
                f'line {lines[caption_id]}. Make it unique, or leave sen_id '
                'out of all lines.')
        lines[caption_id] = row.line
        captions.append(Caption(row.text, row.media, caption_id, row.line))
    return captions


def _check_keys(where: str, record: dict, known: set[str],
                required: set[str]) -> None:
    unknown = sorted(set(record) - known)
    if unknown:
        raise AnnotationError(f'{where}: unknown keys {unknown}; known are '
                              f'{sorted(known)}. Remove or rename them.')
    missing = sorted(required - set(record))
    if missing:
        raise AnnotationError(f'{where}: the keys {missing} are missing; got '
                              f'{sorted(record)}.')


def _checked(where: str, value: Any, key: str, expected: str,
             is_valid: Callable[[Any], bool]) -> Any:
    if not is_valid(value):
        raise AnnotationError(
            f'{where}: "{key}" must be {expected}, but got {value!r}.')
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _caption(where: str, value: Any) -> str:
    return _checked(where, value, 'caption', 'a text that is not empty',
                    _is_text)


def _name(where: str, value: Any, key: str) -> str:
    return _checked(where, value, key, 'a name that is not empty', _is_text)


def _id(where: str, value: Any, key: str) -> CaptionId:
    return _checked(
        where, value, key, 'a whole number or a text',
        lambda v: _is_text(v) or isinstance(v, int) and not isinstance(
            v, bool))
