# Copyright (c) clipbert_mm contributors.
"""Content that is no video, under the name of one."""

import gzip
import io
import json
import zipfile

import numpy as np

_URL = 'http://127.0.0.1:9/a.ts'
_FILE = '/etc/hostname'
_HLS = (
    '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.4,\n'
    '{address}\n#EXT-X-ENDLIST\n'
)
_SDP = (
    'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=No Name\nc=IN IP4 127.0.0.1\nt=0 0\n'
    'm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n'
)
_PAGE = '<!DOCTYPE html><html><body>403 Forbidden</body></html>'
_TEXTS = {
    'HLS playlist of an address': _HLS.format(address=_URL),
    'HLS playlist of a file': _HLS.format(address=f'file://{_FILE}'),
    'HLS playlist with a key': _HLS.format(address=_URL).replace(
        '#EXTINF', f'#EXT-X-KEY:METHOD=AES-128,URI="{_URL}"\n#EXTINF'
    ),
    'HLS playlist after blank lines': '\n\n ' + _HLS.format(address=_URL),
    'HLS playlist in small letters': _HLS.format(address=_URL).lower(),
    'M3U without a head': f'{_URL}\n',
    'DASH playlist': '<?xml version="1.0"?>\n<MPD><Period><AdaptationSet>'
    f'<Representation><BaseURL>{_URL}</BaseURL></Representation>'
    '</AdaptationSet></Period></MPD>',
    'DASH playlist after a comment': f'<!-- a --><MPD>{_URL}</MPD>',
    'PLS playlist': f'[playlist]\nFile1={_URL}\nNumberOfEntries=1\n',
    'ASX playlist': f'<asx version="3.0"><ref href="{_URL}"/></asx>',
    'reference file': f'[Reference]\nRef1={_URL}\n',
    'SMIL': f'<smil><body><video src="{_URL}"/></body></smil>',
    'ffconcat': f"ffconcat version 1.0\nfile '{_FILE}'\n",
    'SDP': _SDP,
    'SDP with line feeds of DOS': _SDP.replace('\n', '\r\n'),
    'RTSP address': 'RTSPtext\nrtsp://127.0.0.1:9/a\n',
    'web page': _PAGE,
    'web page without a doctype': '<html><head></head></html>',
    'web page after blank lines': '\r\n\r\n' + _PAGE,
    'web page in XML': '<?xml version="1.0"?>\n' + _PAGE,
    'Git LFS pointer': 'version https://git-lfs.github.com/spec/v1\n'
    'oid sha256:abc\nsize 123\n',
    'git-annex pointer': '/annex/objects/SHA256E-s123--abc.mp4\n',
    'JSON error': json.dumps(dict(error='not found', code=404)),
    'XML error': '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
    'subtitles': '1\n00:00:00,000 --> 00:00:01,000\nhello\n',
    'WebVTT': 'WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n',
    'Python': 'import os\nprint(os.listdir())\n',
    'one letter': 'a',
    'spaces': ' ' * 2000,
    'a long line': 'x' * 100_000,
    'SVG': '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/x"/>'
    '</svg>',
}


def _zip() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, 'w') as archive:
        archive.writestr('a.txt', 'hello')
    return memory.getvalue()


def _bytes() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    return {
        'empty': b'',
        'one byte': b'\x00',
        'two bytes': b'BM',
        'three zeros and a one': b'\x00\x00\x00\x01',
        'only ftyp': b'\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2',
        'only RIFF': b'RIFF\xff\xff\xff\xffAVI ',
        'only EBML': b'\x1a\x45\xdf\xa3',
        'only OggS': b'OggS',
        'only FLV': b'FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00',
        'only GIF': b'GIF89a',
        'only a TS sync': b'\x47' * 188 * 10,
        'zeros': bytes(20_000),
        'noise': rng.bytes(20_000),
        'noise after ftyp': b'\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2'
        + rng.bytes(20_000),
        'noise after EBML': b'\x1a\x45\xdf\xa3' + rng.bytes(20_000),
        'noise after an MPEG start': b'\x00\x00\x01\xba' + rng.bytes(20_000),
        'ZIP archive': _zip(),
        'gzip archive': gzip.compress(b'hello', mtime=0),
        'PDF document': b'%PDF-1.7\n%\xe2\xe3\xcf\xd3\n',
        'program': b'\x7fELF\x02\x01\x01' + bytes(200),
        'MP3 sound': b'ID3\x04\x00\x00\x00\x00\x00\x00'
        + b'\xff\xfb\x90\x00'
        + bytes(800),
        'WAV sound': b'RIFF\x24\x10\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00'
        b'\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data'
        b'\x00\x10\x00\x00' + bytes(4096),
    }


#: Content of files by name.
DISGUISES: dict[str, bytes] = {
    **{name: text.encode() for name, text in _TEXTS.items()},
    'HLS playlist after a mark of UTF-8': b'\xef\xbb\xbf'
    + _TEXTS['HLS playlist of an address'].encode(),
    'HLS playlist in UTF-16': _TEXTS['HLS playlist of a file'].encode(
        'utf-16'
    ),
    'web page in UTF-16': _PAGE.encode('utf-16'),
    'ffconcat after a mark of UTF-8': b'\xef\xbb\xbf'
    + _TEXTS['ffconcat'].encode(),
    **_bytes(),
}
SUFFIXES = ('mp4', 'avi', 'mkv', 'gif', 'webm', 'ts', 'm3u8', 'sdp')
