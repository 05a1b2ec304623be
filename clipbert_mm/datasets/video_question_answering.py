# Copyright (c) clipbert_mm contributors.
"""Dataset of videos or images with questions."""

import logging
import os.path as osp
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from mmaction.registry import DATASETS
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from typing_extensions import Unpack

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.questions import Question, read_questions

from .base_text_dataset import BaseTextDataset, TextDatasetOptions
from .option_groups import AnswerOptions, read_group
from .tables.media_table import select_media
from .tables.question_table import QuestionTable


@DATASETS.register_module()
class VideoQuestionAnswering(BaseTextDataset):
    """Questions about videos or images.

    Section "Video Question Answering" of the paper: TGIF-QA, MSRVTT-QA and
    MSRVTT multiple choice; and VQA 2.0. In training an item is a video with
    ``group_size`` of its questions, in testing with one.

    The answers of an item are ``answer_labels`` (class of an ``'open'``
    answer, position of the right option, or count) or ``soft_labels`` (scores
    of all answers). A file for testing may have none. A test answer outside
    the vocabulary has the label -1, or no score, and no prediction equals it.

    Args:
        ann_file (str): JSON lines; see :func:`read_questions`.
        pipeline (list[dict | Callable]): Transforms.
        answers (Mapping[str, Any]): Format and vocabulary of the answers; see
            :class:`AnswerOptions`.
        **options (Unpack[TextDatasetOptions]): Options of
            :class:`BaseTextDataset`. ``data_prefix`` is ``dict(video=...)`` or
            ``dict(img=...)``.

    Raises:
        TypeError: If an option is unknown.
        ValueError: If an option is out of range.
        AnnotationError: If ``ann_file`` or the vocabulary does not follow its
            format, or a training answer is not in the vocabulary.

    Example:
        >>> dataset = VideoQuestionAnswering(
        ...     'msrvtt/qa_train.jsonl', pipeline=[],
        ...     answers=dict(format='open',
        ...                  vocabulary='msrvtt/qa_vocabulary.json'),
        ...     data_prefix=dict(video='videos'))  # doctest: +SKIP
        >>> dataset.get_data_info(0)['answer_labels']  # doctest: +SKIP
        array([17])
    """

    media_keys: ClassVar[tuple[str, ...]] = ('video', 'img')
    table: QuestionTable

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        *,
        answers: Mapping[str, Any],
        **options: Unpack[TextDatasetOptions],
    ) -> None:
        self.answers = read_group(AnswerOptions, 'answers', answers)
        self.vocabulary: list[str] | None = None
        super().__init__(ann_file, pipeline, **options)

    def _read_table(self) -> QuestionTable:
        source = self.answers.vocabulary
        if isinstance(source, str):
            source = osp.join(self.data_root, source)
        if source is not None:
            self.vocabulary = read_vocabulary(source)
        questions = read_questions(self.ann_file, self.answers.format)
        self._check_options(questions[0])
        questions = select_media(questions, self._media_indices)
        if not self.test_mode:
            self._check_answered(questions[0])
            questions = self._with_known_answers(questions)
        self.media_root.check_names(questions)
        return QuestionTable(questions, self.vocabulary)

    def _check_options(self, first: Question) -> None:
        """Raise unless the first question has the right number of options.

        :func:`read_questions` has checked that all others have as many.
        """
        expected = self.answers.num_options
        if first.options and len(first.options) != expected:
            raise AnnotationError(
                f'{self.ann_file}:{first.line}: expected '
                f'num_options={expected} options, but got '
                f'{len(first.options)}. Set answers.num_options of the '
                'dataset and num_options of the task.'
            )

    def _check_answered(self, first: Question) -> None:
        if first.answer is None and first.soft_labels is None:
            raise AnnotationError(
                f'{self.ann_file}:{first.line}: training needs answers, but '
                'this file has none. Set test_mode=True to test with it.'
            )

    def _with_known_answers(self, questions: list[Question]) -> list[Question]:
        """Drop training answers outside the vocabulary, or raise."""
        if self.vocabulary is None:
            return questions
        known = set(self.vocabulary)
        others = [q for q in questions if _unknown_answers(q, known)]
        if not others:
            return questions
        kept = [q for q in questions if _is_answerable(q, known)]
        if self.answers.unknown == 'raise' or not kept:
            raise AnnotationError(
                f'{self.ann_file}:{others[0].line}: the answers '
                f'{_unknown_answers(others[0], known)} are not among the '
                f'{len(known)} of the vocabulary; the same holds for '
                f'{len(others)} of {len(questions)} questions in all. Build '
                'the vocabulary from the training answers, or set '
                "answers.unknown='drop' to train without them."
            )
        if is_main_process():
            print_log(
                f'{len(others)} of {len(questions)} questions have answers '
                f'that are not among the {len(known)} of the vocabulary; '
                'these answers are dropped, and with them '
                f'{len(questions) - len(kept)} questions ({self.ann_file}).',
                logger='current',
                level=logging.WARNING,
            )
        return kept

    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        table = self.table
        answers = dict(
            answer_labels=table.answer_labels(group),
            soft_labels=table.soft_labels(group),
        )
        return dict(
            texts=[text for row in group for text in table.texts_of(row)],
            question_ids=[table.ids[row] for row in group],
            answer_types=table.answer_types(group),
            **{k: v for k, v in answers.items() if v is not None},
        )


def _unknown_answers(question: Question, known: set[str]) -> list[str]:
    if question.soft_labels is not None:
        return [a for a in question.soft_labels if a not in known]
    answer = question.answer
    return [answer] if isinstance(answer, str) and answer not in known else []


def _is_answerable(question: Question, known: set[str]) -> bool:
    """Return whether an answer is left, or none was given at all."""
    num_answers = len(question.soft_labels or [question.answer])
    return len(_unknown_answers(question, known)) < num_answers
