# Copyright (c) clipbert_mm contributors.
"""Library of videos: indexed once, searched in seconds."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from clipbert_mm.apis.best_answers import best_answers
from clipbert_mm.apis.clipbert_inferencer import ClipBERTInferencer
from clipbert_mm.apis.explaining import explain_score
from clipbert_mm.apis.explanation import Explanation
from clipbert_mm.apis.matches import describe_match
from clipbert_mm.apis.text_queries import one_text, text_list
from clipbert_mm.apis.video_features import SkippedVideo, VideoFeatures
from clipbert_mm.apis.video_inputs import expand_videos
from clipbert_mm.utils.checks import (
    check_choice,
    check_fraction,
    check_integer,
    check_number,
)
from clipbert_mm.utils.locks import FolderInUseError, lock_folder
from clipbert_mm.weights.calibration import apply_calibration

from .distilling import MAX_VIDEOS, DistillReport, distill
from .encoding import Engine, local_engine
from .errors import LibraryError
from .evaluating import evaluate, read_queries
from .file_facts import reachable_files
from .opened_model import (
    OpenedModel,
    describe_grids,
    grid_shape,
    open_model,
)
from .packing import PRECISIONS
from .ray_engine import ray_engine
from .searching import (
    SEARCHES,
    TIERS,
    Passes,
    Scored,
    choose_tier,
    score_videos,
    search_among,
)
from .shard import WHOLE, Shard, make_shard
from .similar_captions import find_like_captions
from .similar_videos import find_similar
from .store import IndexStore, VideoRow
from .student_rows import has_student
from .student_tables import StudentTables
from .updating import Progress, UpdateReport, update_index
from .video_names import VideoName, numbers_of
from .watching import StillFiles, repeat_looks

#: What encodes the files of an index.
ENGINES = ('local', 'ray')
# New videos that are scored at a time.
_NEW_VIDEOS = 64


class SearchResult(list[dict[str, Any]]):
    """Matches, best first, and how they were found.

    Args:
        matches (Iterable[dict[str, Any]]): The matches.
        tier (str): ``'exact'``, ``'cascade'``, ``'student'`` or
            ``'outside'``.
        passes (int): Pairs of a text and a clip that were scored.
    """

    def __init__(
        self, matches: Iterable[dict[str, Any]], tier: str, passes: int
    ) -> None:
        super().__init__(matches)
        self.tier = tier
        self.passes = passes


class VideoLibrary:
    """Index of videos that texts are searched in.

    An index holds the grids of the clips of each video, which take no more
    decoding. It belongs to one model; scores are those of
    :meth:`ClipBERTInferencer.rank <clipbert_mm.apis.ClipBERTInferencer.rank>`
    but for the precision of the stored grids.

    Args:
        index (str | os.PathLike[str]): Folder of the index.
        model (str | os.PathLike[str] | Config | None): Model of the index;
            see :class:`~clipbert_mm.apis.ClipBERTInferencer`. Defaults to
            None: the one that the index names.
        weights (str | os.PathLike[str] | None): Checkpoint, where the model
            is a config. Defaults to None.
        device (str | None): Device of the model. Defaults to None: a GPU if
            one is available.

    Raises:
        ImportError: If LanceDB is not installed.
        LibraryError: If there is no index, or it is of another model.

    Example:
        >>> library = VideoLibrary.create('index')  # doctest: +SKIP
        >>> library.update('videos/').added  # doctest: +SKIP
        100
        >>> library.search('a dog runs')[0]['video']  # doctest: +SKIP
        '/home/me/videos/b.mp4'
    """

    def __init__(
        self,
        index: str | os.PathLike[str],
        model: str | os.PathLike[str] | Config | None = None,
        weights: str | os.PathLike[str] | None = None,
        device: str | None = None,
    ) -> None:
        store = IndexStore(index)
        about = store.description
        opened = open_model(
            about.model if model is None else model,
            weights,
            device,
            about.num_clips,
        )
        about.check_same(
            describe_grids(
                opened, about.precision, (about.tokens, about.width)
            )
        )
        self._set(store, opened)

    def _set(self, store: IndexStore, opened: OpenedModel) -> None:
        self.store = store
        self._config = opened.config
        self._model = opened.model
        self._calibration = opened.calibration

    @classmethod
    def create(
        cls,
        index: str | os.PathLike[str],
        model: str | os.PathLike[str] | Config = 'demo',
        weights: str | os.PathLike[str] | None = None,
        device: str | None = None,
        clips: int = 16,
        precision: str = 'float16',
    ) -> 'VideoLibrary':
        """Make an index without videos.

        Args:
            index (str | os.PathLike[str]): New or empty folder.
            model (str | os.PathLike[str] | Config): Model. Defaults to
                ``'demo'``.
            weights (str | os.PathLike[str] | None): Checkpoint, where the
                model is a config. Defaults to None.
            device (str | None): Device of the model. Defaults to None.
            clips (int): Clips of a video, which are spread over it. Defaults
                to 16.
            precision (str): ``'float16'`` or ``'int8'``: half the size.
                Defaults to ``'float16'``.

        Returns:
            VideoLibrary: The library.

        Raises:
            LibraryError: If there is an index.
            ValueError: If an option is wrong, or the model matches no texts.
        """
        check_integer('clips', clips, 1)
        check_choice('precision', precision, PRECISIONS)
        opened = open_model(model, weights, device, clips)
        shape = grid_shape(opened.model)
        library = cls.__new__(cls)  # the model need not be loaded again
        library._set(
            IndexStore.create(index, describe_grids(opened, precision, shape)),
            opened,
        )
        return library

    def update(
        self,
        videos: Any,
        workers: int = 0,
        progress: Progress | None = None,
        shard: tuple[int, int] = WHOLE,
        engine: str = 'local',
        address: str | None = None,
    ) -> UpdateReport:
        """Index what is new or changed, and drop what is gone.

        Args:
            videos (Any): All videos of the library: files, folders and
                patterns.
            workers (int): Processes that decode. Defaults to 0: this one, or
                all CPUs of a Ray cluster.
            progress (Progress | None): Called with the numbers of files that
                are done and of all. Defaults to None.
            shard (tuple[int, int]): Part of the files that this process looks
                at, such as ``(1, 8)`` of ``(1, 8)`` to ``(8, 8)``, which
                eight processes may index at once. Defaults to all.
            engine (str): ``'local'``, or ``'ray'``: through Ray Data, on one
                machine or many. Defaults to ``'local'``.
            address (str | None): Address of the Ray cluster. Defaults to
                None: a cluster of this machine alone.

        Returns:
            UpdateReport: What has changed.

        Raises:
            FolderInUseError: If another process updates the index, or the
                same shard of it.
            FileNotFoundError: If a folder or a pattern holds no video.
            ImportError: If Ray is asked for and not installed.
            TypeError: If a video is no file.
            ValueError: If an option is wrong, there is no such shard, or the
                cluster is too small.
        """
        check_integer('workers', workers, 0)
        part = make_shard(*shard)
        encode = self._engine(engine, workers, address)
        paths = _files(videos)
        with self._lock(part):
            report = update_index(self.store, encode, paths, progress, part)
            if has_student(self.store):
                students = StudentTables(self.store)
                student = students.load(self._model)
                students.bring_up_to_date(student, part.numbers)
                if part == WHOLE:  # shards would build it at once
                    students.index_vectors()
            return report

    def _engine(self, name: str, workers: int, address: str | None) -> Engine:
        check_choice('engine', name, ENGINES)
        precision = self.store.description.precision
        if name == 'ray':
            return ray_engine(self._model, precision, workers, address)
        if address is not None:
            raise ValueError(
                f"address={address!r} needs engine='ray': the local engine "
                'has none.'
            )
        return local_engine(self._model, self._config, precision, workers)

    @contextlib.contextmanager
    def _lock(self, shard: Shard) -> Iterator[None]:
        """Lock a shard of the index, if it is a folder."""
        location = self.store.location
        if '://' in location:
            yield
        elif shard == WHOLE:
            with lock_folder(location, 'make another index'):
                yield
        else:
            folder = Path(location, '.shards', str(shard.number))
            with (
                lock_folder(location, 'make another index', shared=True),
                lock_folder(folder, 'take another shard'),
            ):
                yield

    def search(
        self,
        query: str,
        top_k: int = 10,
        min_score: float = 0.0,
        tier: str | None = None,
        candidates: Sequence[VideoName] | None = None,
    ) -> SearchResult:
        """Return the videos that match a text, best first.

        Args:
            query (str): The text.
            top_k (int): Maximum number of videos. Defaults to 10.
            min_score (float): Smallest score of a match. Defaults to 0.
            tier (str | None): ``'exact'``: every clip is scored;
                ``'cascade'``: two clips of each video, then all clips of the
                50 best videos; ``'student'``: all clips of the 50 videos that
                the student of the index finds best. Defaults to None: exact
                up to 4,096 clips, then the student if there is one.
            candidates (Sequence[VideoName] | None): Videos that another
                system has found, as numbers, paths or names of files; no
                others are scored. Defaults to None.

        Returns:
            SearchResult: Dictionaries with ``id``, the number of the video in
            the index, ``video``, ``score``, ``start`` and ``end`` of the best
            clip in seconds, and ``clips``, a list of ``(start, end, score)``.

        Raises:
            LibraryError: If a candidate is not in the index, or it has no
                student and the tier asks for one.
            TypeError: If the query is no string.
            ValueError: If the vocabulary knows no word of the query, or an
                option is wrong.
        """
        text = one_text('query', query)
        check_integer('top_k', top_k, 1)
        check_fraction('min_score', min_score)
        self._model.check_texts([text])
        passes = self._passes(text, tier, candidates)
        return self._best(passes, top_k, min_score)

    def _best(
        self, passes: Passes, top_k: int, min_score: float
    ) -> SearchResult:
        """Return the videos with the best scores with the first text."""
        paths = {row.video: row.facts.path for row in self.store.videos()}
        raw = np.array([one.scores[0] for one in passes.found], np.float32)
        scores = apply_calibration(raw, self._calibration)
        matches = []
        for i in np.argsort(-raw, kind='stable')[:top_k]:
            one = passes.found[i]
            # A video may have been removed since it was scored.
            if scores[i] >= min_score and one.video in paths:
                matches.append(self._describe(one, paths[one.video]))
        return SearchResult(matches, passes.tier, passes.passes)

    def _describe(
        self, one: Scored, path: str, text_ind: int = 0
    ) -> dict[str, Any]:
        """Describe how a video matches one of the texts of its scores."""
        features = VideoFeatures(path, torch.empty(0), one.times, '')
        score, *clips = apply_calibration(
            np.append(one.scores[text_ind], one.clips[text_ind]),
            self._calibration,
        )
        match = describe_match(score, np.array(clips), features)
        return dict(id=one.video, **match)

    def search_many(
        self,
        queries: Iterable[str],
        top_k: int = 10,
        min_score: float = 0.0,
        tier: str | None = None,
        candidates: Sequence[VideoName] | None = None,
    ) -> list[SearchResult]:
        """Return the videos that match each of several texts, best first.

        All texts are checked before the first one is searched.

        Args:
            queries (Iterable[str]): The texts.
            top_k (int): Maximum number of videos for each. Defaults to 10.
            min_score (float): Smallest score of a match. Defaults to 0.
            tier (str | None): See :meth:`search`. Defaults to None.
            candidates (Sequence[VideoName] | None): See :meth:`search`.
                Defaults to None.

        Returns:
            list[SearchResult]: What :meth:`search` returns for each text.

        Raises:
            LibraryError: As for :meth:`search`.
            TypeError: If a query is no string.
            ValueError: If there is no query, the vocabulary knows no word of
                one, or an option is wrong.
        """
        texts = text_list('queries', queries)
        self._model.check_texts(texts)
        return [
            self.search(text, top_k, min_score, tier, candidates)
            for text in texts
        ]

    def _passes(
        self,
        text: str,
        tier: str | None,
        candidates: Sequence[VideoName] | None,
    ) -> Passes:
        if candidates is not None:
            if tier is not None:
                raise ValueError(
                    'candidates are all that is scored, so there is no tier '
                    f'to choose, but got tier={tier!r}. Leave one of them out.'
                )
            videos = numbers_of(self.store.videos(), candidates)
            return search_among(self.store, self._model, [text], videos)
        return SEARCHES[self._tier(tier)](self.store, self._model, [text])

    def _tier(self, tier: str | None) -> str:
        if tier is None:
            size = self.store.count_clips()
            tier = choose_tier(size, has_student(self.store))
        check_choice('tier', tier, TIERS)
        return tier

    def distill(
        self,
        queries: Sequence[str],
        max_videos: int = MAX_VIDEOS,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> DistillReport:
        """Make a student, which finds candidates without scoring all clips.

        It is a small dual encoder over the stored grids that learns from the
        scores of the model. :meth:`update` keeps its vectors up to date.

        Args:
            queries (Sequence[str]): Hundreds of queries such as those that
                will be asked: a log of queries, or captions.
            max_videos (int): Maximum number of videos that it learns from.
                Defaults to 1,000.
            seed (int): Seed of all draws. Defaults to 0.
            progress (Progress | None): Called with the numbers of queries
                that are scored and of all. Defaults to None.

        Returns:
            DistillReport: What was used, and the recall of the student.

        Raises:
            FolderInUseError: If another process updates the index.
            LibraryError: If the index holds less than two readable videos.
            TypeError: If a query is no string.
            ValueError: If there are no queries, the vocabulary knows no word
                of one, or an option is wrong.
        """
        check_integer('max_videos', max_videos, 2)
        check_integer('seed', seed, 0)
        texts = text_list('queries', queries)
        self._model.check_texts(texts)
        with self._lock(WHOLE):
            return distill(
                self.store, self._model, texts, max_videos, seed, progress
            )

    def scores_of(self, query: str, videos: Sequence[int]) -> dict[int, float]:
        """Return how well a text matches some videos.

        Args:
            query (str): The text.
            videos (Sequence[int]): Numbers of videos in the index.

        Returns:
            dict[int, float]: Score of each video that is in the index and
            readable.

        Raises:
            TypeError: If the query is no string.
            ValueError: If the vocabulary knows no word of the query.
        """
        text = one_text('query', query)
        self._model.check_texts([text])
        found = score_videos(self.store, self._model, [text], videos)
        return {
            one.video: float(
                apply_calibration(one.scores, self._calibration)[0]
            )
            for one in found
        }

    def ask(
        self,
        question: str,
        answerer: ClipBERTInferencer,
        top_k: int = 3,
        about: str | None = None,
        options: Sequence[str] | None = None,
        answers: int = 3,
    ) -> SearchResult:
        """Ask a question about the videos that match it; they are decoded.

        Args:
            question (str): The question.
            answerer (ClipBERTInferencer): Model that answers it.
            top_k (int): Maximum number of videos. Defaults to 3.
            about (str | None): Text that the videos are to match. Defaults to
                None: the question itself.
            options (Sequence[str] | None): Answers to choose from. Defaults
                to None: those that the answerer knows.
            answers (int): Maximum number of answers. Defaults to 3.

        Returns:
            SearchResult: Matches of :meth:`search`, with ``answers``, pairs
            of an answer and its score, best first. If a file has become
            unreadable, there are none, and ``reason`` says why.

        Raises:
            TypeError: If a text is no string.
            ValueError: If the vocabulary of a model knows no word of a text,
                the answerer cannot answer, or an option is wrong.

        Example:
            >>> library.ask('what colour is the ring',
            ...             ClipBERTInferencer('demo-qa'))  # doctest: +SKIP
        """
        found = self.search(question if about is None else about, top_k)
        for match in found:
            (video,) = answerer.features([match['video']], on_error='skip')
            if isinstance(video, SkippedVideo):
                match.update(answers=[], reason=video.reason)
                continue
            match['answers'] = best_answers(
                answerer, video, question, options, answers
            )
        return found

    def explain(self, video: int, query: str) -> Explanation:
        """Return where a video matches a text; its file is decoded.

        Args:
            video (int): Number of the video in the index.
            query (str): The text.

        Returns:
            Explanation: Places, moments and words.

        Raises:
            LibraryError: If the video is not in the index.
            MediaError: If its file is unreadable.
            OSError: If its file cannot be read.
            ValueError: If the vocabulary knows no word of the query.
        """
        text = one_text('query', query)
        self._model.check_texts([text])
        path = self.path_of(video)
        clips = self._model.pipeline(path)
        return explain_score(
            self._model,
            path,
            clips,
            text,
            None,
            'occlusion',
            self._calibration,
        )

    def path_of(self, video: int) -> str:
        """Return the file of a video.

        Args:
            video (int): Number of the video in the index.

        Returns:
            str: Absolute path.

        Raises:
            LibraryError: If the video is not in the index.
        """
        row = self.store.find(video)
        if row is None:
            raise LibraryError(f'there is no video {video} in the index.')
        return row.facts.path

    def similar(
        self,
        video: str | os.PathLike[str],
        top_k: int = 10,
        captions: Iterable[str] | None = None,
        tier: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return the videos that are like one, the nearest first.

        By grids, the measure is the largest cosine of the mean tokens of two
        clips. By captions of the video, it is the mean of their log-odds with
        the other video, as a probability.

        Args:
            video (str | os.PathLike[str]): A video of the index.
            top_k (int): Maximum number of videos. Defaults to 10.
            captions (Iterable[str] | None): What the video shows. Defaults to
                None: grids are compared.
            tier (str | None): How captions are searched for; see
                :meth:`search`. Defaults to None.

        Returns:
            list[dict[str, Any]]: Dictionaries with ``id``, ``video`` and
            ``cosine``; by captions a :class:`SearchResult`, as of
            :meth:`search`.

        Raises:
            LibraryError: If the video is not in the index, or it has no
                student and the tier asks for one.
            TypeError: If a caption is no string.
            ValueError: If an option is wrong, there is no caption, or the
                vocabulary knows no word of one.
        """
        check_integer('top_k', top_k, 1)
        if captions is None:
            if tier is not None:
                raise ValueError(
                    f'tier={tier!r} is for captions. Leave it out to compare '
                    'grids.'
                )
            return find_similar(self.store, video, top_k)
        texts = text_list('captions', captions)
        self._model.check_texts(texts)
        passes = find_like_captions(
            self.store, self._model, video, texts, self._tier(tier)
        )
        return self._best(passes, top_k, 0.0)

    def watch(
        self,
        videos: Any,
        queries: Iterable[str],
        min_score: float = 0.5,
        every: float = 60.0,
        once: bool = False,
        workers: int = 0,
        updated: Callable[[UpdateReport], None] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Follow files, and yield new ones that match saved queries.

        The index is updated as by :meth:`update`, but a file is read only
        when its size and time are those of the look before. An index that
        another process updates is left alone until the next look, and what
        that process adds is reported, too.

        Args:
            videos (Any): All videos of the library: files, folders and
                patterns. A folder may be empty for now.
            queries (Iterable[str]): The texts.
            min_score (float): Smallest score of a match. Defaults to 0.5.
            every (float): Seconds between two looks. Defaults to 60.
            once (bool): End after a look, and a second one if files are new.
                Defaults to False: look for ever.
            workers (int): Processes that decode. Defaults to 0: this one.
            updated (Callable[[UpdateReport], None] | None): Called after each
                update. Defaults to None.

        Returns:
            Iterator[dict[str, Any]]: A match of :meth:`search` with ``query``
            for each new video and query, as soon as it is found.

        Raises:
            FolderInUseError: If another process updates the index, and
                ``once`` is set.
            TypeError: If a query is no string, or a video no file.
            ValueError: If there is no query, the vocabulary knows no word of
                one, or an option is wrong.

        Example:
            >>> for match in library.watch(
            ...         'camera/', ['a dog']):  # doctest: +SKIP
            ...     print(match['video'], match['start'])
        """
        texts = text_list('queries', queries)
        check_fraction('min_score', min_score)
        check_number('every', every)
        check_integer('workers', workers, 0)
        self._model.check_texts(texts)
        known = self._contents()
        still = StillFiles()

        def look() -> tuple[bool, Iterator[dict[str, Any]]]:
            try:
                paths, is_waiting = self._still_files(videos, still)
                if paths:
                    report = self.update(paths, workers)
                    if updated is not None:
                        updated(report)
            except FolderInUseError:
                if once:
                    raise
                is_waiting = True
            new = self._contents() - known
            known.update(new)
            return is_waiting, self._matches_of(texts, sorted(new), min_score)

        return repeat_looks(look, every, once)

    def _contents(self) -> set[int]:
        """Return the numbers of readable videos; other content has another."""
        return {row.video for row in self.store.videos() if row.clips}

    def _still_files(
        self, videos: Any, still: StillFiles
    ) -> tuple[list[str], bool]:
        """Return files for an update to make, and whether others wait."""
        try:
            found, _ = reachable_files(_files(videos))
        except FileNotFoundError:
            return [], False  # an empty folder, which is no reason to end
        rows = self.store.videos()
        known = {row.facts.path: row.facts for row in rows}
        look = still.look(found, known)
        same = [facts == known.get(facts.path) for facts in look.still]
        is_same = all(same) and len(same) == len(known)
        paths = [] if is_same else [facts.path for facts in look.still]
        return paths, look.waiting > 0

    def _matches_of(
        self, texts: Sequence[str], videos: Sequence[int], min_score: float
    ) -> Iterator[dict[str, Any]]:
        """Yield how videos match texts, those with enough score."""
        paths = {row.video: row.facts.path for row in self.store.videos()}
        for start in range(0, len(videos), _NEW_VIDEOS):
            block = videos[start : start + _NEW_VIDEOS]
            for one in score_videos(self.store, self._model, texts, block):
                for text_ind, text in enumerate(texts):
                    match = self._describe(one, paths[one.video], text_ind)
                    if match['score'] >= min_score:
                        yield dict(query=text, **match)

    def evaluate(
        self,
        queries: str | os.PathLike[str],
        tiers: Sequence[str] | None = None,
    ) -> dict[str, dict[str, float]]:
        """Return recall and cost of ways to search.

        Args:
            queries (str | os.PathLike[str]): CSV file with the columns
                ``query`` and ``video``, the path or the name of a video of
                the index.
            tiers (Sequence[str] | None): Ways to search. Defaults to None:
                all that the index allows.

        Returns:
            dict[str, dict[str, float]]: For each tier ``R1``, ``R5``, ``R10``
            in percent, ``MdR``, ``MnR``, and ``passes`` and ``seconds`` of a
            query.

        Raises:
            FileNotFoundError: If the file does not exist.
            AnnotationError: If it is no such table, or names another video.
            ValueError: If a tier is unknown, or the vocabulary knows no word
                of a query.
        """
        for tier in tiers or ():
            check_choice('tier', tier, TIERS)
        found = read_queries(os.fspath(queries), self.store.videos())
        self._model.check_texts([query.text for query in found])
        return evaluate(self.store, self._model, found, tiers)

    def videos(self) -> list[VideoRow]:
        """Return the files of the index.

        Returns:
            list[VideoRow]: All of them; those without clips are unreadable.
        """
        return self.store.videos()


def _files(videos: Any) -> list[str]:
    """Return the paths of the files that an argument names."""
    paths = []
    for video in expand_videos(videos):
        if not isinstance(video, str):
            raise TypeError(
                'An index holds files, but got '
                f'{type(video).__name__}. Pass the path of a file.'
            )
        paths.append(video)
    return paths
