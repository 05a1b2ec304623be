# Copyright (c) clipbert_mm contributors.
"""Question answering about videos or images with a trained model."""

from collections.abc import Sequence

import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from clipbert_mm.datasets.transforms import BertTokenize
from clipbert_mm.utils.checks import check_integer

from .model_loading import (
    build_model,
    build_test_pipeline,
    check_files,
    read_model_files,
    run_pipeline,
)


class VideoAnswerer:
    """Answerer of questions about files, as the test of a config computes.

    It uses the test pipeline, the tokenizer and the number of clips of the
    config. The task of the config decides which method answers:
    :meth:`answer` (``OpenEndedQATask``, ``VQATask``), :meth:`choose`
    (``MultipleChoiceTask``, or ``RetrievalTask`` as in MSRVTT-MC) or
    :meth:`count` (``CountTask``). Several threads may share an answerer.

    Args:
        config (str | Config): Path of a config of question answering, name
            of a shipped one, or the config itself; without ``checkpoint``, a
            folder that ``tools/convert_weights.py export`` wrote.
        checkpoint (str | None): ``.pth`` or ``.safetensors`` file of a model
            trained with the config. Defaults to None.
        device (str | None): Device of the model. Defaults to None: a GPU if
            one is available.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If the config is not one of question answering, or the
            checkpoint has another architecture or other answers.
        RuntimeError: If the checkpoint is of another task.

    Example:
        >>> answerer = VideoAnswerer('clipbert_msrvtt_qa',
        ...                          'best.pth')  # doctest: +SKIP
        >>> answerer.answer('a.mp4', 'what is a man playing?',
        ...                 top=2)  # doctest: +SKIP
        [('guitar', 0.62), ('piano', 0.21)]
    """

    def __init__(
        self,
        config: str | Config,
        checkpoint: str | None = None,
        device: str | None = None,
    ) -> None:
        cfg, state = read_model_files(config, checkpoint)
        self._pipeline = build_test_pipeline(cfg)
        if not any(
            isinstance(step, BertTokenize)
            for step in self._pipeline.transforms
        ):
            raise ValueError(
                "Answering needs a 'BertTokenize' in the pipeline of "
                'test_dataloader.dataset, but that of '
                f'{cfg.test_dataloader.dataset.type!r} has none. Pass a '
                'config of question answering, for a retrieval model that of '
                "multiple choice ('clipbert_msrvtt_mc')."
            )
        self._model = build_model(cfg, state, device)

    def answer(
        self, video: str, question: str, top: int = 5
    ) -> list[tuple[str, float]]:
        """Return the best answers of the vocabulary.

        Args:
            video (str): Video or image file, of the kind the config reads.
            question (str): Question about the video.
            top (int): Maximum number of answers. Defaults to 5.

        Returns:
            list[tuple[str, float]]: Answers with their scores in [0, 1], best
            first.

        Raises:
            FileNotFoundError: If the video does not exist.
            ValueError: If the question is empty, ``top`` is not positive, or
                the model is of another task.
            RuntimeError: If the video cannot be read.
        """
        self._check_task('answer')
        _check_question(question)
        check_integer('top', top, 1)
        sample = self._predict(video, [question])
        answers = self._model.task.answers or []
        return _best_first(answers, sample.answer_scores[0].tolist())[:top]

    def choose(
        self, video: str, question: str, options: Sequence[str]
    ) -> list[tuple[str, float]]:
        """Return the options of a question, best first.

        Args:
            video (str): Video or image file, of the kind the config reads.
            question (str): Question about the video; may be empty for a
                retrieval model, to which the options are captions.
            options (Sequence[str]): As many options as in training; any
                number for a retrieval model.

        Returns:
            list[tuple[str, float]]: Options with their scores in [0, 1], best
            first. Equal scores keep the order of ``options``.

        Raises:
            FileNotFoundError: If the video does not exist.
            ValueError: If the question or an option is empty, the number of
                options is wrong, or the model is of another task.
            RuntimeError: If the video cannot be read.
        """
        self._check_task('choose')
        num_options = self._model.task.num_options
        if num_options is not None:
            _check_question(question)
        _check_options(options, num_options)
        texts = [
            f'{question} {option}' if question.strip() else option
            for option in options
        ]
        sample = self._predict(video, texts)
        scores = (
            sample.answer_scores[0]
            if 'answer_scores' in sample
            else sample.match_score
        )
        return _best_first(options, scores.tolist())

    def count(self, video: str, question: str) -> int:
        """Return the answer to a question about a number.

        Args:
            video (str): Video or image file, of the kind the config reads.
            question (str): Question about the video.

        Returns:
            int: Rounded count.

        Raises:
            FileNotFoundError: If the video does not exist.
            ValueError: If the question is empty, or the model is of another
                task.
            RuntimeError: If the video cannot be read.
        """
        self._check_task('count')
        _check_question(question)
        return int(self._predict(video, [question]).pred_counts[0])

    def _check_task(self, method: str) -> None:
        task = self._model.task
        if task.answered_by == method:
            return
        remedy = 'Pass the config of a question-answering task.'
        if task.answered_by is not None:
            remedy = f'Call {task.answered_by}().'
        raise ValueError(
            f'{method}() cannot use a model of {type(task).__name__}. {remedy}'
        )

    def _predict(self, video: str, texts: Sequence[str]) -> ActionDataSample:
        """Run the test pipeline and the model on one file."""
        check_files([video])
        item = run_pipeline(self._pipeline, video, dict(texts=list(texts)))
        with torch.no_grad():
            return self._model.test_step(pseudo_collate([item]))[0]


def _best_first(
    names: Sequence[str], scores: Sequence[float]
) -> list[tuple[str, float]]:
    """Return names with scores, sorted; equal scores keep their order."""
    return sorted(zip(names, scores), key=lambda pair: -pair[1])


def _check_question(question: str) -> None:
    if not question.strip():
        raise ValueError(
            f'The question must not be empty, but got {question!r}.'
        )


def _check_options(options: Sequence[str], number: int | None) -> None:
    """Raise unless there are as many options as the model needs."""
    if isinstance(options, str):
        raise ValueError(
            'options must be a list of strings, but got the string '
            f'{options!r}. Put it in brackets.'
        )
    if len(options) < 2 or len(options) != (number or len(options)):
        raise ValueError(
            f'There must be {number or "at least 2"} options, but got '
            f'{len(options)}: {list(options)}.'
        )
    empty = [i for i, option in enumerate(options) if not option.strip()]
    if empty:
        raise ValueError(
            f'Options must not be empty, but those at {empty} are.'
        )
