# Copyright (c) clipbert_mm contributors.
"""Checks of where a command will write, made before its work."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .whole_files import PathLike, is_stream


class OutputError(ValueError):
    """Place that a command cannot write to."""


def check_output_file(
    option: str,
    path: PathLike,
    suffixes: Sequence[str] = (),
    sources: Sequence[PathLike] = (),
) -> None:
    """Raise unless a file can be written; create its folder.

    Args:
        option (str): Name of the option for the message, such as ``--out``.
        path (PathLike): The file.
        suffixes (Sequence[str]): Suffixes of which it must have one.
            Defaults to any.
        sources (Sequence[PathLike]): Files that are read and must not be
            replaced. Defaults to none.

    Raises:
        OutputError: If the file cannot be written. The message names the
            option and the reason.

    Example:
        >>> check_output_file('--out', 'scores.npz', ('.npz', ))
    """
    text = os.fspath(path)
    if suffixes and not text.lower().endswith(tuple(suffixes)):
        raise OutputError(
            f'{option} must end in {" or ".join(suffixes)}, but got {text!r}.'
        )
    if is_stream(text):
        return
    if os.path.isdir(text) or text.endswith(os.sep) or not text:
        raise OutputError(
            f'{option} must be the path of a file, but {text!r} is a folder.'
        )
    if os.path.exists(text):
        _check_replaceable(option, text, sources)
    check_output_folder(option, Path(os.path.realpath(text)).parent)


def _check_replaceable(
    option: str, path: str, sources: Sequence[PathLike]
) -> None:
    """Raise unless an existing file may be replaced."""
    for source in sources:
        if os.path.exists(source) and os.path.samefile(path, source):
            raise OutputError(
                f'{option} must not be the file that is read, but got '
                f'{path!r}. Name another file.'
            )
    if not os.access(path, os.W_OK):
        raise OutputError(
            f'{option}: {path!r} exists and is read-only. Name another file, '
            'or change its permissions.'
        )


def check_new_folder(option: str, path: PathLike) -> None:
    """Raise unless files can be written to a folder; create nothing.

    Args:
        option (str): Name of the option for the message.
        path (PathLike): The folder, which need not exist.

    Raises:
        OutputError: If it is not a folder, or nothing can be written there.

    Example:
        >>> check_new_folder('--out', 'data/msrvtt/annotations')
    """
    place = Path(path).absolute()
    while not os.path.lexists(place):
        place = place.parent
    check_output_folder(option, place)


def check_output_folder(option: str, path: PathLike) -> None:
    """Raise unless files can be written to a folder; create it.

    Args:
        option (str): Name of the option for the message.
        path (PathLike): The folder.

    Raises:
        OutputError: If it is not a folder, or nothing can be written there.

    Example:
        >>> check_output_folder('--work-dir', 'work_dirs/msrvtt')
    """
    text = os.fspath(path)
    for place in (Path(text), *Path(text).parents):
        if os.path.exists(place):  # False where it is not allowed to look
            if not os.path.isdir(place):
                raise OutputError(
                    f'{option} must be a folder, but {str(place)!r} is a file.'
                )
            break
    try:
        os.makedirs(text, exist_ok=True)
        with tempfile.TemporaryFile(dir=text):
            pass
    except OSError as error:
        raise OutputError(
            f'{option}: cannot write to the folder {text!r}: '
            f'{error.strerror}. Name another place, or change its '
            'permissions.'
        ) from error
