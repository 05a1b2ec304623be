# Copyright (c) clipbert_mm contributors.
"""Queue of the requests that need the model, of bounded length."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import RequestError


class ModelQueue:
    """One request at a time has the model; a bounded number waits for it.

    Args:
        waiting (int): Maximum number that waits.

    Example:
        >>> queue = ModelQueue(waiting=8)
        >>> with queue.turn():
        ...     queue.length
        1
    """

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting
        self._model = threading.Lock()
        self._guard = threading.Lock()
        #: Requests that have the model, or wait for it.
        self.length = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the model.

        Yields:
            None: While the model is free for the caller.

        Raises:
            RequestError: If too many wait already; its status is 503.
        """
        with self._guard:
            if self.length > self._waiting:
                raise RequestError(
                    f'{self.length} requests wait for the model. Try again '
                    'in a few seconds.',
                    503,
                )
            self.length += 1
        try:
            with self._model:
                yield
        finally:
            with self._guard:
                self.length -= 1
