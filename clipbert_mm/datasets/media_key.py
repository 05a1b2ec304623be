# Copyright (c) clipbert_mm contributors.
"""Kind of media that a dataset reads."""

from collections.abc import Sequence


def check_media_key(
    owner: str, data_prefix: dict, media_keys: Sequence[str]
) -> str:
    """Return the only key of ``data_prefix``.

    Args:
        owner (str): Class name of the dataset, for the message.
        data_prefix (dict): Folder of the media, by kind of media.
        media_keys (Sequence[str]): Kinds that the dataset can read.

    Returns:
        str: The key.

    Raises:
        ValueError: Unless there is exactly one key and it is one of
            ``media_keys``.

    Example:
        >>> check_media_key('ImageTextPretrain', dict(img='a'), ('img',))
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
