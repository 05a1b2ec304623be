# Copyright (c) clipbert_mm contributors.
"""Distil a student from the cross-encoder's scores of the stored grids."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from clipbert_mm.apis.video_features import VideoFeatures
from clipbert_mm.apis.video_text_model import VideoTextModel

from .errors import LibraryError
from .searching import (
    FIRST_CLIPS,
    features_of,
    first_positions,
    score_block,
    student_candidates,
)
from .store import IndexStore
from .student import Student, listwise_loss
from .student_tables import StudentTables, embed_queries, make_student

#: Called with the numbers of queries that are scored, and of all.
Progress = Callable[[int, int], None]

#: Videos whose grids are held in memory and scored.
MAX_VIDEOS = 1000
#: Updates of the student.
STEPS = 600

_HARD, _RANDOM = 40, 24  # candidates of a query
_HELD_OUT = 0.1  # fraction of the queries that measure the student
_TEMPERATURE = 2.0
_LEARNING_RATE = 2e-3
_BATCH = 8  # queries of an update
_CLIPS = 8  # clips of a video in an update
_BLOCK = 16  # queries that are scored at a time
# Above 1 minus this, single precision rounds scores to a few values.
_SMALLEST = 1e-6


@dataclasses.dataclass(frozen=True)
class DistillReport:
    """What a distillation has used, and how good its student is.

    Args:
        queries (int): Number of queries that it learned from.
        videos (int): Number of videos that they were scored with.
        passes (int): Pairs of a text and a clip that were scored.
        held_out (int): Number of queries that were kept for measuring.
        recall (float): Fraction of these whose best video is among those
            that the student finds for reranking; NaN without such queries.
        seconds (float): Time that it took.
    """

    queries: int
    videos: int
    passes: int
    held_out: int
    recall: float
    seconds: float


class Lesson(NamedTuple):
    """Candidates of a query, and what the cross-encoder thinks of them.

    Args:
        text (str): The query.
        candidates (np.ndarray): int64 ``(K, )``, positions of videos.
        logits (np.ndarray): float32 ``(K, )``, log-odds of their scores.
        passes (int): Pairs of a text and a clip that were scored.
    """

    text: str
    candidates: np.ndarray
    logits: np.ndarray
    passes: int


class GridSample:
    """Stored grids of some videos in memory, in the precision of the index.

    Args:
        store (IndexStore): The index.
        number (int): Maximum number of videos.
        rng (np.random.Generator): Draws them, where there are more.

    Raises:
        LibraryError: If the index holds less than two readable videos.
    """

    def __init__(
        self, store: IndexStore, number: int, rng: np.random.Generator
    ) -> None:
        readable = [row.video for row in store.videos() if row.clips]
        if len(readable) < 2:
            raise LibraryError(
                'a student is distilled from two readable videos or more, but '
                f'the index holds {len(readable)}. Index more of them.'
            )
        drawn = rng.permutation(readable)[:number]
        rows = store.take(sorted(int(video) for video in drawn))
        self._rows = [
            list(group) for _, group in groupby(rows, itemgetter('video'))
        ]
        self._store = store

    def __len__(self) -> int:
        return len(self._rows)

    def features(self, video: int, most: int | None = None) -> VideoFeatures:
        """Return the clips of a video, or evenly spaced ones of them.

        Args:
            video (int): Position of the video.
            most (int | None): Maximum number of clips. Defaults to None: all.

        Returns:
            VideoFeatures: The clips.
        """
        rows = self._rows[video]
        if most is not None:
            rows = [rows[i] for i in first_positions(len(rows), most)]
        return features_of(self._store, rows)

    def draw_clips(self, videos: Sequence[int]) -> Tensor:
        """Draw as many clips of each video.

        The clips of shorter videos come again, which changes no maximum.

        Args:
            videos (Sequence[int]): Positions of N videos.

        Returns:
            Tensor: float32 ``(N, C, V, D)``, C at most 8.
        """
        number = min(_CLIPS, self._store.description.num_clips)
        drawn = []
        for video in videos:
            tokens = self.features(video).tokens
            order = torch.randperm(len(tokens))
            drawn.append(tokens[order[torch.arange(number) % len(tokens)]])
        return torch.stack(drawn)


def distill(
    store: IndexStore,
    model: VideoTextModel,
    queries: Sequence[str],
    max_videos: int = MAX_VIDEOS,
    seed: int = 0,
    progress: Progress | None = None,
) -> DistillReport:
    """Train a student, and write it with the vectors of all clips.

    No video is decoded and no label is needed: the cross-encoder scores the
    stored grids with each query, and the student learns its preferences.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its cross-encoder.
        queries (Sequence[str]): Queries such as those that will be asked.
        max_videos (int): Maximum number of videos that are scored; of more,
            some are drawn. Defaults to :data:`MAX_VIDEOS`.
        seed (int): Seed of all draws. Defaults to 0.
        progress (Progress | None): Called as queries are scored. Defaults to
            None.

    Returns:
        DistillReport: What was used, and the recall of the student.

    Raises:
        LibraryError: If the index holds less than two readable videos.
    """
    begin = time.monotonic()
    rng = np.random.default_rng(seed)
    sample = GridSample(store, max_videos, rng)
    texts = [queries[i] for i in rng.permutation(len(queries))]
    lessons: list[Lesson] = []
    for start in range(0, len(texts), _BLOCK):
        block = texts[start : start + _BLOCK]
        lessons += make_lessons(model, block, sample, rng)
        if progress is not None:
            progress(len(lessons), len(texts))
    held_out = int(_HELD_OUT * len(lessons))
    split = len(lessons) - held_out
    with torch.random.fork_rng(devices=[]):  # the caller keeps its own draws
        torch.manual_seed(seed)
        student = make_student(model, store.description.width)
        train(student, model, lessons[:split], sample)
    recall = measure_recall(
        student, model, lessons[split:], sample, _kept_of(store, sample)
    )
    StudentTables(store).save(student)
    return DistillReport(
        split,
        len(sample),
        sum(lesson.passes for lesson in lessons),
        held_out,
        recall,
        time.monotonic() - begin,
    )


def _kept_of(store: IndexStore, sample: GridSample) -> int:
    """Return as large a part of the sample as a search scores of the index."""
    num_videos = store.count_videos()
    kept = student_candidates(num_videos, store.description.num_clips)
    return math.ceil(kept * len(sample) / num_videos)


def make_lessons(
    model: VideoTextModel,
    texts: Sequence[str],
    sample: GridSample,
    rng: np.random.Generator,
) -> list[Lesson]:
    """Score candidates of queries with all of their clips.

    The candidates are those that the first pass of the cascade finds best,
    which are hard to tell apart, and random others.

    Args:
        model (VideoTextModel): The cross-encoder.
        texts (Sequence[str]): M queries.
        sample (GridSample): The videos.
        rng (np.random.Generator): Draws the random candidates.

    Returns:
        list[Lesson]: M lessons.
    """
    firsts = [(i, sample.features(i, FIRST_CLIPS)) for i in range(len(sample))]
    found = sorted(score_block(model, texts, firsts), key=attrgetter('video'))
    scores = np.stack([one.scores for one in found])  # (N, M)
    passes = sum(one.clips.shape[1] for one in found)
    lessons = []
    for text, first in zip(texts, scores.T):
        order = np.argsort(-first, kind='stable')
        candidates = np.concatenate(
            [order[:_HARD], rng.permutation(order[_HARD:])[:_RANDOM]]
        )
        block = [(int(i), sample.features(i)) for i in candidates]
        full = list(score_block(model, [text], block))
        logits = log_odds(np.concatenate([one.scores for one in full]))
        own = sum(one.clips.size for one in full)
        videos = np.array([one.video for one in full])
        lessons.append(Lesson(text, videos, logits, passes + own))
    return lessons


def log_odds(scores: np.ndarray) -> np.ndarray:
    """Return scores as logits, as far as single precision can resolve.

    Args:
        scores (np.ndarray): Scores in [0, 1].

    Returns:
        np.ndarray: float32, in [-14, 14].

    Example:
        >>> log_odds(np.array([0.5, 1.0])).round(1).tolist()
        [0.0, 13.800000190734863]
    """
    inside = scores.astype(np.float64).clip(_SMALLEST, 1 - _SMALLEST)
    return np.log(inside / (1 - inside)).astype(np.float32)


def train(
    student: Student,
    model: VideoTextModel,
    lessons: Sequence[Lesson],
    sample: GridSample,
    steps: int = STEPS,
) -> None:
    """Let a student learn the cross-encoder's preferences.

    Args:
        student (Student): The student, which is changed.
        model (VideoTextModel): The cross-encoder.
        lessons (Sequence[Lesson]): Queries with their candidates.
        sample (GridSample): Their videos.
        steps (int): Number of updates. Defaults to :data:`STEPS`.
    """
    optimizer = torch.optim.AdamW(student.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _LEARNING_RATE, total_steps=steps
    )
    student.train()
    order: list[int] = []
    for _ in range(steps):
        if len(order) < min(_BATCH, len(lessons)):
            order = torch.randperm(len(lessons)).tolist()
        batch = [lessons[i] for i in order[:_BATCH]]
        del order[:_BATCH]
        loss = batch_loss(student, model, batch, sample)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    student.eval()


def batch_loss(
    student: Student,
    model: VideoTextModel,
    lessons: Sequence[Lesson],
    sample: GridSample,
) -> Tensor:
    """Return how far the student's preferences are from those of lessons.

    Args:
        student (Student): The student.
        model (VideoTextModel): The cross-encoder, which tokenises.
        lessons (Sequence[Lesson]): M queries with K candidates each.
        sample (GridSample): Their videos.

    Returns:
        Tensor: Scalar.
    """
    candidates = np.stack([lesson.candidates for lesson in lessons])
    videos, places = np.unique(candidates, return_inverse=True)
    clips = student.embed_videos(sample.draw_clips(videos.tolist()))
    texts = embed_queries(student, model, [one.text for one in lessons])
    scores = student.logits(texts, clips)  # (M, N)
    own = torch.from_numpy(places.reshape(candidates.shape))
    targets = torch.from_numpy(np.stack([one.logits for one in lessons]))
    return listwise_loss(scores.gather(1, own), targets / _TEMPERATURE)


@torch.inference_mode()
def measure_recall(
    student: Student,
    model: VideoTextModel,
    lessons: Sequence[Lesson],
    sample: GridSample,
    kept: int,
) -> float:
    """Return how often the student keeps the cross-encoder's best video.

    Args:
        student (Student): The student.
        model (VideoTextModel): The cross-encoder, which tokenises.
        lessons (Sequence[Lesson]): Queries that it has not learned from.
        sample (GridSample): Their videos.
        kept (int): Number of the student's best videos.

    Returns:
        float: Fraction of the queries whose best video is among the
        student's best ones; NaN if there are no queries.
    """
    if not lessons:
        return float('nan')
    texts = embed_queries(student, model, [one.text for one in lessons])
    logits = [
        student.logits(texts, student.embed_clips(tokens)[None])
        for tokens in (sample.features(i).tokens for i in range(len(sample)))
    ]
    order = torch.cat(logits, 1).argsort(1, descending=True)
    best = [one.candidates[one.logits.argmax()] for one in lessons]
    found = zip(best, order[:, :kept].tolist())
    return float(np.mean([video in own for video, own in found]))
