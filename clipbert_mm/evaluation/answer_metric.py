# Copyright (c) clipbert_mm contributors.
"""Base class of the metrics of question answering."""

import json
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from clipbert_mm.utils.checks import check_choice
from clipbert_mm.utils.whole_files import write_whole

from .answers import Answered
from .bad_videos import bad_video_error, check_out_file

BAD_VIDEOS = ('raise', 'wrong')


class AnswerMetric(BaseMetric):
    """Base class of the metrics of question answering.

    Args:
        bad_videos (str): Treatment of unreadable videos or images:
            ``'raise'`` an error that lists them, or count their questions as
            ``'wrong'`` and report ``num_bad_videos``. Defaults to
            ``'raise'``.
        out_file (str | None): ``.json`` file for the answers. Defaults to
            None.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.

    Raises:
        ValueError: If ``bad_videos`` is unknown, or ``out_file`` does not
            end in ``.json``.
    """

    out_suffix = '.json'

    def __init__(
        self,
        bad_videos: str = 'raise',
        out_file: str | None = None,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device)
        check_choice('bad_videos', bad_videos, BAD_VIDEOS)
        check_out_file(out_file, self.out_suffix)
        self.bad_videos = bad_videos
        self.out_file = out_file

    @abstractmethod
    def _predictions(self, sample: dict) -> list[Any]:
        """Return the prediction for each question of a sample."""

    @abstractmethod
    def _truths(
        self, sample: dict, predictions: Sequence[Any]
    ) -> list[Any] | None:
        """Return the right answers to the questions; None without answers."""

    @abstractmethod
    def _score(self, questions: Sequence[Answered]) -> dict[str, float]:
        """Return the metrics of questions with answers."""

    @abstractmethod
    def _entry(self, question: Answered) -> dict:
        """Return the entry of a question in ``out_file``."""

    def process(
        self, data_batch: dict | None, data_samples: Sequence[dict]
    ) -> None:
        """Store the questions of each sample.

        Args:
            data_batch (dict | None): Not used.
            data_samples (Sequence[dict]): Data samples with ``question_ids``,
                optionally ``answer_types``, targets and predictions of the
                task, and ``load_error`` if the video is unreadable.

        Raises:
            KeyError: If a sample has no ``question_ids``.
            ValueError: If there are neither answers nor an ``out_file``, or a
                prediction is NaN.
        """
        for sample in data_samples:
            if 'question_ids' not in sample:
                raise KeyError(
                    f"The data sample of '{sample['video_id']}' has no field "
                    "'question_ids'. Add it to algorithm_keys of "
                    'PackActionInputs.'
                )
            self.results.append(
                dict(
                    video_id=sample['video_id'],
                    load_error=sample.get('load_error'),
                    questions=self._questions(sample),
                )
            )

    def _questions(self, sample: dict) -> list[Answered]:
        """Return the questions of a sample."""
        nothing = [None] * len(sample['question_ids'])
        predictions = (
            nothing
            if sample.get('load_error') is not None
            else self._predictions(sample)
        )
        truths = self._truths(sample, predictions)
        if truths is None and self.out_file is None:
            raise ValueError(
                f'{type(self).__name__} got questions without answers and no '
                'out_file: there is nothing to measure or to write. Set '
                'out_file of the metric, or pass --out result.json to '
                'tools/test.py.'
            )
        return [
            Answered(*question)
            for question in zip(
                sample['question_ids'],
                sample.get('answer_types') or nothing,
                predictions,
                truths or nothing,
                strict=True,
            )
        ]

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Score and write the answers.

        Args:
            results (list[dict]): One entry per sample.

        Returns:
            dict[str, float]: Metrics; none without answers.

        Raises:
            RuntimeError: If videos are unreadable and ``bad_videos`` is
                ``'raise'``.
        """
        questions = [q for result in results for q in result['questions']]
        if self.out_file is not None:  # also where the next lines raise
            self._write(questions, Path(self.out_file))
        bad = {
            result['video_id']: result['load_error']
            for result in results
            if result['load_error'] is not None
        }
        if bad and self.bad_videos == 'raise':
            total = len({result['video_id'] for result in results})
            raise bad_video_error(
                {name: bad[name] for name in sorted(bad)},
                total,
                f"set bad_videos='wrong' of {type(self).__name__} to count "
                'their questions as wrong',
            )
        metrics: dict[str, float] = {}
        if all(question.truth is not None for question in questions):
            metrics.update(self._score(questions))
        if self.bad_videos == 'wrong':
            metrics['num_bad_videos'] = float(len(bad))
        return metrics

    def _write(self, questions: Sequence[Answered], path: Path) -> None:
        entries = [self._entry(question) for question in questions]
        write_whole(path, json.dumps(entries, ensure_ascii=False))
        MMLogger.get_current_instance().info(
            f'Saved the answers to {len(entries)} questions to {path}'
        )
