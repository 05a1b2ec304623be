# Copyright (c) clipbert_mm contributors.
"""The errors of a video or an image that cannot be used."""

from decord import DECORDError
from decord._ffi.base import DECORDLimitReachedError


class MediaError(RuntimeError):
    """A media file cannot be read, or is not fit for the model.

    Args:
        filename (str): The file.
        reason (str): What is wrong with it.

    Example:
        >>> str(MediaError('a.mp4', 'it has no frames'))
        "cannot use 'a.mp4': it has no frames"
    """

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(filename, reason)
        self.filename = filename
        self.reason = reason

    def __str__(self) -> str:
        return f'cannot use {self.filename!r}: {self.reason}'


# decord raises these on its own, without a class for them.
_DECORD_MESSAGES = {
    RuntimeError: 'Error reading ',  # neither a video nor an existing file
    AssertionError: 'Invalid frame count',
}


def is_media_error(error: Exception) -> bool:
    """Whether an error is about a media file.

    The datasets turn these errors into another sample in training, and into
    an item without pixels that carries the reason in testing. Any other is a
    mistake in the code or the config and ends the run.

    Args:
        error (Exception): What a transform raised.

    Returns:
        bool: True for :class:`MediaError`, :class:`OSError` and what decord
        raises for a file.

    Example:
        >>> is_media_error(FileNotFoundError('a.mp4')), is_media_error(
        ...     KeyError('imgs'))
        (True, False)
    """
    known = (MediaError, OSError, DECORDError, DECORDLimitReachedError)
    start = _DECORD_MESSAGES.get(type(error))
    return isinstance(error, known) or (
        start is not None and str(error).startswith(start)
    )


def describe(error: Exception) -> str:
    """The kind of an error and the first line of its message.

    Args:
        error (Exception): The error.

    Returns:
        str: One line.

    Example:
        >>> describe(OSError('no such file'))
        'OSError: no such file'
    """
    lines = str(error).strip().splitlines() or ['']
    return f'{type(error).__name__}: {lines[0]}'
