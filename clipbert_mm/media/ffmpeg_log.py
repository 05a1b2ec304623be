# Copyright (c) clipbert_mm contributors.
"""Errors that FFmpeg writes to its log while it reads a file.

FFmpeg conceals damage: it reports an error to its log, and then returns frames
that look whole. The log belongs to the process, and PyAV keeps the messages of
each thread apart.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import av.logging
from av.logging import Capture


class LoggedError(NamedTuple):
    """Message of FFmpeg's log.

    Args:
        source (str): Name of the demuxer or decoder.
        message (str): Text of the message.
    """

    source: str
    message: str

    def __str__(self) -> str:
        return f'{self.source}: {self.message}'


class ErrorLog:
    """Errors that FFmpeg reports while :func:`logged_errors` is entered.

    Args:
        own (list[tuple[int, str, str]]): Messages of this thread.
        others (list[tuple[int, str, str]]): Messages of threads that capture
            none, among them those of FFmpeg.
    """

    def __init__(
        self,
        own: list[tuple[int, str, str]],
        others: list[tuple[int, str, str]],
    ) -> None:
        self._own = own
        self._others = others
        self._start = len(others)

    def errors(self) -> list[LoggedError]:
        """Return the errors of this thread, the oldest first."""
        return [
            LoggedError(source, message.strip())
            for level, source, message in self._own
            if level <= av.logging.ERROR
        ]

    def is_clean(self) -> bool:
        """Return whether neither this thread nor FFmpeg's reported one.

        The threads of FFmpeg serve all readers of the process: that they
        report an error does not say of which file.
        """
        return not self.errors() and len(self._others) <= self._start

    def clear(self) -> None:
        """Forget the errors up to now."""
        self._own.clear()
        self._start = len(self._others)


class _Hook:
    """Hook into FFmpeg's log, set while any thread reads its errors."""

    def __init__(self) -> None:
        self.others: list[tuple[int, str, str]] = []
        self._reset()
        if hasattr(os, 'register_at_fork'):
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._users = 0

    def set(self) -> None:
        with self._lock:
            if not self._users:
                self._level = av.logging.get_level()
                self._skips = av.logging.get_skip_repeated()
                self.others = []
                self._capture = Capture(local=False)
                self.others = self._capture.__enter__()
                # PyAV compares with the last message of any file.
                av.logging.set_skip_repeated(False)
                if self._level is None or self._level < av.logging.ERROR:
                    av.logging.set_level(av.logging.ERROR)
            # Ctrl-C may come before this line: the next one sets it again.
            self._users += 1

    def unset(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return
            av.logging.set_level(self._level)
            av.logging.set_skip_repeated(self._skips)
            self._capture.__exit__(None, None, None)


_HOOK = _Hook()


@contextmanager
def logged_errors() -> Iterator[ErrorLog]:
    """Collect the errors that FFmpeg reports in this thread.

    Yields:
        ErrorLog: The errors, up to the time of asking.

    Example:
        >>> with logged_errors() as log:
        ...     av.logging.log(av.logging.ERROR, 'h264', 'no frame!')
        >>> str(log.errors()[0])
        'h264: no frame!'
    """
    _HOOK.set()
    try:
        with Capture() as own:
            yield ErrorLog(own, _HOOK.others)
    finally:
        _HOOK.unset()
