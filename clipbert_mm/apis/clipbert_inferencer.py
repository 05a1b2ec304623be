# Copyright (c) clipbert_mm contributors.
"""Score, rank, describe and question videos with a trained model."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from mmaction.structures import ActionDataSample

from clipbert_mm.utils.checks import (
    check_bool,
    check_choice,
    check_fraction,
    check_integer,
)
from clipbert_mm.weights.calibration import Calibration, apply_calibration

from .asked_questions import AskedQuestion, as_asked, read_questions
from .background import check_unrelated, compare_with_unrelated
from .base_video_inferencer import BaseVideoInferencer
from .calibrating import check_labels, fit_calibration
from .explaining import explain_score
from .explanation import Explanation
from .matches import (
    Ranking,
    all_read,
    best_first,
    best_texts,
    describe_match,
    is_read,
    warn_of_skipped,
)
from .relevance_maps import METHODS
from .text_queries import one_text
from .video_features import SkippedVideo, VideoFeatures
from .video_inputs import VideoFrames, is_single_video
from .video_pairs import divide_pairs, video_key

_CALLS = {
    'answer': 'answer() without options',
    'choose': 'answer() with options',
    'count': 'count()',
}


class ClipBERTInferencer(BaseVideoInferencer):
    """Scores, rankings and answers of a trained model for any videos.

    Every pair of a video and a text goes through the whole model (section
    "Downstream Tasks" of `ClipBERT <https://arxiv.org/abs/2102.06183>`_),
    with the test pipeline, the tokenizer and the number of clips of the
    config, so a score is the one that a test of the config computes, until
    it is calibrated.

    A video is a file, a folder, a pattern such as ``'videos/*.mp4'``,
    :class:`VideoFrames`, or the result of :meth:`features`. The features of
    files are remembered, so a file is decoded once while it does not change.
    Several threads may share an inferencer.

    Args:
        model (str | os.PathLike[str] | Config): ``'demo'`` or ``'demo-qa'``,
            which come with the package; the folder of an exported model, or
            its name on the Hugging Face hub, ``'user/name'``; or, with
            weights, a config, its path or the name of a shipped one.
        weights (str | os.PathLike[str] | None): ``.pth`` or ``.safetensors``
            file, with a config. Defaults to None.
        device (str | None): Device of the model. Defaults to None: a GPU if
            one is available.
        precision (str | None): ``'bfloat16'`` or ``'float16'``, the precision
            of matrix products and convolutions; or ``'int8'``, that of BERT
            on a CPU, with the extra ``onnx``, which then runs the CNN too.
            Defaults to None, single precision.
        decoder (str | None): ``'pyav'``, ``'decord'`` or ``'torchcodec'``.
            Defaults to None, that of the config.
        on_damage (str | None): ``'raise'``, ``'scan'`` or ``'use'``, as for
            ``LoadVideo``. Defaults to None, that of the config.
        limits (Mapping[str, Any] | None): Limits above which a file is
            unreadable, such as ``dict(pixels=10**8)``. Defaults to None,
            those of the config.
        show_progress (bool): Draw a progress bar where standard error is a
            terminal. Defaults to True.
        trust_config (bool): Also run the ``config.py`` of a folder. Set it
            only if you trust who made the folder. Defaults to False.
        cache_bytes (int): Maximum memory for the features of files that were
            read, which later calls use unless a file has changed. Defaults
            to 512 MiB; 0 reads every file again.

    Raises:
        FileNotFoundError: If the model or the weights do not exist.
        OSError: If a model of the hub cannot be downloaded.
        TypeError: If an argument is of another type, or a limit unknown.
        ValueError: If the weights do not fit the config, or an option is
            unknown.

    Example:
        >>> inferencer = ClipBERTInferencer('exported')  # doctest: +SKIP
        >>> best = inferencer.rank(
        ...     'a dog runs', 'videos/')[0]  # doctest: +SKIP
        >>> best['video'], best['start'], best['score']  # doctest: +SKIP
        ('videos/b.mp4', 3.5, 0.93)
    """

    def score(
        self,
        videos: Any,
        texts: str | Iterable[str],
        on_error: str = 'raise',
        batch_size: int = 8,
    ) -> np.ndarray:
        """Return how well each text matches each video.

        Args:
            videos (Any): N videos; see the class.
            texts (str | Iterable[str]): M texts.
            on_error (str): ``'raise'``, or ``'skip'``: the scores of an
                unreadable video are NaN, with a warning. Defaults to
                ``'raise'``.
            batch_size (int): Number of videos at a time. Defaults to 8.

        Returns:
            np.ndarray: float32 ``(N, M)``, probabilities of a match.

        Raises:
            MediaError: If a video is unreadable and not skipped.
            OSError: If a file cannot be read and is not skipped.
            TypeError: If an argument is of another type.
            ValueError: If there is nothing to score, or the vocabulary knows
                no word of a text.
        """
        wanted = self._matching_texts(texts)
        found = self._read(self._expand(videos), on_error, batch_size)
        rows = [i for i, video in enumerate(found) if is_read(video)]
        scores = np.full((len(found), len(wanted)), np.nan, np.float32)
        features = list(filter(is_read, found))
        scores[rows] = self._core.scores(features, wanted)[0]
        warn_of_skipped(found)
        return apply_calibration(scores, self.calibration)

    def predict(
        self,
        pairs: Iterable[tuple[Any, str]],
        on_error: str = 'raise',
        batch_size: int = 8,
    ) -> np.ndarray:
        """Return how well the text of each pair matches its video.

        A video of several pairs is decoded once.

        Args:
            pairs (Iterable[tuple[Any, str]]): P pairs of a video and a text.
            on_error (str): ``'raise'``, or ``'skip'``: the scores of an
                unreadable video are NaN, with a warning. Defaults to
                ``'raise'``.
            batch_size (int): Number of videos at a time. Defaults to 8.

        Returns:
            np.ndarray: float32 ``(P,)``, probabilities of a match.

        Raises:
            MediaError: If a video is unreadable and not skipped.
            OSError: If a file cannot be read and is not skipped.
            TypeError: If an argument is of another type.
            ValueError: If there is nothing to score, or the vocabulary knows
                no word of a text.
        """
        scores = self._pair_scores(*divide_pairs(pairs), on_error, batch_size)
        return apply_calibration(scores, self.calibration)

    def calibrate(
        self,
        pairs: Iterable[tuple[Any, str]],
        labels: Iterable[int | bool],
        on_error: str = 'raise',
        batch_size: int = 8,
    ) -> Calibration:
        """Make scores probabilities of a match, from pairs that are known.

        From then on this inferencer returns calibrated scores, and
        :meth:`save_pretrained` writes the calibration. It is fitted to the
        scores of training, whether or not there was one before, and changes
        no order. Set ``calibration`` to None to remove it.

        Args:
            pairs (Iterable[tuple[Any, str]]): P pairs of a video and a text,
                which the model was not trained on. The fraction of matches
                among them should be the one of later pairs.
            labels (Iterable[int | bool]): 1 for each pair that matches, else
                0.
            on_error (str): ``'raise'``, or ``'skip'`` pairs of unreadable
                videos, with a warning. Defaults to ``'raise'``.
            batch_size (int): Number of videos at a time. Defaults to 8.

        Returns:
            Calibration: Scale and bias of the log odds.

        Raises:
            MediaError: If a video is unreadable and not skipped.
            OSError: If a file cannot be read and is not skipped.
            TypeError: If an argument is of another type.
            ValueError: If labels are missing, superfluous, all equal or
                something else than 0 and 1, or do not rise with the scores.

        Example:
            >>> pairs = [('a.mp4', 'a dog'), ('b.mp4', 'a dog')]
            >>> inferencer.calibrate(pairs, [1, 0])  # doctest: +SKIP
            Calibration(scale=0.83, bias=-1.2)
        """
        videos, texts = divide_pairs(pairs)
        matches = check_labels(labels, len(texts))
        scores = self._pair_scores(videos, texts, on_error, batch_size)
        calibration = fit_calibration(scores, matches)
        self.calibration = calibration
        return calibration

    def _pair_scores(
        self,
        videos: Sequence[Any],
        texts: list[str],
        on_error: str,
        batch_size: int,
    ) -> np.ndarray:
        """Return the scores of pairs before calibration, ``(P,)``."""
        self._matching_texts(texts)
        found = self._read(self._distinct(videos), on_error, batch_size)
        places = {
            key: i
            for i, key in enumerate(dict.fromkeys(map(video_key, videos)))
        }
        owners = np.array([places[video_key(video)] for video in videos])
        scores = np.full(len(texts), np.nan, np.float32)
        for place, video in enumerate(found):
            if is_read(video):
                rows = np.flatnonzero(owners == place)
                own = [texts[i] for i in rows]
                scores[rows] = self._core.scores([video], own)[0][0]
        warn_of_skipped(found)
        return scores

    def rank(
        self,
        query: str,
        documents: Any,
        top_k: int | None = None,
        return_documents: bool = False,
        on_error: str = 'skip',
        batch_size: int = 8,
        min_score: float = 0.0,
        unrelated: Any = None,
    ) -> Ranking:
        """Return the videos that match a text, best first.

        Args:
            query (str): Text to search for.
            documents (Any): Videos; see the class.
            top_k (int | None): Maximum number of videos. Defaults to None:
                all.
            return_documents (bool): Add ``document``, the video as it was
                passed. Defaults to False.
            on_error (str): ``'skip'``: unreadable videos are listed in
                ``skipped`` of the result, with a warning; or ``'raise'``.
                Defaults to ``'skip'``.
            batch_size (int): Number of videos at a time. Defaults to 8.
            min_score (float): Smallest score of a match. Defaults to 0.0.
            unrelated (Any): Videos that are known not to show the query, 10
                or more, better 100. Then ``background`` of the result
                compares the best document with them. Defaults to None.

        Returns:
            Ranking: Dictionaries with ``corpus_id`` (position among the
            documents), ``video``, ``score``, ``start`` and ``end`` of the
            clip that matches best, in seconds, and ``clips``, a list of
            ``(start, end, score)``. Equal scores keep their order.
            ``nothing_matches`` says whether none is left, or none stands out
            from the unrelated videos.

        Raises:
            MediaError: If a video is unreadable and ``on_error='raise'``.
            OSError: If a file cannot be read and ``on_error='raise'``.
            TypeError: If an argument is of another type.
            ValueError: If there are no readable videos, or too few unrelated
                ones, the vocabulary knows no word of the query, ``top_k`` is
                not positive or ``min_score`` not in [0, 1].
        """
        wanted = self._matching_texts(one_text('query', query), 'query')
        _check_top_k(top_k)
        check_bool('return_documents', return_documents)
        check_fraction('min_score', min_score)
        videos = self._expand(documents)
        others = [] if unrelated is None else self._expand(unrelated)
        if unrelated is not None:
            check_unrelated(len(others))
        found = self._read(videos, on_error, batch_size)
        ids = [i for i, video in enumerate(found) if is_read(video)]
        features = list(filter(is_read, found))
        raw, raw_clips = self._core.scores(features, wanted)
        warn_of_skipped(found)
        calibration, background = self.calibration, None
        if others:
            unlike = self._unrelated_scores(
                others, wanted, on_error, batch_size
            )
            background = compare_with_unrelated(raw[:, 0], unlike, calibration)
        scores = apply_calibration(raw, calibration)
        clips = apply_calibration(raw_clips, calibration)
        matches = []
        for i in np.argsort(-raw[:, 0], kind='stable')[:top_k]:
            if scores[i, 0] < min_score:
                break
            match = describe_match(scores[i, 0], clips[i, 0], features[i])
            matches.append(dict(corpus_id=ids[i], **match))
            if return_documents:
                matches[-1]['document'] = videos[ids[i]]
        skipped = [v for v in found if isinstance(v, SkippedVideo)]
        return Ranking(matches, skipped, background)

    def _unrelated_scores(
        self,
        videos: Sequence[Any],
        texts: Sequence[str],
        on_error: str,
        batch_size: int,
    ) -> np.ndarray:
        """Return the scores of videos with one text, ``(B,)``."""
        found = self._read(videos, on_error, batch_size)
        warn_of_skipped(found)
        features = list(filter(is_read, found))
        check_unrelated(len(features))
        return self._core.scores(features, texts)[0][:, 0]

    def describe(
        self,
        videos: Any,
        texts: str | Iterable[str],
        top_k: int | None = None,
        min_score: float = 0.0,
    ) -> list:
        """Return the texts that match a video, best first.

        Args:
            videos (Any): One or more videos; see the class.
            texts (str | Iterable[str]): Texts to choose from.
            top_k (int | None): Maximum number of texts. Defaults to None:
                all.
            min_score (float): Smallest score of a match. Defaults to 0.0.

        Returns:
            list: Dictionaries as of :meth:`rank`, with ``text`` and its
            position ``corpus_id`` among the texts; for several videos a list
            of such lists.

        Raises:
            MediaError: If a video is unreadable.
            OSError: If a file cannot be read.
            TypeError: If an argument is of another type.
            ValueError: If there are no videos or no texts, the vocabulary
                knows no word of a text, ``top_k`` is not positive or
                ``min_score`` not in [0, 1].
        """
        wanted = self._matching_texts(texts)
        _check_top_k(top_k)
        check_fraction('min_score', min_score)
        features = self._readable(videos)
        scores = self._core.scores(features, wanted)
        chosen = (top_k, min_score, self.calibration)
        found = [
            best_texts(wanted, match, clips, video, *chosen)
            for match, clips, video in zip(*scores, features)
        ]
        return found[0] if is_single_video(videos) else found

    def answer(
        self,
        videos: Any,
        questions: str | Iterable[str],
        options: Iterable[str] | Sequence[Sequence[str]] | None = None,
        top_k: int = 5,
    ) -> list:
        """Return the best answers to a question.

        Args:
            videos (Any): One or more videos; see the class.
            questions (str | Iterable[str]): One or more questions about each
                video. A retrieval model, to which options are captions, takes
                empty ones.
            options (Iterable[str] | Sequence[Sequence[str]] | None): Options
                to choose from, as many as in training; any number for a
                retrieval model. Several questions may have a list each.
                Defaults to None: the answers that the model knows.
            top_k (int): Maximum number of answers. Defaults to 5.

        Returns:
            list: Pairs of an answer and its score in [0, 1], best first; for
            several questions a list of such lists, and for several videos a
            list of what one video gives. Equal scores keep the order of the
            options.

        Raises:
            MediaError: If a video is unreadable.
            OSError: If a file cannot be read.
            TypeError: If an argument is of another type.
            ValueError: If the model is of another task, or options are
                missing, superfluous or of a wrong number.
        """
        check_integer('top_k', top_k, 1)
        self._check_task('answer' if options is None else 'choose')
        asked = read_questions(self.model.task, questions, options)
        calibration = self.calibration
        found = [
            [
                best_first(one.names, _answer_scores(sample, calibration))[
                    :top_k
                ]
                for one, sample in zip(asked, samples)
            ]
            for samples in self._predictions(videos, asked)
        ]
        return as_asked(found, videos, questions)

    def explain(
        self,
        video: Any,
        text: str,
        answer: str | None = None,
        method: str = 'occlusion',
    ) -> Explanation:
        """Return where a match lies: in which places, moments and words.

        Args:
            video (Any): One video; see the class. Features are refused:
                they hold no pixels.
            text (str): Text, or question.
            answer (str | None): Answer whose score is explained, for a model
                of question answering. Defaults to None: its best answer.
            method (str): ``'occlusion'``: the evidence that is lost where a
                part of the frame is hidden; or ``'attention'``: relevance by
                Chefer et al.'s rule, for less than a tenth of the work.
                Defaults to ``'occlusion'``.

        Returns:
            Explanation: A map for each clip, for the whole text and for each
            word; and the score without each word.

        Raises:
            MediaError: If the video is unreadable.
            OSError: If the file cannot be read.
            TypeError: If an argument is of another type.
            ValueError: If there are several videos, the vocabulary knows no
                word of the text, or the answer does not fit the model.
        """
        check_choice('method', method, METHODS)
        wanted = one_text('text', text)
        videos = self._expand(video)
        if len(videos) != 1 or not isinstance(videos[0], (str, VideoFrames)):
            raise ValueError(
                'video must be one file or VideoFrames, but got '
                f'{len(videos)} ({type(videos[0]).__name__}).'
            )
        self._core.check_texts([wanted])
        name = videos[0] if isinstance(videos[0], str) else videos[0].video
        clips = self._core.pipeline(videos[0])
        return explain_score(
            self._core, name, clips, wanted, answer, method, self.calibration
        )

    def count(self, videos: Any, questions: str | Iterable[str]) -> int | list:
        """Return the answer to a question about a number.

        Args:
            videos (Any): One or more videos; see the class.
            questions (str | Iterable[str]): One or more questions about each
                video.

        Returns:
            int | list: Rounded count; for several questions a list of them,
            and for several videos a list of what one video gives.

        Raises:
            MediaError: If a video is unreadable.
            OSError: If a file cannot be read.
            TypeError: If an argument is of another type.
            ValueError: If the model is of another task.
        """
        self._check_task('count')
        asked = read_questions(self.model.task, questions, None)
        found = [
            [int(sample.pred_counts[0]) for sample in samples]
            for samples in self._predictions(videos, asked)
        ]
        return as_asked(found, videos, questions)

    def _check_task(self, method: str) -> None:
        task = self.model.task
        if task.answered_by == method:
            return
        remedy = 'Pass a model of question answering.'
        if task.answered_by is not None:
            remedy = f'Call {_CALLS[task.answered_by]}.'
        raise ValueError(
            f'{_CALLS[method]} cannot use a model of '
            f'{type(task).__name__}. {remedy}'
        )

    def _predictions(
        self, videos: Any, asked: Sequence[AskedQuestion]
    ) -> list[tuple[ActionDataSample, ...]]:
        """Return a sample for each question, for each video."""
        self._core.check_texts([text for one in asked for text in one.texts])
        features = self._readable(videos)
        columns = [
            self._core.predictions(features, one.texts) for one in asked
        ]
        return list(zip(*columns))

    def _readable(self, videos: Any) -> list[VideoFeatures]:
        return all_read(self._read(self._expand(videos), 'raise', 8))

    def _distinct(self, videos: Sequence[Any]) -> list:
        """Return each video once; a pair holds a single video."""
        distinct = {video_key(video): video for video in videos}
        expanded = self._expand(distinct.values())
        if len(expanded) != len(distinct):
            raise ValueError(
                'A pair needs a single video, but one names a folder or a '
                'pattern. Use score() or rank().'
            )
        return expanded


def _check_top_k(top_k: int | None) -> None:
    if top_k is not None:
        check_integer('top_k', top_k, 1)


def _answer_scores(
    sample: Any, calibration: Calibration | None
) -> list[float]:
    if 'answer_scores' in sample:
        return sample.answer_scores[0].tolist()
    return apply_calibration(sample.match_score.numpy(), calibration).tolist()
