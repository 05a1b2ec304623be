# Copyright (c) clipbert_mm contributors.
"""Disks that are full and folders that may not be written to, real ones."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534  # a user without rights


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a disk of a given size, or skip the test where that is forbidden.

    Args:
        folder (Path): Folder to mount it at, which is created.
        kilobytes (int): Size.

    Yields:
        Path: The folder.
    """
    folder.mkdir()
    mount = shutil.which('mount')
    options = f'size={kilobytes}k'
    if (
        mount is None
        or subprocess.run(
            [mount, '-t', 'tmpfs', '-o', options, 'small', folder],
            capture_output=True,
        ).returncode
    ):
        pytest.skip('this user may not mount a disk')
    try:
        yield folder
    finally:
        subprocess.run(['umount', folder], check=True)


@contextmanager
def read_only_folder(folder: Path) -> Iterator[Path]:
    """Make a folder read-only for :func:`error_as_nobody`.

    Its parents are opened to everyone.

    Args:
        folder (Path): Folder, which is created.

    Yields:
        Path: The folder.
    """
    folder.mkdir()
    folder.chmod(0o555)
    for parent in folder.parents:  # pytest's are for its user alone
        if parent.stat().st_mode & 0o005 != 0o005:
            parent.chmod(0o755)
    try:
        yield folder
    finally:
        folder.chmod(0o755)


def error_as_nobody(function: Callable[..., None], *arguments: object) -> str:
    """Call a function without the rights of root and return its error.

    Another user calls it with the rights that it has.

    Args:
        function (Callable[..., None]): Function that raises.
        *arguments (object): Its arguments.

    Returns:
        str: Type and message of the error; empty without an error.
    """
    read_end, write_end = os.pipe()
    child = os.fork()  # the interpreter may lie where nobody may read
    if not child:
        text = ''
        try:
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            function(*arguments)
        except BaseException as error:
            text = f'{type(error).__name__}: {error}'
        finally:
            os.write(write_end, text.encode())
            os._exit(0)
    os.close(write_end)
    with open(read_end, encoding='utf-8') as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text
