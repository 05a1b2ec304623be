# Copyright (c) clipbert_mm contributors.
"""Check the arguments of data sets."""

from collections.abc import Sequence


def check_whole_number(name: str, value: int, least: int) -> None:
    """Refuse an argument that is no whole number or too small.

    Args:
        name (str): The argument.
        value (int): Its value.
        least (int): The smallest that is allowed.

    Raises:
        ValueError: If it is not a whole number >= ``least``.

    Example:
        >>> check_whole_number('group_size', 2, 1)
    """
    if not isinstance(value, int) or value < least:
        raise ValueError(
            f'{name} must be a whole number >= {least}, but got {value!r}.'
        )


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse an argument that is none of its choices.

    Args:
        name (str): The argument.
        value (str): Its value.
        choices (Sequence[str]): What it may be.

    Raises:
        ValueError: If it is none of them.

    Example:
        >>> check_choice('unknown_answers', 'drop', ('raise', 'drop'))
    """
    if value not in choices:
        raise ValueError(
            f'{name} must be one of {list(choices)}, but got {value!r}.'
        )


def check_media_key(
    owner: str, data_prefix: dict, media_keys: Sequence[str]
) -> str:
    """The one key of ``data_prefix``.

    Args:
        owner (str): The class of the dataset, for the message.
        data_prefix (dict): The folder of the media by their kind.
        media_keys (Sequence[str]): The kinds that there may be.

    Returns:
        str: The key.

    Raises:
        ValueError: If there is not one key, of these kinds.

    Example:
        >>> check_media_key('ImageTextPretrain', dict(img='a'), ('img', ))
        'img'
    """
    if len(data_prefix) != 1 or not set(data_prefix) <= set(media_keys):
        allowed = [f'dict({key}=<folder>)' for key in media_keys]
        raise ValueError(
            f'data_prefix of {owner} must be '
            f'{" or ".join(allowed)}, but got '
            f'{dict(data_prefix)}.'
        )
    return next(iter(data_prefix))
