# Copyright (c) clipbert_mm contributors.
"""Annotation files as texts, or an error that says what they are instead."""

import io

from clipbert_mm.utils.file_heads import (
    HEAD_BYTES,
    decode_text,
    find_format,
    find_placeholder,
)
from clipbert_mm.utils.special_files import endless_kind

from .errors import AnnotationError

_UTF_16 = (b'\xff\xfe', b'\xfe\xff')


def read_text(path: str, option: str | None = None) -> str:
    """Read a whole file in UTF-8.

    Args:
        path (str): The file.
        option (str | None): Dataset option that named the file, for the
            message. Defaults to None.

    Returns:
        str: Content of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is not a text in UTF-8, is a page or a pointer
            that stands for a failed download, or no regular file.

    Example:
        >>> read_text('msrvtt/test.jsonl', 'ann_file')  # doctest: +SKIP
        '{"caption": ...
    """
    try:
        kind = endless_kind(path)
        if kind is not None:
            raise _wrong_file(path, f'{kind}. Name a file')
        with open(path, 'rb') as file:
            wrong = _describe(file.peek(HEAD_BYTES)[:HEAD_BYTES])
            if wrong is not None:
                raise _wrong_file(path, wrong)
            return io.TextIOWrapper(file, encoding='utf-8-sig').read()
    except FileNotFoundError as error:
        if option is None:
            raise FileNotFoundError(f'There is no file {path!r}.') from error
        raise FileNotFoundError(
            f'There is no annotation file {path!r}. Check {option} and '
            'data_root of the dataset.'
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b'\n', 0, error.start) + 1
        raise AnnotationError(
            f'{path}:{line}: this is not a text file in UTF-8: {error}. Save '
            'it in UTF-8.'
        ) from error


def _describe(head: bytes) -> str | None:
    """Describe a file that is no annotation file, and what to do.

    Args:
        head (bytes): First bytes of the file.

    Returns:
        str | None: Description; None for a text that may be one.
    """
    text = decode_text(head)
    found = None if text is None else find_placeholder(text)
    if found is not None:
        remedy = found.remedy[:1].upper() + found.remedy[1:]
        return f'{found.name}. {remedy}'
    # JSON and tables begin with two characters of ASCII.
    if head.startswith(_UTF_16) or b'\0' in head[:2]:
        return 'a text in UTF-16. Save it in UTF-8'
    name = find_format(head) if text is None else None
    if name is None:
        return None
    if 'archive' in name:
        return f'{name}. Unpack it, and name the file that was in it'
    return f'{name}. Name the annotation file itself'


def _wrong_file(path: str, description: str) -> AnnotationError:
    return AnnotationError(
        f'{path}:1: expected a text file, but got {description}.'
    )
