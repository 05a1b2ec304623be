# Copyright (c) clipbert_mm contributors.
"""Pairs of a text and a video from a file, to be reranked."""

from collections.abc import Sequence

import torch
from torch import Tensor

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.json_reading import json_lines
from clipbert_mm.annotations.json_values import is_identifier
from clipbert_mm.annotations.record import Record, RecordId
from clipbert_mm.annotations.text_files import read_text

_KEYS = {'text_id', 'video_ids'}


def read_candidates(
    path: str, video_ids: Sequence[str], text_ids: Sequence[object]
) -> list[Tensor]:
    """Read the candidates of every text, such as a dual encoder's best videos.

    Args:
        path (str): JSON lines ``{"text_id": "7", "video_ids": ["video12",
            "video3"]}``, one for every text, with the ids of the dataset;
            numbers and strings of the same digits are the same id. A text
            without candidates has an empty list.
        video_ids (Sequence[str]): Ids of all N videos.
        text_ids (Sequence[object]): Ids of all M texts, in the order of the
            text bank.

    Returns:
        list[Tensor]: For each video the texts that name it: int64 ``(m, )``,
        ascending indices in the text bank.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If a line has another form, an id is unknown or
            repeated, or a text has no line.

    Example:
        >>> read_candidates(
        ...     'top50.jsonl', ['v0', 'v1'], [0, 1])  # doctest: +SKIP
        [tensor([0]), tensor([0, 1])]
    """
    places = {str(own): ind for ind, own in enumerate(text_ids)}
    videos = {str(own): ind for ind, own in enumerate(video_ids)}
    texts: list[list[int]] = [[] for _ in videos]
    lines: dict[int, int] = {}
    for record in json_lines(path, read_text(path, 'candidates')):
        record.check_keys(_KEYS, _KEYS)
        own = record.identifier('text_id')
        text_ind = _place(record, places, own, 'text_id')
        if text_ind in lines:
            raise record.error(
                f'text_id {own!r} already occurs in line {lines[text_ind]}. '
                'Put all its videos in one line.'
            )
        assert record.line is not None
        lines[text_ind] = record.line
        for video_ind in _video_inds(record, videos):
            texts[video_ind].append(text_ind)
    missing = [text for text, ind in places.items() if ind not in lines]
    if missing:
        raise AnnotationError(
            f'{path}:1: {len(missing)} of {len(places)} texts have no line '
            f'in this file, the first {missing[0]!r}. Add {{"text_id": '
            f'{missing[0]!r}, "video_ids": []}} for a text without candidates.'
        )
    return [torch.tensor(sorted(own), dtype=torch.long) for own in texts]


def _video_inds(record: Record, videos: dict[str, int]) -> list[int]:
    video_ids = record.checked(
        'video_ids',
        'a list of ids',
        lambda v: isinstance(v, list) and all(map(is_identifier, v)),
    )
    found = [_place(record, videos, own, 'video_ids') for own in video_ids]
    if len(set(found)) < len(found):
        repeated = next(v for v in video_ids if video_ids.count(v) > 1)
        raise record.error(
            f'"video_ids" names {repeated!r} more than once. Name every '
            'video once.'
        )
    return found


def _place(
    record: Record, places: dict[str, int], own: RecordId, key: str
) -> int:
    name = str(own)
    if name not in places:
        raise record.error(
            f'the dataset has no {key.removesuffix("s")} {own!r}; '
            f'it has {len(places)}, the first {next(iter(places))!r}. Use the '
            'ids of its annotation file.'
        )
    return places[name]
