# Copyright (c) clipbert_mm contributors.
"""Decide by its first bytes what a file is, before a decoder sees it."""

import re
from typing import NamedTuple

from clipbert_mm.utils.file_heads import (
    HEAD_BYTES,
    OTHER_FORMATS,
    decode_text,
    find_placeholder,
    quote_text,
)

from .errors import MediaError

__all__ = ['HEAD_BYTES', 'FileKind', 'check_image', 'check_video', 'sniff']

JPEG_START = b'\xff\xd8\xff'
_VIDEO = 'video'
_ANIMATION = 'animation'  # read by Pillow
_IMAGE = 'image'
_OTHER = 'other'


class FileKind(NamedTuple):
    """What the first bytes of a file say.

    Args:
        role (str): ``'video'``, ``'animation'``, ``'image'`` or ``'other'``.
        name (str): Name of the format, as in "it is a web page".
        remedy (str): What to do if the file is refused; may be empty.
    """

    role: str
    name: str
    remedy: str = ''


# Offset, bytes, role, name. The first line that matches counts.
_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b'\x1a\x45\xdf\xa3', _VIDEO, 'a Matroska or WebM file'),
    (0, b'OggS', _VIDEO, 'an Ogg file'),
    (0, b'FLV\x01', _VIDEO, 'a Flash video'),
    (0, b'FWS', _VIDEO, 'a Flash animation'),
    (0, b'CWS', _VIDEO, 'a Flash animation'),
    (0, b'0&\xb2u\x8ef\xcf\x11', _VIDEO, 'an ASF or WMV file'),
    (0, b'\x00\x00\x01', _VIDEO, 'an MPEG stream'),
    (0, b'\x00\x00\x00\x01', _VIDEO, 'an MPEG stream or MP4 file'),
    (0, b'\x06\x0e+4\x02\x05\x01\x01', _VIDEO, 'an MXF file'),
    (0, b'.RMF', _VIDEO, 'a RealMedia file'),
    (0, b'nut/multimedia container', _VIDEO, 'a NUT file'),
    (0, b'DKIF', _VIDEO, 'an IVF file'),
    (0, b'YUV4MPEG2 ', _VIDEO, 'a Y4M file'),
    (0, b'\x1f\x07\x00', _VIDEO, 'a DV file'),
    (0, b'\xb7\xd8\x00\x20', _VIDEO, 'a WTV file'),
    (0, b'\x00\x00\x00\x00\x01\xbc', _VIDEO, 'a GXF file'),
    (0, b'\x12\x00\x0a', _VIDEO, 'an AV1 stream'),
    (0, b'NSVf', _VIDEO, 'an NSV file'),
    (0, b'GIF87a', _ANIMATION, 'a GIF'),
    (0, b'GIF89a', _ANIMATION, 'a GIF'),
    (0, JPEG_START, _IMAGE, 'a JPEG image'),
    (0, b'\x89PNG\r\n\x1a\n', _IMAGE, 'a PNG image'),
    (0, b'II*\x00', _IMAGE, 'a TIFF image'),
    (0, b'MM\x00*', _IMAGE, 'a TIFF image'),
    (0, b'BM', _IMAGE, 'a BMP image'),
    (0, b'ID3', _OTHER, 'a sound file (MP3)'),
    (0, b'fLaC', _OTHER, 'a sound file (FLAC)'),
    (0, b'caff', _OTHER, 'a sound file (CAF)'),
    (0, b'#!AMR', _OTHER, 'a sound file (AMR)'),
    *((offset, head, _OTHER, name) for offset, head, name in OTHER_FORMATS),
)
# Kinds of the form RIFF????.
_RIFF = {
    b'AVI ': (_VIDEO, 'an AVI file'),
    b'AVI\x19': (_VIDEO, 'an AVI file'),
    b'AMV ': (_VIDEO, 'an AMV file'),
    b'WAVE': (_OTHER, 'a sound file (WAV)'),
    b'WEBP': (_IMAGE, 'a WebP image'),
}
# First boxes of MP4 and QuickTime files.
_BOXES = frozenset(
    b'ftyp moov mdat free skip wide pnot uuid styp moof sidx'.split()
)
_STILL_BRANDS = frozenset(b'avif heic heix mif1'.split())
# Texts that make FFmpeg open other files or addresses.
_DOWNLOAD = 'download the file itself'
_TEXTS: tuple[tuple[str, str, str], ...] = (
    (r'#EXTM3U', 'an HLS playlist', _DOWNLOAD),
    (r'(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<MPD', 'a DASH playlist', _DOWNLOAD),
    (r'\[playlist\]|\[reference\]|<asx', 'a playlist', _DOWNLOAD),
    (r'ffconcat', 'a list of files for FFmpeg', 'name the files themselves'),
    (r'v=0\r?\n', 'an SDP session description', _DOWNLOAD),
)


def sniff(head: bytes) -> FileKind:
    r"""Return what a file is.

    Args:
        head (bytes): First bytes of the file, :data:`HEAD_BYTES` of them or
            the whole file.

    Returns:
        FileKind: Role and name of its format.

    Example:
        >>> sniff(b'#EXTM3U').name, sniff(b'GIF89a\0').role
        ('an HLS playlist', 'animation')
    """
    if not head:
        return FileKind(_OTHER, 'empty', 'download it again')
    return (
        _container(head)
        or _transport_stream(head)
        or _text(head)
        or _signature(head)
        or _unknown(head)
    )


def check_video(head: bytes, filename: str) -> FileKind:
    """Raise unless a file is a video or an animation.

    Args:
        head (bytes): First bytes of the file.
        filename (str): Name of the file, for errors.

    Returns:
        FileKind: Kind of the file.

    Raises:
        MediaError: If it is neither.
    """
    kind = sniff(head)
    if head.startswith(JPEG_START) and _is_motion_jpeg(filename):
        kind = FileKind(_VIDEO, 'a motion JPEG stream')
    if kind.role in (_VIDEO, _ANIMATION):
        return kind
    if kind.role == _IMAGE:
        kind = kind._replace(remedy='read images with LoadImageClip')
    raise _refused(kind, filename, 'not a video')


def _is_motion_jpeg(filename: str) -> bool:
    """Return whether a JPEG is the first of many, which only its name says.

    Photos, too, may hold several JPEGs one after the other.
    """
    return filename.lower().endswith(('.mjpeg', '.mjpg'))


def check_image(head: bytes, filename: str) -> None:
    """Raise if a file is known to be something other than an image.

    Args:
        head (bytes): First bytes of the file.
        filename (str): Name of the file, for errors.

    Raises:
        MediaError: If it is not an image.
    """
    kind = sniff(head)
    if kind.role == _VIDEO:
        kind = kind._replace(remedy='read videos with LoadVideo')
    elif kind.role != _OTHER or kind.name == _UNKNOWN:
        return
    raise _refused(kind, filename, 'not an image')


_UNKNOWN = 'of an unknown format'


def _refused(kind: FileKind, filename: str, problem: str) -> MediaError:
    reason = f'it is {kind.name}, {problem}'
    if kind.name == 'empty':
        reason = 'the file is empty'
    return MediaError(
        filename, f'{reason}; {kind.remedy}' if kind.remedy else reason
    )


def _container(head: bytes) -> FileKind | None:
    """Recognise what begins with a length or with RIFF."""
    if head[:4] == b'RIFF' and head[8:12] in _RIFF:
        role, name = _RIFF[head[8:12]]
        if name == 'a WebP image' and b'ANIM' in head[12:64]:
            return FileKind(_ANIMATION, 'an animated WebP')
        return FileKind(role, name)
    if head[4:8] not in _BOXES:
        return None
    if head[4:8] == b'ftyp' and head[8:12] in _STILL_BRANDS:
        return FileKind(_IMAGE, 'an AVIF or HEIC image')
    return FileKind(_VIDEO, 'an MP4 or QuickTime file')


def _transport_stream(head: bytes) -> FileKind | None:
    """Recognise MPEG-TS by its sync bytes; it may begin inside a packet."""
    for size in (188, 192, 204):
        for start in range(min(size, len(head))):
            syncs = head[start::size]
            if len(syncs) >= 4 and syncs == b'\x47' * len(syncs):
                return FileKind(_VIDEO, 'an MPEG transport stream')
    return None


def _text(head: bytes) -> FileKind | None:
    """Recognise texts."""
    text = decode_text(head)
    if text is None:
        return None
    start = text.lstrip('\ufeff \t\r\n')
    for pattern, name, remedy in _TEXTS:
        if re.match(pattern, start, re.IGNORECASE | re.DOTALL):
            return FileKind(_OTHER, name, remedy)
    found = find_placeholder(text)
    if found is not None:
        return FileKind(_OTHER, *found)
    if start.startswith('YUV4MPEG2 '):
        return None
    return FileKind(_OTHER, quote_text(text), 'download it again')


def _signature(head: bytes) -> FileKind | None:
    for offset, signature, role, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return FileKind(role, name)
    # Frames of MP3 and AAC without a container.
    if head[0] == 0xFF and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        return FileKind(_OTHER, 'a sound file (MP3 or AAC)')
    return None


def _unknown(head: bytes) -> FileKind:
    if not any(head):
        return FileKind(
            _OTHER, 'all zeros at its start', 'copy or download it again'
        )
    return FileKind(
        _OTHER, _UNKNOWN, f'it begins with the bytes {head[:8].hex(" ")}'
    )
