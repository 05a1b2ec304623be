# Copyright (c) clipbert_mm contributors.
"""Looks at files, again and again, until they are no longer written."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from .file_facts import FileFacts

_Found = TypeVar('_Found')


class Look(NamedTuple):
    """Files at one look.

    Args:
        still (list[FileFacts]): Files that have not changed since the last
            look, or since they were indexed.
        waiting (int): Number of the others.
    """

    still: list[FileFacts]
    waiting: int


class StillFiles:
    """Files whose size and time were the same at two looks.

    Example:
        >>> files = StillFiles()
        >>> growing = FileFacts('/a.mp4', 5, 1), FileFacts('/a.mp4', 9, 2)
        >>> files.look([growing[0]], {}).waiting
        1
        >>> files.look([growing[1]], {}).waiting
        1
        >>> len(files.look([growing[1]], {}).still)
        1
    """

    def __init__(self) -> None:
        self._last: dict[str, FileFacts] = {}

    def look(
        self, found: Iterable[FileFacts], known: Mapping[str, FileFacts]
    ) -> Look:
        """Return the files that stand still, and remember all.

        Args:
            found (Iterable[FileFacts]): Files of now.
            known (Mapping[str, FileFacts]): Files of the index by path.

        Returns:
            Look: The files.
        """
        now = {facts.path: facts for facts in found}
        still = [
            facts
            for path, facts in now.items()
            if facts in (known.get(path), self._last.get(path))
        ]
        self._last = now
        return Look(still, len(now) - len(still))


def repeat_looks(
    look: Callable[[], tuple[bool, Iterable[_Found]]],
    every: float,
    once: bool = False,
) -> Iterator[_Found]:
    """Yield what looks find.

    Args:
        look (Callable[[], tuple[bool, Iterable[_Found]]]): A look: whether
            something is waited for, and what is found.
        every (float): Seconds between two looks.
        once (bool): End after a look, or after two if the first one waits.
            Defaults to False: look for ever.

    Yields:
        _Found: What is found.

    Example:
        >>> looks = iter([(True, 'ab'), (True, 'c')])
        >>> list(repeat_looks(lambda: next(looks), 0.0, once=True))
        ['a', 'b', 'c']
    """
    for number in itertools.count():
        is_waiting, found = look()
        yield from found
        if once and (number > 0 or not is_waiting):
            return
        time.sleep(every)
