# Copyright (c) clipbert_mm contributors.
"""Errors about a video or an image that cannot be used."""


class MediaError(RuntimeError):
    """A media file is unreadable or does not fit the model.

    Args:
        filename (str): Path of the file.
        reason (str): Explanation that completes "cannot use the file: ...".

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


# decord raises these without an error class of its own.
_DECORD_MESSAGES = {
    RuntimeError: 'Error reading ',  # neither a video nor an existing file
    AssertionError: 'Invalid frame count',
}


def is_media_error(error: Exception) -> bool:
    """Return whether an error is about a media file.

    In training the datasets replace the sample after such an error; in
    testing they return an item without pixels that carries the reason. Any
    other error is a mistake in the code or the config and ends the run.

    Args:
        error (Exception): Error that a transform raised.

    Returns:
        bool: True for :class:`MediaError`, :class:`OSError` and the errors
        that decord raises about a file.

    Example:
        >>> is_media_error(FileNotFoundError('a.mp4'))
        True
        >>> is_media_error(KeyError('imgs'))
        False
    """
    return isinstance(error, (MediaError, OSError)) or is_decord_error(error)


def is_decord_error(error: Exception) -> bool:
    """Return whether decord raised an error about a file.

    MMAction2's own transforms pass decord's errors on. The module name of
    the type is compared, so that decord need not be imported.

    Args:
        error (Exception): The error.

    Returns:
        bool: True for decord's error classes, and for the built-in errors
        that decord raises about files.

    Example:
        >>> is_decord_error(RuntimeError('Error reading 0 bytes...'))
        True
    """
    if type(error).__module__.partition('.')[0] == 'decord':
        return True
    start = _DECORD_MESSAGES.get(type(error))
    return start is not None and str(error).startswith(start)
