# Copyright (c) clipbert_mm contributors.
"""Recognise the dataset authors' files, which must be converted first."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import AnnotationError
from .json_reading import json_members
from .json_values import is_object
from .strict_json import SPACE

_SPLIT = re.compile(
    'train(ing)?|val(id(ation)?)?|test(ing)?|dev', re.IGNORECASE
)

_ANY_CONVERTER = 'the converter of its dataset, tools/data/<set>/convert.py,'
# Kinds of files that are one object, by keys that all of them have.
_OBJECTS = (
    ({'videos', 'sentences'}, 'the captions of MSR-VTT', 'msrvtt'),
    ({'images', 'annotations'}, 'captions of COCO', 'coco_vg'),
    (
        {'images', 'dataset'},
        "captions in Karpathy's splits",
        'image_retrieval',
    ),
    ({'data_subtype', 'questions'}, 'questions of VQA 2.0', 'vqa'),
    ({'data_subtype', 'annotations'}, 'answers of VQA 2.0', 'vqa'),
)
# Kinds of files that are a list or a mapping of records, by their keys.
_RECORDS = (
    ({'sentences', 'timestamps'}, 'ActivityNet Captions', 'activitynet'),
    ({'description', 'video'}, 'descriptions of DiDeMo', 'didemo'),
    ({'question', 'video_id', 'id'}, 'questions of MSRVTT-QA', 'msrvtt'),
    ({'video', 'caption', 'answer'}, 'questions of MSRVTT-MC', 'msrvtt'),
    ({'regions'}, 'regions of Visual Genome', 'coco_vg'),
    ({'image_id', 'coco_id', 'url'}, 'images of Visual Genome', 'coco_vg'),
)
# Kinds of tables, by columns.
_TABLES = (
    ('\t', {'gif_name', 'question'}, 'questions of TGIF-QA', 'tgif_qa'),
    (',', {'video_id'}, 'a list of MSR-VTT', 'msrvtt'),
)


def are_splits(names: Iterable[str]) -> bool:
    """Return whether all names are those of splits of a dataset.

    Args:
        names (Iterable[str]): Keys of an object.

    Returns:
        bool: True for names such as ``'train'`` and ``'Testing'``.

    Example:
        >>> are_splits(['Train', 'validation']), are_splits(['train0'])
        (True, False)
    """
    return all(map(_SPLIT.fullmatch, names))


def check_foreign(path: str, text: str) -> None:
    """Raise if a file is a known one that must be converted first.

    It is for files that a reader refused: a file that nobody knows passes.

    Args:
        path (str): The file, for the message.
        text (str): Its content.

    Raises:
        AnnotationError: If the file is known; the message names the converter.

    Example:
        >>> check_foreign('a.json', '{"videos": [], "sentences": []}')
        Traceback (most recent call last):
        ...
        clipbert_mm.annotations.errors.AnnotationError: a.json:1: expected an \
annotation file of this package, but got the captions of MSR-VTT as \
published. Run tools/data/msrvtt/convert.py on it first.
    """
    found = _table_kind(text) or _json_kind(path, text)
    if found is None:
        return
    kind, converter = found
    raise AnnotationError(
        f'{path}:1: expected an annotation file of this package, but got '
        f'{kind}. Run {converter} on it first.'
    )


def _table_kind(text: str) -> tuple[str, str] | None:
    header = text.lstrip(SPACE).split('\n', 1)[0].strip(SPACE)
    if header.startswith(('{', '[', '"')):
        return None
    for delimiter, columns, kind, dataset in _TABLES:
        if columns <= set(header.split(delimiter)):
            return _published(kind, dataset)
    return None


def _json_kind(path: str, text: str) -> tuple[str, str] | None:
    try:
        members = list(json_members(path, text))
    except AnnotationError:
        return None
    if not members:
        return None
    if members[0][1] is None:
        return _records_kind([value for _, _, value in members])
    return _object_kind({key or '': value for _, key, value in members})


def _object_kind(values: Mapping[str, Any]) -> tuple[str, str] | None:
    for keys, kind, dataset in _OBJECTS:
        if keys <= values.keys():
            return _published(kind, dataset)
    if are_splits(values):
        return (
            f'one object with the splits {sorted(values)}',
            _ANY_CONVERTER,
        )
    found = _records_kind(list(values.values()))
    lists = [key for key, value in values.items() if _are_records(value)]
    if found is None and lists:
        return f'one object with records in {lists[:3]}', _ANY_CONVERTER
    return found


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and is_object(value[0])


def _records_kind(records: list[Any]) -> tuple[str, str] | None:
    first = records[0]
    if not is_object(first):
        return None
    for keys, kind, dataset in _RECORDS:
        if keys <= first.keys():
            return _published(kind, dataset)
    if 'question' in first:
        return 'a JSON list of questions', _ANY_CONVERTER
    return None


def _published(kind: str, dataset: str) -> tuple[str, str]:
    return f'{kind} as published', f'tools/data/{dataset}/convert.py'
