# Copyright (c) clipbert_mm contributors.
"""Pairs of a text and a video from a file, which ClipBERT then reranks."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from clipbert_mm.annotations.json_reading import (
    AnnotationError,
    json_lines,
    read_text,
)
from clipbert_mm.annotations.record_checks import check_keys, id_of

_KEYS = {'text_id', 'video_ids'}


def read_candidates(
    path: str, video_ids: Sequence[str], text_ids: Sequence[object]
) -> list[Tensor]:
    """Read the candidates of every text, for example a dual encoder's best.

    Args:
        path (str): JSON lines ``{"text_id": "7", "video_ids": ["video12",
            "video3"]}``, one for every text, with the ids of the data set;
            numbers and texts of the same digits are the same id. A text
            without candidates has an empty list.
        video_ids (Sequence[str]): Of all videos.
        text_ids (Sequence): Of all texts, in the order of the caption bank.

    Returns:
        list[Tensor]: For each video the texts whose candidate it is: int64
        ``(m, )``, ascending places in the caption bank.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If a line is not as above, an id is unknown or
            repeated, or a text has no line.

    Example:
        >>> read_candidates('top50.jsonl', ['v0', 'v1'], [0, 1])
        [tensor([0]), tensor([0, 1])]
    """
    columns = {str(own): column for column, own in enumerate(text_ids)}
    rows = {str(own): row for row, own in enumerate(video_ids)}
    texts: list[list[int]] = [[] for _ in rows]
    lines: dict[int, int] = {}
    for line, record in json_lines(path, read_text(path, 'candidates')):
        where = f'{path}:{line}'
        check_keys(where, record, _KEYS, _KEYS)
        column = _place(where, columns, record['text_id'], 'text_id')
        if column in lines:
            raise AnnotationError(
                f'{where}: text_id {record["text_id"]!r} was already in line '
                f'{lines[column]}. Put all its videos in one line.'
            )
        lines[column] = line
        for row in _rows(where, rows, record['video_ids']):
            texts[row].append(column)
    missing = [text for text, column in columns.items() if column not in lines]
    if missing:
        raise AnnotationError(
            f'{path}:1: {len(missing)} of {len(columns)} texts have no line '
            f'in this file, the first {missing[0]!r}. Add {{"text_id": '
            f'{missing[0]!r}, "video_ids": []}} where none is meant.'
        )
    return [torch.tensor(sorted(own), dtype=torch.long) for own in texts]


def _rows(where: str, rows: dict[str, int], video_ids: Any) -> list[int]:
    if not isinstance(video_ids, list):
        raise AnnotationError(
            f'{where}: "video_ids" must be a list of ids, '
            f'but got {video_ids!r}.'
        )
    found = [_place(where, rows, own, 'video_ids') for own in video_ids]
    if len(set(found)) < len(found):
        repeated = next(v for v in video_ids if video_ids.count(v) > 1)
        raise AnnotationError(
            f'{where}: "video_ids" names {repeated!r} more '
            'than once. Name every video once.'
        )
    return found


def _place(where: str, places: dict[str, int], own: Any, key: str) -> int:
    name = str(id_of(where, own, key))
    if name not in places:
        raise AnnotationError(
            f'{where}: the data set has no {key.removesuffix("s")} {own!r}; '
            f'it has {len(places)}, the first {next(iter(places))!r}. Use the '
            'ids of its annotation file.'
        )
    return places[name]
