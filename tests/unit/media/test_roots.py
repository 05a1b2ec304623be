# Copyright (c) clipbert_mm contributors.
"""Tests of the folder that media must lie in."""

import os
import random
from pathlib import Path

import pytest

from clipbert_mm.media.roots import path_outside, reason_against_name

RELATIVE = "must be relative to the folder of the media, 'videos'"
LEAVES = "leaves the folder of the media, 'videos'"
ADDRESS = 'is an address, and media are not downloaded'
REFUSED = {
    '../x.mp4': LEAVES,
    '../../x.mp4': LEAVES,
    'a/../../b': LEAVES,
    './../b': LEAVES,
    'a/b/../../../c.mp4': LEAVES,
    'a//..//../b': LEAVES,
    '..': LEAVES,
    'a/..\\..\\..\\b.mp4': LEAVES,
    '..\\x.mp4': LEAVES,
    '/etc/x.mp4': RELATIVE,
    '//x.mp4': RELATIVE,
    '///x.mp4': RELATIVE,
    '\\\\server\\x.mp4': RELATIVE,
    'C:\\x.mp4': RELATIVE,
    'c:/x.mp4': RELATIVE,
    '~/x.mp4': 'begins with a home folder.*',
    '~root/x.mp4': 'begins with a home folder.*',
    'a\0.mp4': 'has a NUL character, which no file name may have',
    'http://127.0.0.1/x.mp4': ADDRESS,
    'HTTPS://127.0.0.1/x.mp4': ADDRESS,
    'http:/x.mp4': ADDRESS,
    's3://bucket/x.mp4': ADDRESS,
    's3:bucket/x.mp4': ADDRESS,
    'petrel:x.mp4': ADDRESS,
    'cluster:petrel://bucket/x.mp4': ADDRESS,
    'file:///etc/x.mp4': ADDRESS,
}
ALLOWED = [
    'x.mp4',
    'a/../b.mp4',
    'a/b//c.mp4',
    './a.mp4',
    'a..b.mp4',
    '...mp4',
    'a/...',
    '..a/b',
    '~x.mp4',
    'a~/b.mp4',
    'at 3:15.mp4',
    'a\\b.mp4',
    'v_-4wsuPCjDBc',
    '35034348999@N01.b',
]


@pytest.mark.parametrize('name', REFUSED)
def test_reason_against_name__refused(name: str) -> None:
    reason = reason_against_name(name, 'videos')
    pattern = REFUSED[name]
    assert reason is not None
    assert (
        reason.startswith(pattern[:-2])
        if pattern.endswith('.*')
        else reason == pattern
    )


@pytest.mark.parametrize('name', ALLOWED)
def test_reason_against_name__allowed(name: str) -> None:
    assert reason_against_name(name, 'videos') is None


@pytest.mark.parametrize('name', REFUSED)
def test_reason_against_name__without_a_folder(name: str) -> None:
    reason = reason_against_name(name, '')
    assert (reason is not None) == (REFUSED[name] == ADDRESS or '\0' in name)


def test_reason_against_name__as_the_system_resolves() -> None:
    """A name is refused exactly if it leads out, of a folder that exists."""
    random.seed(0)
    parts = ['..', '.', '', 'a', 'b.mp4', '..c', '~', '~d', '...']
    for _ in range(5000):
        name = '/'.join(random.choices(parts, k=random.randint(1, 6)))
        path = os.path.realpath(os.path.join('/proc/nowhere', name))
        leads_out = not f'{path}/'.startswith('/proc/nowhere/')
        is_home = name.startswith('~') and '/' in name
        reason = reason_against_name(name, '/proc/nowhere')
        assert (reason is not None) >= leads_out, name
        if not is_home and not name.startswith('/'):
            assert (reason is not None) == leads_out, name


def test_path_outside__links(tmp_path: Path) -> None:
    root = tmp_path / 'real' / 'videos'
    root.mkdir(parents=True)
    (tmp_path / 'secret').mkdir()
    for path in (root / 'a.mp4', tmp_path / 'secret' / 'b.mp4'):
        path.write_bytes(b'x')
    (tmp_path / 'link').symlink_to('real')
    (root / 'to_a.mp4').symlink_to('a.mp4')
    (root / 'to_b.mp4').symlink_to('../../secret/b.mp4')
    (root / 'out').symlink_to(tmp_path / 'secret')
    (root / 'loop').symlink_to('loop')
    (root / 'gone').symlink_to(tmp_path / 'gone')
    secret = str(tmp_path / 'secret' / 'b.mp4')
    for folder in (root, tmp_path / 'link' / 'videos'):
        for name, path in {
            'a.mp4': None,
            'to_a.mp4': None,
            'loop': None,
            'missing.mp4': None,
            'to_b.mp4': secret,
            'out/b.mp4': secret,
            'out/../videos/a.mp4': str(tmp_path / 'videos' / 'a.mp4'),
            'gone': str(tmp_path / 'gone'),
        }.items():
            for end in ('', '/'):
                assert path_outside(f'{folder}/{name}', f'{folder}{end}') == (
                    path
                )


def test_path_outside__a_sibling_with_the_same_beginning(
    tmp_path: Path,
) -> None:
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos2').mkdir()
    (tmp_path / 'videos' / 'a').symlink_to('../videos2')
    path = path_outside(f'{tmp_path}/videos/a/x', f'{tmp_path}/videos')
    assert path == f'{tmp_path}/videos2/x'
