# Copyright (c) clipbert_mm contributors.
"""Videos or images with questions."""

import logging
import os.path as osp
from collections.abc import Callable, Sequence

import numpy as np
from mmaction.registry import DATASETS
from mmengine.dist import is_main_process
from mmengine.logging import print_log

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.json_reading import AnnotationError
from clipbert_mm.annotations.questions import (
    ANSWER_FORMATS,
    Question,
    read_questions,
)
from clipbert_mm.utils.checks import check_choice, check_integer

from .base_text_dataset import BaseTextDataset
from .tables.media_table import select_media
from .tables.question_table import QuestionTable

UNKNOWN_ANSWERS = ('raise', 'drop')


@DATASETS.register_module()
class VideoQuestionAnswering(BaseTextDataset):
    """Questions about videos or images.

    Section "Video Question Answering" of the paper: TGIF-QA, MSRVTT-QA and
    MSRVTT multiple choice; and VQA 2.0. In training an item is a video with
    ``group_size`` of its questions, in testing with one.

    The answers of an item are ``answer_labels``: the class of an ``'open'``
    answer, the place of the right option or the count; or ``soft_labels``:
    the scores of all answers. A file for testing may have none. A test answer
    outside the vocabulary has the label -1, or no score, and no prediction
    equals it.

    ``dataset[index]`` is an item of seed 0 and epoch 0, and
    ``dataset[(seed, epoch, index)]`` of any; use it with ``EpochSampler``.

    Args:
        ann_file (str): JSON lines; see :func:`read_questions`.
        pipeline (list): The transforms.
        answer_format (str): ``'open'``, ``'choice'``, ``'count'`` or
            ``'soft'``.
        vocabulary (str | Sequence[str], optional): The answers, or a file of
            them below ``data_root`` (see :func:`read_vocabulary`): needed for
            ``'open'`` and ``'soft'``, and for these alone. Defaults to None.
        num_options (int): Options of a question, for ``'choice'``. Defaults
            to 5.
        data_root (str): Root of ``ann_file``, ``data_prefix`` and
            ``vocabulary``. Defaults to ``''``.
        data_prefix (dict, optional): Folder of the videos, or
            ``dict(img=...)`` of images. Defaults to None, ``dict(video='')``.
        media_suffix (str, optional): Appended to names without a suffix; None
            looks for files with the stem of a name. Defaults to ``'.mp4'``.
        group_size (int): Questions per video and item in training; groups are
            filled by repeating random members. Defaults to 1.
        unknown_answers (str): What becomes of training answers outside the
            vocabulary: ``'raise'`` an error, or ``'drop'`` them, and with
            them the questions that are left without an answer; how many is
            logged. Defaults to ``'raise'``.
        test_mode (bool): Whether this is for validation or testing. Defaults
            to False.
        max_bad_share (float): Training stops when a larger share of the media
            cannot be read. Defaults to 0.1.
        max_refetch (int): Most samples tried in the place of a bad one.
            Defaults to 1000.
        lazy_init (bool): Read the annotations at the first use. Defaults to
            False.
        indices (int | Sequence[int], optional): Use only these media (or the
            first so many, or the last if negative) and their questions.
            Defaults to None, all.
        serialize_data (bool): Keep the items in one buffer that workers
            share. Defaults to True.

    Raises:
        ValueError: If an argument is out of range, or there is a vocabulary
            where none is needed or none where one is.
        AnnotationError: If ``ann_file`` or ``vocabulary`` does not follow its
            format, or a training answer is not in the vocabulary.

    Example:
        >>> dataset = VideoQuestionAnswering(
        ...     'msrvtt/qa_train.jsonl', pipeline=[], answer_format='open',
        ...     vocabulary='msrvtt/qa_vocabulary.json',
        ...     data_prefix=dict(video='videos'))
        >>> dataset.get_data_info(0)['answer_labels']
        array([17])
    """

    table: QuestionTable

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        answer_format: str,
        vocabulary: str | Sequence[str] | None = None,
        num_options: int = 5,
        data_root: str = '',
        data_prefix: dict | None = None,
        media_suffix: str | None = '.mp4',
        group_size: int = 1,
        unknown_answers: str = 'raise',
        test_mode: bool = False,
        max_bad_share: float = 0.1,
        max_refetch: int = 1000,
        lazy_init: bool = False,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
    ) -> None:
        check_choice('answer_format', answer_format, ANSWER_FORMATS)
        check_choice('unknown_answers', unknown_answers, UNKNOWN_ANSWERS)
        check_integer('num_options', num_options, 2)
        needs_vocabulary = answer_format in ('open', 'soft')
        if needs_vocabulary != (vocabulary is not None):
            raise ValueError(
                f'answer_format={answer_format!r} needs '
                f'{"a" if needs_vocabulary else "no"} vocabulary, but got '
                f'vocabulary={vocabulary!r:.80}.'
            )
        if isinstance(vocabulary, str):
            vocabulary = osp.join(data_root, vocabulary)
        self._vocabulary_source = vocabulary
        self.answer_format = answer_format
        self.num_options = num_options
        self.unknown_answers = unknown_answers
        super().__init__(
            ann_file,
            pipeline=pipeline,
            media_keys=('video', 'img'),
            data_root=data_root,
            data_prefix=dict(video='') if data_prefix is None else data_prefix,
            media_suffix=media_suffix,
            group_size=group_size,
            test_mode=test_mode,
            max_bad_share=max_bad_share,
            max_refetch=max_refetch,
            lazy_init=lazy_init,
            indices=indices,
            serialize_data=serialize_data,
        )

    def _read_table(self) -> QuestionTable:
        self.vocabulary: list[str] | None = None
        if self._vocabulary_source is not None:
            self.vocabulary = read_vocabulary(self._vocabulary_source)
        questions = read_questions(self.ann_file, self.answer_format)
        self._check_options(questions[0])
        questions = select_media(questions, self._media_indices)
        if not self.test_mode:
            self._check_answered(questions[0])
            questions = self._with_known_answers(questions)
        return QuestionTable(questions, self.vocabulary)

    def _check_options(self, first: Question) -> None:
        """All questions have as many options as the first one."""
        if first.options and len(first.options) != self.num_options:
            raise AnnotationError(
                f'{self.ann_file}:{first.line}: expected num_options='
                f'{self.num_options} options, but got {len(first.options)}. '
                'Set num_options of the data set and of the task.'
            )

    def _check_answered(self, first: Question) -> None:
        if first.answer is None and first.soft_labels is None:
            raise AnnotationError(
                f'{self.ann_file}:{first.line}: training needs answers, but '
                'this file has none. Set test_mode=True to test with it.'
            )

    def _with_known_answers(self, questions: list[Question]) -> list[Question]:
        """Raise for training answers outside the vocabulary, or drop them."""
        if self.vocabulary is None:
            return questions
        known = set(self.vocabulary)
        others = [q for q in questions if _unknown_answers(q, known)]
        if not others:
            return questions
        kept = [q for q in questions if _is_answerable(q, known)]
        if self.unknown_answers == 'raise' or not kept:
            raise AnnotationError(
                f'{self.ann_file}:{others[0].line}: the answers '
                f'{_unknown_answers(others[0], known)} are not among the '
                f'{len(known)} of the vocabulary, nor are those of '
                f'{len(others)} of {len(questions)} questions in all. Make a '
                'vocabulary of the training answers, or set '
                "unknown_answers='drop' to train without them."
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
    """Whether any answer is left, or there was none to begin with."""
    num_answers = len(question.soft_labels or [question.answer])
    return len(_unknown_answers(question, known)) < num_answers
