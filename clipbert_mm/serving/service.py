# Copyright (c) clipbert_mm contributors.
"""What a service does with a library, apart from HTTP."""

import io
import os.path as osp
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.errors import LibraryError
from clipbert_mm.library.store import VideoRow
from clipbert_mm.media.errors import is_media_error

from .errors import RequestError
from .feedback import VOTES, Feedback
from .limits import ServiceLimits
from .model_queue import ModelQueue
from .moments import Moments

_JPEG_QUALITY = 85


class LibraryService:
    """Searches in a library for any number of threads.

    Videos are named by their numbers in the index, never by paths, so that
    no request reaches a file outside the index.

    Args:
        library (VideoLibrary): The library.
        limits (ServiceLimits | None): Limits of requests. Defaults to None:
            those of :class:`ServiceLimits`.
        answerer (ClipBERTInferencer | None): Model that answers questions.
            Defaults to None: questions are refused.

    Example:
        >>> service = LibraryService(
        ...     VideoLibrary('index'))  # doctest: +SKIP
        >>> service.search('a dog', 3)['matches'][0]['id']  # doctest: +SKIP
        17
    """

    def __init__(
        self,
        library: VideoLibrary,
        limits: ServiceLimits | None = None,
        answerer: ClipBERTInferencer | None = None,
    ) -> None:
        self.library = library
        self.limits = limits or ServiceLimits()
        self.answerer = answerer
        self.queue = ModelQueue(self.limits.waiting)
        self._moments = Moments(self.limits.moments)
        self._feedback = Feedback(library.store)

    def search(
        self,
        query: Any,
        top_k: Any = 12,
        min_score: Any = 0.0,
        tier: Any = None,
    ) -> dict[str, Any]:
        """Return the videos that match a text.

        Args:
            query (Any): The text.
            top_k (Any): Maximum number of videos. Defaults to 12.
            min_score (Any): Smallest score. Defaults to 0.
            tier (Any): Way to search. Defaults to None: by the size.

        Returns:
            dict[str, Any]: ``matches``, ``tier`` and ``passes``.

        Raises:
            RequestError: If an argument is wrong, or above a limit.
        """
        self._check_query(query)
        self._check_number('top_k', top_k, 1, self.limits.results)
        with self.queue.turn():
            found = _refused(
                lambda: self.library.search(query, top_k, min_score, tier)
            )
        matches = [self._shown(match) for match in found]
        return dict(matches=matches, tier=found.tier, passes=found.passes)

    def rerank(
        self, query: Any, documents: Any, top_n: Any = None
    ) -> dict[str, Any]:
        """Return how well a text matches given videos, best first.

        Args:
            query (Any): The text.
            documents (Any): Numbers of videos, or objects with ``id``.
            top_n (Any): Maximum number of results. Defaults to None: all.

        Returns:
            dict[str, Any]: ``results`` with ``index``, the position among the
            documents, and ``relevance_score``.

        Raises:
            RequestError: If an argument is wrong, or a document is not in the
                index.
        """
        self._check_query(query)
        ids = self._ids(documents)
        if top_n is not None:
            self._check_number('top_n', top_n, 1, self.limits.documents)
        with self.queue.turn():
            scores = _refused(lambda: self.library.scores_of(query, ids))
        missing = [video for video in ids if video not in scores]
        if missing:
            raise RequestError(
                f'documents must be readable videos of the index, but '
                f'{missing[0]} is none.'
            )
        order = sorted(range(len(ids)), key=lambda i: -scores[ids[i]])
        return dict(
            results=[
                dict(index=i, relevance_score=scores[ids[i]])
                for i in order[:top_n]
            ]
        )

    def similar(self, video: int, top_k: int = 12) -> dict[str, Any]:
        """Return the videos that look like one.

        Args:
            video (int): Number of a video.
            top_k (int): Maximum number of videos. Defaults to 12.

        Returns:
            dict[str, Any]: ``matches`` with ``id``, ``name`` and ``cosine``.

        Raises:
            RequestError: If the video is not in the index; its status is 404.
        """
        path = self._row(video).facts.path
        found = _refused(lambda: self.library.similar(path, top_k))
        matches = [
            dict(
                id=match['id'],
                name=_name(match['video']),
                cosine=match['cosine'],
                **self._first_clip(match['id']),
            )
            for match in found
        ]
        return dict(matches=matches)

    def ask(self, video: Any, question: Any) -> dict[str, Any]:
        """Return the best answers to a question about a video.

        Args:
            video (Any): Number of the video.
            question (Any): The question.

        Returns:
            dict[str, Any]: ``answers``, pairs of an answer and its score.

        Raises:
            RequestError: If no model answers questions, or an argument is
                wrong.
        """
        if self.answerer is None:
            raise RequestError(
                'This service answers no questions. Start it with --qa-model.',
                404,
            )
        self._check_query(question, 'question')
        self._check_number('id', video, 0, None)
        path = self._row(video).facts.path
        answerer = self.answerer
        with self.queue.turn():
            answers = _refused(lambda: answerer.answer(path, question))
        return dict(answers=[list(answer) for answer in answers])

    def judge(self, query: Any, video: Any, vote: Any) -> dict[str, Any]:
        """Keep a judgement about a match.

        Args:
            query (Any): The text.
            video (Any): Number of the video.
            vote (Any): 1 if it matches, -1 if not.

        Returns:
            dict[str, Any]: Nothing.

        Raises:
            RequestError: If an argument is wrong.
        """
        self._check_query(query)
        self._check_number('id', video, 0, None)
        if vote not in VOTES or isinstance(vote, bool):
            raise RequestError(f'vote must be 1 or -1, but got {vote!r:.40}.')
        self._feedback.add(query, self._row(video).facts.path, vote)
        return {}

    def explain(self, video: int, query: str) -> bytes:
        """Return an image of where a video matches a text.

        Args:
            video (int): Number of the video.
            query (str): The text.

        Returns:
            bytes: JPEG.

        Raises:
            RequestError: If the video is not in the index or unreadable.
        """
        self._check_query(query)
        self._row(video)
        with self.queue.turn():
            found = _refused(lambda: self.library.explain(video, query))
        target = io.BytesIO()
        image = Image.fromarray(found.draw())
        image.save(target, 'JPEG', quality=_JPEG_QUALITY)
        return target.getvalue()

    def moment(self, video: int, start: float, end: float) -> BinaryIO:
        """Return a moment of a video as a file that browsers play.

        Args:
            video (int): Number of the video.
            start (float): Start in seconds.
            end (float): End in seconds.

        Returns:
            BinaryIO: An mp4; the caller closes it.

        Raises:
            RequestError: If the video is not in the index or unreadable, or
                the moment is too long.
        """
        longest = self.limits.moment_seconds
        if not 0 <= start <= end <= start + longest:
            raise RequestError(
                f'a moment must start before it ends and last at most '
                f'{longest:g} s, but got {start:g} to {end:g} s.'
            )
        row = self._row(video)
        if start > row.seconds:
            raise RequestError(
                f'the video ends at {row.seconds:g} s, but the moment starts '
                f'at {start:g} s.'
            )
        path = Path(row.facts.path)
        return _refused(lambda: self._moments.cut(path, video, start, end))

    def thumbnail(self, video: int, clip: int) -> bytes:
        """Return a small image of a clip.

        Args:
            video (int): Number of the video.
            clip (int): Position of the clip.

        Returns:
            bytes: JPEG.

        Raises:
            RequestError: If there is no such clip; its status is 404.
        """
        if clip >= self._row(video).clips:
            raise RequestError(f'there is no clip {clip} of {video}.', 404)
        return self.library.store.thumbnail(video, clip)

    def gauges(self) -> dict[str, float]:
        """Return sizes for monitoring.

        Returns:
            dict[str, float]: Numbers of videos and clips, and requests that
            wait.
        """
        rows = self.library.videos()
        return dict(
            videos=sum(row.clips > 0 for row in rows),
            clips=sum(row.clips for row in rows),
            waiting=self.queue.length,
        )

    def _row(self, video: int) -> VideoRow:
        row = self.library.store.find(video)
        if row is None or not row.clips:
            raise RequestError(f'there is no video {video} in the index.', 404)
        return row

    def _shown(self, match: Mapping[str, Any]) -> dict[str, Any]:
        """Return a match without its path."""
        clips = match['clips']
        best = max(range(len(clips)), key=lambda i: clips[i][2])
        return dict(
            id=match['id'],
            name=_name(match['video']),
            score=match['score'],
            start=match['start'],
            end=match['end'],
            clip=best,
            clips=[list(clip) for clip in clips],
        )

    def _first_clip(self, video: int) -> dict[str, Any]:
        columns = ('video', 'clip', 'start', 'end')
        clip = self.library.store.take([video], columns)[0]
        return dict(clip=clip['clip'], start=clip['start'], end=clip['end'])

    def _check_query(self, query: Any, name: str = 'query') -> None:
        longest = self.limits.query_characters
        if not isinstance(query, str) or not query.strip():
            raise RequestError(
                f'{name} must be a text, but got {query!r:.40}.'
            )
        if len(query) > longest:
            raise RequestError(
                f'{name} must have at most {longest} characters, but has '
                f'{len(query)}.'
            )

    def _check_number(
        self, name: str, value: Any, least: float, most: float | None
    ) -> None:
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value < least
            or (most is not None and value > most)
        ):
            bound = '' if most is None else f' and <= {most}'
            raise RequestError(
                f'{name} must be a number >= {least}{bound}, but got '
                f'{value!r:.40}.'
            )

    def _ids(self, documents: Any) -> list[int]:
        most = self.limits.documents
        if not isinstance(documents, list) or not 0 < len(documents) <= most:
            raise RequestError(
                f'documents must be a list of 1 to {most} numbers of videos.'
            )
        ids: list[int] = []
        for document in documents:
            video: Any = document
            if isinstance(document, dict):
                video = document.get('id')
            self._check_number('documents', video, 0, None)
            ids.append(video)
        return ids


def _name(path: str) -> str:
    """Return the name of a file, as text."""
    return osp.basename(path).encode('utf-8', 'replace').decode()


def _refused(work: Callable[[], Any]) -> Any:
    """Turn the expected errors of some work into refusals.

    No message names a path of this machine.
    """
    try:
        return work()
    except LibraryError as error:
        raise RequestError(str(error), 404) from error
    except (ValueError, TypeError) as error:
        raise RequestError(str(error)) from error
    except Exception as error:  # the file has changed since it was indexed
        if not is_media_error(error):
            raise
        reason = getattr(error, 'reason', None) or 'it cannot be opened'
        raise RequestError(
            f'the video is unreadable: {reason}', 410
        ) from error
