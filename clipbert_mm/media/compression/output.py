# Copyright (c) clipbert_mm contributors.
"""Write a file next to its final place, and move it there when complete."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PARTIAL = '.partial'  # suffix of a file that is still being written
# After these, no other file can be written either.
_LASTING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class WriteError(RuntimeError):
    """A result cannot be written.

    Args:
        target (Path): Path of the result.
        error (OSError): Error of the system.
    """

    def __init__(self, target: Path, error: OSError) -> None:
        super().__init__(target, error)
        self.target = target
        self.error = error

    def __str__(self) -> str:
        return f'{self.target} cannot be written: {self.error.strerror}'

    @property
    def is_lasting(self) -> bool:
        """Whether no other file can be written either, as on a full disk."""
        return self.error.errno in _LASTING


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Raise errors of the system as errors of a result.

    Args:
        target (Path): Path of the result.

    Yields:
        None: Nothing.

    Raises:
        WriteError: If the system refuses to write.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(target, error) from error


class Output:
    """Open file that remembers why it could not be written.

    FFmpeg writes through it and gets no name, which it might take for an
    address or a protocol. It reports errors of a file late and without the
    reason.

    Args:
        file (BinaryIO): Open file.
        target (Path): Path of the result, for errors.
    """

    def __init__(self, file: BinaryIO, target: Path) -> None:
        self.failure: WriteError | None = None
        self._file = file
        self._target = target
        self.tell = file.tell

    def clear(self) -> None:
        """Start again with an empty file."""
        with self._watched():
            self._file.seek(0)
            self._file.truncate()

    def write(self, content: bytes) -> int:
        """Write bytes, all of them."""
        with self._watched():
            return self._file.write(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the file; this may write what is buffered."""
        with self._watched():
            return self._file.seek(offset, whence)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with writing(self._target):
                yield
        except WriteError as error:
            self.failure = self.failure or error
            raise


@contextmanager
def write_whole(target: Path) -> Iterator[Output]:
    """Write a file that appears under its name only when it is complete.

    Args:
        target (Path): Path of the file; its folder is created.

    Yields:
        Output: The open file.

    Raises:
        WriteError: If it cannot be written.
    """
    # Short, as the name may have the greatest length; of this process, as
    # the workers of a killed run may still be writing.
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    partial = target.with_name(f'{digest}-{os.getpid()}{PARTIAL}')
    try:
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            file = partial.open('wb')
        output = Output(file, target)
        try:
            yield output
        except Exception:
            if output.failure is not None:
                raise output.failure from None
            raise
        finally:
            with writing(target):
                file.close()
        if output.failure is not None:
            raise output.failure
        with writing(target):
            os.replace(partial, target)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
