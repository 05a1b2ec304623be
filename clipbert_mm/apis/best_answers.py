# Copyright (c) clipbert_mm contributors.
"""Best answers to a question, by whichever way a model answers."""

from collections.abc import Sequence
from typing import Any

from .clipbert_inferencer import ClipBERTInferencer


def best_answers(
    model: ClipBERTInferencer,
    video: Any,
    question: str,
    options: Sequence[str] | None = None,
    top_k: int = 3,
) -> list[tuple[str, float | None]]:
    """Return the best answers of any model that answers questions.

    Args:
        model (ClipBERTInferencer): The model.
        video (Any): One video, as the model takes it.
        question (str): The question.
        options (Sequence[str] | None): Answers to choose from. Defaults to
            None: those that the model knows.
        top_k (int): Maximum number of answers. Defaults to 3.

    Returns:
        list[tuple[str, float | None]]: Answers with their scores, best first;
        a count is one answer without a score.

    Raises:
        ValueError: If the model cannot answer, or options are missing or
            superfluous.

    Example:
        >>> best_answers(ClipBERTInferencer('demo-qa'), 'a.mp4',
        ...              'what colour is the ring')  # doctest: +SKIP
        [('red', 0.92), ('blue', 0.05), ('teal', 0.01)]
    """
    if model.model.task.answered_by == 'count':
        return [(str(model.count(video, question)), None)]
    return model.answer(video, question, options or None, top_k)
