# Copyright (c) clipbert_mm contributors.
"""Score the videos of an index with texts, all of them or the likely ones."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import torch

from clipbert_mm.apis.video_features import VideoFeatures
from clipbert_mm.apis.video_text_model import VideoTextModel

from .packing import unpack_tokens
from .store import IndexStore
from .student_rows import has_student
from .student_tables import StudentTables, embed_queries

#: Clips up to which every one is scored, where no tier is asked for.
EXACT_CLIPS = 4096
#: Clips of a video that the first pass of the cascade scores.
FIRST_CLIPS = 2
#: Videos that the cross-encoder scores by all of their clips, at the end.
KEPT_VIDEOS = 50
#: Fraction of a large index that it scores after a student: the more videos
#: there are, the more resemble the best one.
KEPT_FRACTION = 0.01

# Videos that are scored at a time.
_BLOCK = 64


class Scored(NamedTuple):
    """Scores of a video.

    Args:
        video (int): Number of the video.
        times (tuple[tuple[float, float], ...]): Start and end of its C clips,
            seconds.
        scores (np.ndarray): float32 ``(M, )``, of the video.
        clips (np.ndarray): float32 ``(M, C)``, of its clips.
    """

    video: int
    times: tuple[tuple[float, float], ...]
    scores: np.ndarray
    clips: np.ndarray


class Passes(NamedTuple):
    """Result and cost of a search.

    Args:
        found (list[Scored]): Videos whose every clip was scored.
        tier (str): How they were searched.
        passes (int): Pairs of a text and a clip that were scored.
    """

    found: list[Scored]
    tier: str
    passes: int


def choose_tier(num_clips: int, has_student: bool = False) -> str:
    """Return how an index is searched where nothing else is asked for.

    Args:
        num_clips (int): Number of clips in the index.
        has_student (bool): Whether the index has a student. Defaults to
            False.

    Returns:
        str: A member of :data:`TIERS`.

    Example:
        >>> choose_tier(1000), choose_tier(100_000), choose_tier(10**6, True)
        ('exact', 'cascade', 'student')
    """
    if num_clips <= EXACT_CLIPS:
        return 'exact'
    return 'student' if has_student else 'cascade'


def student_candidates(num_videos: int, num_clips: int) -> int:
    """Return how many of the student's best videos are scored.

    Args:
        num_videos (int): Number of videos in the index.
        num_clips (int): Number of clips of each.

    Returns:
        int: :data:`KEPT_VIDEOS`, or a hundredth of a large index, but no more
        clips than :data:`EXACT_CLIPS`.

    Example:
        >>> [student_candidates(10**n, 16) for n in (3, 4, 6)]
        [50, 100, 256]
    """
    part = math.ceil(KEPT_FRACTION * num_videos)
    return max(KEPT_VIDEOS, min(part, EXACT_CLIPS // num_clips))


def tiers_of(store: IndexStore) -> tuple[str, ...]:
    """Return the ways in which an index can be searched.

    Args:
        store (IndexStore): The index.

    Returns:
        tuple[str, ...]: :data:`TIERS`, without ``'student'`` where there is
        none.
    """
    without = () if has_student(store) else ('student',)
    return tuple(tier for tier in TIERS if tier not in without)


def first_positions(num_clips: int, wanted: int = FIRST_CLIPS) -> list[int]:
    """Return evenly spaced positions of the clips of a video.

    Args:
        num_clips (int): Number of clips of a video.
        wanted (int): Number of positions. Defaults to :data:`FIRST_CLIPS`.

    Returns:
        list[int]: Ascending positions, at most as many as there are clips.

    Example:
        >>> first_positions(16), first_positions(1)
        ([4, 12], [0])
    """
    wanted = min(wanted, num_clips)
    return [(2 * i + 1) * num_clips // (2 * wanted) for i in range(wanted)]


def search_exactly(
    store: IndexStore, model: VideoTextModel, texts: Sequence[str]
) -> Passes:
    """Score every clip of every video.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        texts (Sequence[str]): M texts.

    Returns:
        Passes: Scores of all videos, in the order of the index.
    """
    rows = chain.from_iterable(store.scan())
    found = list(_score(store, model, texts, rows))
    return Passes(found, 'exact', _passes(found))


def search_in_two_passes(
    store: IndexStore,
    model: VideoTextModel,
    texts: Sequence[str],
    first_clips: int = FIRST_CLIPS,
    kept: int = KEPT_VIDEOS,
) -> Passes:
    """Score a few clips of every video, and all of the best videos.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        texts (Sequence[str]): M texts.
        first_clips (int): Clips of a video in the first pass. Defaults to
            :data:`FIRST_CLIPS`.
        kept (int): Videos in the second pass, for each text. Defaults to
            :data:`KEPT_VIDEOS`.

    Returns:
        Passes: Scores of the videos of the second pass.
    """
    positions = first_positions(store.description.num_clips, first_clips)
    # Short videos may have no clip at these positions, but have a first one.
    rows = chain.from_iterable(store.scan(sorted({0, *positions})))
    first = list(_score(store, model, texts, _leave_out(rows, positions)))
    best: set[int] = set()
    for m in range(len(texts)):
        scores = np.array([one.scores[m] for one in first])
        order = np.argsort(-scores, kind='stable')[:kept]
        best |= {first[i].video for i in order}
    second = score_videos(store, model, texts, sorted(best))
    return Passes(second, 'cascade', _passes(first) + _passes(second))


def search_by_student(
    store: IndexStore,
    model: VideoTextModel,
    texts: Sequence[str],
    kept: int | None = None,
) -> Passes:
    """Score the videos whose clips a student finds nearest to the texts.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        texts (Sequence[str]): M texts.
        kept (int | None): Videos that are scored, for each text. Defaults to
            None: those of :func:`student_candidates`.

    Returns:
        Passes: Scores of these videos.

    Raises:
        LibraryError: If the index has no student, or one of another model.
    """
    if kept is None:
        kept = student_candidates(
            store.count_videos(), store.description.num_clips
        )
    tables = StudentTables(store)
    student = tables.load(model)
    with torch.inference_mode():
        vectors = embed_queries(student, model, texts)
    best = {
        video
        for vector in vectors
        for video in tables.nearest(student, vector, kept)
    }
    found = score_videos(store, model, texts, sorted(best))
    return Passes(found, 'student', _passes(found))


def search_among(
    store: IndexStore,
    model: VideoTextModel,
    texts: Sequence[str],
    videos: Sequence[int],
) -> Passes:
    """Score videos that another system has found.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        texts (Sequence[str]): M texts.
        videos (Sequence[int]): Numbers of the videos.

    Returns:
        Passes: Scores of those that are in the index.
    """
    found = score_videos(store, model, texts, videos)
    return Passes(found, 'outside', _passes(found))


#: Ways to search all videos, from the most exact to the fastest.
SEARCHES: dict[
    str, Callable[[IndexStore, VideoTextModel, Sequence[str]], Passes]
] = dict(
    exact=search_exactly,
    cascade=search_in_two_passes,
    student=search_by_student,
)
#: Their names.
TIERS = tuple(SEARCHES)


def score_videos(
    store: IndexStore,
    model: VideoTextModel,
    texts: Sequence[str],
    videos: Sequence[int],
) -> list[Scored]:
    """Score every clip of some videos.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        texts (Sequence[str]): M texts.
        videos (Sequence[int]): Numbers of the videos.

    Returns:
        list[Scored]: Scores of those that are in the index, by number.
    """
    return list(_score(store, model, texts, store.take(videos)))


def features_of(
    store: IndexStore, rows: Sequence[dict[str, Any]]
) -> VideoFeatures:
    """Return the stored clips of a video as a model takes them.

    Args:
        store (IndexStore): The index.
        rows (Sequence[dict[str, Any]]): Clips of one video, as
            :meth:`IndexStore.scan` and :meth:`IndexStore.take` return them.

    Returns:
        VideoFeatures: Their grids, unpacked.
    """
    about = store.description
    tokens = unpack_tokens(
        [row['grid'] for row in rows],
        about.tokens,
        about.width,
        about.precision,
    )
    times = tuple((row['start'], row['end']) for row in rows)
    return VideoFeatures('', tokens, times, about.weights)


def _leave_out(
    rows: Iterable[dict[str, Any]], positions: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Yield the clips at positions; the first clip where there is none."""
    for _, group in groupby(rows, key=itemgetter('video')):
        own = list(group)
        at_positions = [row for row in own if row['clip'] in positions]
        yield from at_positions or own[:1]


def _score(
    store: IndexStore,
    model: VideoTextModel,
    texts: Sequence[str],
    rows: Iterable[dict[str, Any]],
) -> Iterator[Scored]:
    """Score clips that are sorted by video, a block of videos at a time."""
    known = {row.video for row in store.videos()}
    block: list[tuple[int, VideoFeatures]] = []
    for video, group in groupby(rows, key=itemgetter('video')):
        if video in known:
            block.append((video, features_of(store, list(group))))
        if len(block) == _BLOCK:
            yield from score_block(model, texts, block)
            block = []
    yield from score_block(model, texts, block)


def score_block(
    model: VideoTextModel,
    texts: Sequence[str],
    block: Sequence[tuple[int, VideoFeatures]],
) -> Iterator[Scored]:
    """Score videos; neighbours with as many clips at a time.

    Args:
        model (VideoTextModel): The model.
        texts (Sequence[str]): M texts.
        block (Sequence[tuple[int, VideoFeatures]]): Numbers and clips of
            videos.

    Yields:
        Scored: One for each video, in their order.
    """
    for _, group in groupby(block, key=lambda one: len(one[1].clips)):
        videos = list(group)
        features = [one for _, one in videos]
        scores, clips = model.scores(features, texts, together=True)
        for (video, one), score, per_clip in zip(videos, scores, clips):
            yield Scored(video, one.clips, score, per_clip)


def _passes(found: Sequence[Scored]) -> int:
    return sum(one.clips.size for one in found)
