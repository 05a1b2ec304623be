# Copyright (c) clipbert_mm contributors.
"""Say what a file is by its first bytes, for messages about wrong files."""

import codecs
import re
from typing import NamedTuple

HEAD_BYTES = 4096


class Placeholder(NamedTuple):
    """Text that stands where a download or a copy has failed.

    Args:
        name (str): Kind of the text, as in "it is a web page".
        remedy (str): How to get the file itself.
    """

    name: str
    remedy: str


_PLACEHOLDERS: tuple[tuple[str, str, str], ...] = (
    (
        r'version https://git-lfs',
        'a Git LFS pointer',
        'run `git lfs pull` where it comes from',
    ),
    (
        r'/annex/objects/',
        'a git-annex pointer',
        'run `git annex get` where it comes from',
    ),
    (
        r'(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?'
        r'(<!doctype html|<html|<head|<body)',
        'a web page',
        'the download has failed: download it again',
    ),
    (r'<\?xml', 'an XML file', 'the download may have failed'),
)

#: Offset, bytes and name of formats that hold neither media nor weights.
OTHER_FORMATS: tuple[tuple[int, bytes, str], ...] = (
    (0, b'PK\x03\x04', 'a ZIP archive'),
    (0, b'\x1f\x8b', 'a gzip archive'),
    (0, b'7z\xbc\xaf\x27\x1c', 'a 7z archive'),
    (0, b'Rar!', 'a RAR archive'),
    (257, b'ustar', 'a tar archive'),
    (0, b'%PDF', 'a PDF document'),
    (0, b'\x7fELF', 'a program'),
    (0, b'MZ', 'a program'),
)

_OF_OTHER_PROGRAMS: tuple[tuple[int, bytes, str], ...] = (
    (0, b'\x89HDF\r\n\x1a\n', 'an HDF5 file, such as Keras writes'),
    (0, b'\x93NUMPY', 'a NumPy array without a name'),
    (0, b'GGUF', 'a GGUF file'),
    (0, b'PAR1', 'a Parquet file'),
    (0, b'SQLite format 3\0', 'an SQLite database'),
    (0, b'BZh', 'a bzip2 archive'),
    (0, b'\xfd7zXZ', 'an xz archive'),
    (0, b'\x28\xb5\x2f\xfd', 'a Zstandard archive'),
    (0, b'\xff\xd8\xff', 'a JPEG image'),
    (0, b'\x89PNG\r\n\x1a\n', 'a PNG image'),
    (0, b'GIF8', 'a GIF'),
    (4, b'ftyp', 'an MP4 or QuickTime file'),
    (0, b'\x1a\x45\xdf\xa3', 'a Matroska or WebM file'),
)


def decode_text(head: bytes) -> str | None:
    r"""Return the first bytes as text, or None if they are not text.

    Args:
        head (bytes): First bytes of a file.

    Returns:
        str | None: The text.

    Example:
        >>> decode_text(b'a = 1'), decode_text(b'\x80\x02}')
        ('a = 1', None)
    """
    if head[:2] in (b'\xff\xfe', b'\xfe\xff'):
        return head[: len(head) // 2 * 2].decode('utf-16', 'replace')
    text = head.decode('utf-8', 'surrogateescape')
    # A text that is cut inside a character is still a text.
    whole, _ = codecs.utf_8_decode(head, 'surrogateescape', False)
    strange = re.search('[\udc80-\udcff]', whole)
    controls = re.search('[\x00-\x08\x0e-\x1a\x1c-\x1f]', text)
    known = re.match(r'\s*(<!doctype|<html|<\?xml|#EXTM3U)', text, re.I)
    return text if known or not (strange or controls) else None


def find_placeholder(text: str) -> Placeholder | None:
    """Recognise a text that stands where a download or a copy has failed.

    Args:
        text (str): Text from :func:`decode_text`.

    Returns:
        Placeholder | None: Its kind, None for any other text.

    Example:
        >>> find_placeholder('<html>404').name
        'a web page'
    """
    start = text.lstrip('\ufeff \t\r\n')
    for pattern, name, remedy in _PLACEHOLDERS:
        if re.match(pattern, start, re.IGNORECASE | re.DOTALL):
            return Placeholder(name, remedy)
    return None


def find_format(head: bytes) -> str | None:
    r"""Recognise a format that holds neither weights nor texts.

    Args:
        head (bytes): First bytes of a file.

    Returns:
        str | None: Name of the format, None if it is not recognised.

    Example:
        >>> find_format(b'\x1f\x8b\x08'), find_format(b'{"a": 1}')
        ('a gzip archive', None)
    """
    for offset, signature, name in (*OTHER_FORMATS, *_OF_OTHER_PROGRAMS):
        if head[offset : offset + len(signature)] == signature:
            return name
    return None


def quote_text(text: str) -> str:
    """Describe a text by its first line.

    Args:
        text (str): Text from :func:`decode_text`.

    Returns:
        str: Description with at most 40 characters of the text.

    Example:
        >>> quote_text('one line')
        "a text file ('one line')"
    """
    first = text.lstrip('\ufeff \t\r\n').partition('\n')[0].strip()
    shown = first if len(first) <= 40 else first[:37] + '...'
    return f'a text file ({shown!r})'


def describe_wrong_file(head: bytes) -> str | None:
    r"""Describe a file that cannot be a checkpoint.

    Args:
        head (bytes): First bytes of the file, :data:`HEAD_BYTES` of them or
            the whole file.

    Returns:
        str | None: Description, as in "it is a web page", with a remedy if
        one is known. None if the format is not recognised.

    Example:
        >>> describe_wrong_file(b'%PDF-1.7')
        'a PDF document'
        >>> describe_wrong_file(b'\x80\x02}q') is None
        True
    """
    if not head:
        return 'empty; copy or download it again'
    if not any(head):
        return 'all zeros at its start; copy or download it again'
    text = decode_text(head)
    if text is not None:
        found = find_placeholder(text)
        if found is not None:
            return f'{found.name}; {found.remedy}'
    found_format = find_format(head)
    if found_format is not None:
        return found_format
    return None if text is None else quote_text(text)
