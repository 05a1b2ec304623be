# Copyright (c) clipbert_mm contributors.
"""Moments that are cut out of videos, kept for the next request."""

import threading
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from clipbert_mm.media.cutting import cut_moment


class Moments:
    """Cut moments in a temporary folder, the latest ones.

    Args:
        number (int): Maximum number of files.

    Example:
        >>> moments = Moments(100)
        >>> with moments.cut(Path('a.mp4'), 3,
        ...                  3.5, 4.5) as file:  # doctest: +SKIP
        ...     content = file.read()
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._folder = TemporaryDirectory(prefix='clipbert_mm_')
        self._files: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()

    def cut(
        self, source: Path, video: int, start: float, end: float
    ) -> BinaryIO:
        """Return the open file of a moment, which is cut if it is new.

        It is open before another moment can take its place, so it is read to
        its end even if its name is gone by then.

        Args:
            source (Path): The video.
            video (int): Its number, for the name of the file.
            start (float): Start in seconds.
            end (float): End in seconds.

        Returns:
            BinaryIO: An mp4; the caller closes it.

        Raises:
            MediaError: If the video is unreadable.
            OSError: If a file cannot be read or written.
        """
        name = f'{video}_{start:.3f}_{end:.3f}.mp4'
        with self._lock:
            known = self._files.get(name)
            if known is not None:
                self._files.move_to_end(name)
                return known.open('rb')
            target = Path(self._folder.name, name)
            cut_moment(source, target, start, end, overwrite=True)
            self._files[name] = target
            file = target.open('rb')
            while len(self._files) > self._number:
                _, oldest = self._files.popitem(last=False)
                oldest.unlink(missing_ok=True)
            return file
