# Copyright (c) clipbert_mm contributors.
"""Options of a question, as texts for the model."""

from collections.abc import Sequence
from typing import Any

from .text_queries import one_text, text_list


def check_options(
    options: Any, number: int | None, name: str = 'options'
) -> list[str]:
    """Return options as a list, if there are as many as the model needs.

    Args:
        options (Any): Iterable of texts.
        number (int | None): Number of options that the model takes; None for
            two or more.
        name (str): Name in messages. Defaults to ``'options'``.

    Returns:
        list[str]: The options.

    Raises:
        TypeError: If something is not a text.
        ValueError: If one is empty, or their number is another.

    Example:
        >>> check_options(('a dog', 'a cat'), None)
        ['a dog', 'a cat']
    """
    if isinstance(options, str):
        raise TypeError(
            f'{name} must be a list of strings, but got the string '
            f'{options!r}. Put it in brackets.'
        )
    names = text_list(name, options)
    if len(names) < 2 or len(names) != (number or len(names)):
        raise ValueError(
            f'There must be {number or "at least 2"} options, but got '
            f'{len(names)}: {names}.'
        )
    return names


def join_question(question: Any, options: Sequence[str]) -> list[str]:
    """Return the text of each option, which begins with the question.

    Args:
        question (Any): A text; if empty, options are texts by themselves.
        options (Sequence[str]): The options.

    Returns:
        list[str]: Texts for the model.

    Raises:
        TypeError: If the question is not a text.

    Example:
        >>> join_question('what runs?', ['a dog', 'a cat'])
        ['what runs? a dog', 'what runs? a cat']
    """
    if isinstance(question, str) and not question.strip():
        return list(options)
    question = one_text('question', question)
    return [f'{question} {option}' for option in options]
