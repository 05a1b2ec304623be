# Copyright (c) clipbert_mm contributors.
"""Measure how well an index finds the videos of given queries."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.files import read_table
from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.evaluation.ranks import summarise_ranks

from .searching import SEARCHES, Passes, tiers_of
from .store import IndexStore, VideoRow
from .video_names import find_videos, names_of

# Texts that are searched exactly at a time; other ways to search score the
# candidates of a text with the others of its block.
_BLOCK = 16


class Query(NamedTuple):
    """Text and the video that it describes.

    Args:
        text (str): The text.
        video (int): Number of the video in the index.
    """

    text: str
    video: int


def read_queries(path: str, videos: Sequence[VideoRow]) -> list[Query]:
    """Read a table of queries and their videos.

    Args:
        path (str): CSV file with the columns ``query`` and ``video``, the
            path of a file, its name, or its name without suffix.
        videos (Sequence[VideoRow]): Files of the index.

    Returns:
        list[Query]: The queries.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is no such table, or a video is not a readable
            one of the index, or one of several.
    """
    named = names_of(videos)
    queries = []
    for record in read_table(path, ('query', 'video'), ','):
        name = record.text('video')
        found = find_videos(named, name)
        if len(found) != 1:
            raise AnnotationError(
                f'{record.where}: "video" must be a readable video of the '
                f'index, but {len(found)} have the name {name!r:.200}. Pass '
                'its path, or index it first.'
            )
        queries.append(Query(record.text('query'), found[0]))
    return queries


def evaluate(
    store: IndexStore,
    model: VideoTextModel,
    queries: Sequence[Query],
    tiers: Sequence[str] | None = None,
) -> dict[str, dict[str, float]]:
    """Return recall and cost of ways to search.

    A video that a tier does not score counts as the last one.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        queries (Sequence[Query]): At least one.
        tiers (Sequence[str] | None): Ways to search. Defaults to None: all
            that the index allows.

    Returns:
        dict[str, dict[str, float]]: For each tier ``R1``, ``R5``, ``R10`` in
        percent, ``MdR``, ``MnR``, and ``passes`` and ``seconds`` of a query;
        16 exact ones share the reading of the index.
    """
    number = sum(row.clips > 0 for row in store.videos())
    results = {}
    for tier in tiers_of(store) if tiers is None else tiers:
        ranks: list[int] = []
        passes = 0
        start = time.perf_counter()
        at_once = _BLOCK if tier == 'exact' else 1
        for i in range(0, len(queries), at_once):
            block = queries[i : i + at_once]
            texts = [query.text for query in block]
            found = SEARCHES[tier](store, model, texts)
            ranks += _ranks(found, block, number)
            passes += found.passes
        seconds = time.perf_counter() - start
        results[tier] = dict(
            summarise_ranks(np.array(ranks)),
            passes=passes / len(queries),
            seconds=seconds / len(queries),
        )
    return results


def _ranks(found: Passes, queries: Sequence[Query], number: int) -> list[int]:
    """Return the rank of the video of each query, ties counted as losses."""
    ranks = []
    scores = np.array([one.scores for one in found.found])
    places = {one.video: i for i, one in enumerate(found.found)}
    for m, query in enumerate(queries):
        own = places.get(query.video)
        if own is None:
            ranks.append(number)
        else:
            ranks.append(int((scores[:, m] >= scores[own, m]).sum()))
    return ranks
