# Copyright (c) clipbert_mm contributors.
"""Pairs of a video and a text as callers pass them."""

from collections.abc import Iterable
from typing import Any

from .text_queries import one_text


def divide_pairs(pairs: Any) -> tuple[list[Any], list[str]]:
    """Return the videos and the texts of pairs.

    Args:
        pairs (Any): Iterable of pairs of a video and a text.

    Returns:
        tuple[list[Any], list[str]]: P videos, as they were passed, and P
        texts.

    Raises:
        TypeError: If it is not an iterable, or a text not a string.
        ValueError: If there is no pair, or something else among them.

    Example:
        >>> divide_pairs([('a.mp4', 'a dog'), ('b.mp4', 'a cat')])
        (['a.mp4', 'b.mp4'], ['a dog', 'a cat'])
    """
    if isinstance(pairs, (str, bytes, dict)) or not isinstance(
        pairs, Iterable
    ):
        raise TypeError(
            'pairs must be a list of pairs of a video and a text, but got '
            f'{pairs!r:.80} ({type(pairs).__name__}).'
        )
    videos, texts = [], []
    for position, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(
                f'pairs[{position}] must be a video and a text, but got '
                f'{pair!r:.80}. Pass a list of pairs.'
            )
        videos.append(pair[0])
        texts.append(one_text(f'pairs[{position}][1]', pair[1]))
    if not texts:
        raise ValueError('pairs must hold at least one pair, but is empty.')
    return videos, texts


def video_key(video: Any) -> Any:
    """Return a key that is the same where pairs have the same video.

    Args:
        video (Any): Video of a pair.

    Returns:
        Any: Name of a file, or the identity of another object.

    Example:
        >>> from pathlib import Path
        >>> video_key(Path('a.mp4')) == video_key('a.mp4')
        True
    """
    if isinstance(video, str) or hasattr(video, '__fspath__'):
        return str(video)
    return id(video)
