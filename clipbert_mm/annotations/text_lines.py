# Copyright (c) clipbert_mm contributors.
"""Files with a text a line, as of queries."""

import os

from .errors import AnnotationError
from .text_files import read_text


def read_text_lines(path: str | os.PathLike[str]) -> list[str]:
    r"""Read the texts of a file.

    Args:
        path (str | os.PathLike[str]): File in UTF-8 with one text a line;
            blank lines are skipped.

    Returns:
        list[str]: The texts, in their order, without the space around them.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is no text in UTF-8, or holds none.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, 'queries.txt')
        ...     _ = path.write_text('a red ring\n\n a cross \n')
        ...     read_text_lines(path)
        ['a red ring', 'a cross']
    """
    name = os.fspath(path)
    lines = (line.strip() for line in read_text(name).splitlines())
    texts = [line for line in lines if line]
    if not texts:
        raise AnnotationError(
            f'{name}:1: expected a text a line, but all lines are blank.'
        )
    return texts
