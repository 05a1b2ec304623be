# Copyright (c) clipbert_mm contributors.
"""What a file is by its first bytes."""

import io
import tarfile
import zipfile

import pytest
import torch
from safetensors.torch import save

from clipbert_mm.utils.file_heads import (
    decode_text,
    describe_wrong_file,
    find_placeholder,
    quote_text,
)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as file:
        file.writestr('photo.jpg', b'\xff\xd8\xff')
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as file:
        file.addfile(tarfile.TarInfo('a'))
    return buffer.getvalue()


@pytest.mark.parametrize(
    'head, described',
    [
        (b'', 'empty; copy or download it again'),
        (bytes(100), 'all zeros at its start; copy or download it again'),
        (
            b'\n <!DOCTYPE html><html><head>',
            'a web page; the download has failed: download it again',
        ),
        (
            b'<?xml version="1.0"?><Error>NoSuchKey</Error>',
            'an XML file; the download may have failed',
        ),
        (
            b'version https://git-lfs.github.com/spec/v1\noid sha256:1\n',
            'a Git LFS pointer; run `git lfs pull` where it comes from',
        ),
        (
            b'/annex/objects/SHA256E-s1--1.pth\n',
            'a git-annex pointer; run `git annex get` where it comes from',
        ),
        (b'{"message": "Not Found"}', None),
        (b'GIF89a\x01\x00', 'a GIF'),
    ],
)
def test_describe_wrong_file__downloads(head, described):
    expected = described or f'a text file ({head.decode()!r})'
    assert describe_wrong_file(head) == expected


@pytest.mark.parametrize(
    'head, described',
    [(zipped(), 'a ZIP archive'), (tarred(), 'a tar archive')],
)
def test_describe_wrong_file__archives(head, described):
    assert describe_wrong_file(head) == described


def test_describe_wrong_file__weights_are_not_recognised():
    old = io.BytesIO()
    torch.save(
        dict(a=torch.ones(3)), old, _use_new_zipfile_serialization=False
    )
    assert describe_wrong_file(old.getvalue()) is None
    assert describe_wrong_file(save(dict(a=torch.ones(3)))) is None


def test_find_placeholder__begins_with_a_byte_order_mark():
    head = '<html>'.encode('utf-16')
    text = decode_text(head)
    assert text is not None
    found = find_placeholder(text)
    assert found is not None
    assert found.name == 'a web page'


def test_decode_text__cut_inside_a_character():
    head = 'a café'.encode()[:-1]
    assert decode_text(head) is not None
    assert decode_text(b'\x00\x01\x02\x03') is None


@pytest.mark.parametrize(
    'head', [b'\xff\xd8\xff', b'\xff\xfb', b'\x80', b'a\xff', b'\xe9a']
)
def test_decode_text__of_a_few_bytes(head: bytes) -> None:
    assert decode_text(head) is None


@pytest.mark.parametrize('char', ['\u00e9', '\u20ac', '\U0001f600'])
def test_decode_text__cut_at_every_byte_of_a_character(char: str) -> None:
    content = f'a{char}'.encode()
    for size in range(1, len(content) + 1):
        text = decode_text(content[:size])
        assert text is not None
        assert text.startswith('a')


def test_quote_text__is_cut():
    assert quote_text('x' * 50) == f"a text file ('{'x' * 37}...')"
