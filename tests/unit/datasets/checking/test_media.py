# Copyright (c) clipbert_mm contributors.
"""Tests of missing, unreadable and shared media of splits."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.checking.media import check_leaks, check_media
from clipbert_mm.datasets.checking.report import CheckReport
from clipbert_mm.datasets.checking.split import CheckedSplit, open_split
from tests.toolbox.media import write_lines, write_video

WIDE, TALL = (64, 48), (48, 80)


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos, one that is unreadable, and one that is missing."""
    root = tmp_path_factory.mktemp('media')
    write_video(root / 'v0.mp4', num_frames=8, fps=4, size=WIDE)
    write_video(root / 'v1.mp4', num_frames=9, fps=3, size=TALL)
    (root / 'v2.mp4').write_text('not a video')
    return root


def split_of(
    root: Path, *names: str, name: str = 'test', **options: Any
) -> CheckedSplit:
    """Return a split of some videos."""
    init_default_scope('mmaction')
    write_lines(
        root / f'{name}.jsonl',
        [dict(clip_name=own, caption=f'a {own}') for own in names],
    )
    config = dict(
        type='VideoTextRetrieval',
        ann_file=f'{name}.jsonl',
        data_root=str(root),
        pipeline=[dict(type='LoadVideo')],
        test_mode=True,
    )
    report = CheckReport('')
    split = open_split(name, {**config, **options}, report)
    assert split is not None
    assert report.problems == []
    return split


@pytest.mark.parametrize('decode', ['none', 'open', 'first'])
def test_check_media__figures_and_problems(root: Path, decode: str) -> None:
    report = CheckReport('', dict(test={}))
    lines: list[str] = []
    split = split_of(root, 'v0', 'v1', 'v2', 'v3')
    check_media(split, report, decode, 0, 60, lines.append)
    figures = report.figures['test']
    assert figures['missing media'] == 1
    missing, *unreadable = report.problems
    assert missing == ('test', 'missing media', f'{root}/v3.mp4')
    if decode == 'none':
        assert list(figures) == ['missing media']
        assert unreadable == lines == []
        return
    assert figures['unreadable media'] == 1
    assert lines[0] == 'test: reading 3 media'
    (problem,) = unreadable
    assert problem.kind == 'unreadable media'
    assert problem.message.startswith(f'{root}/v2.mp4: MediaError: ')
    assert figures['seconds'] == dict(least=2, median=2.5, most=3)
    assert figures['frames per second'] == dict(least=3, median=3.5, most=4)
    if decode == 'first':
        assert figures['longer side'] == dict(least=64, median=72, most=80)
        assert figures['shorter side'] == dict(least=48, median=48, most=48)
    else:
        assert 'longer side' not in figures


def test_check_media__of_unknown_files(root: Path) -> None:
    """Media that are not looked for are not counted as intact."""
    report = CheckReport('', dict(test={}))
    split = split_of(root, 'v0')._replace(files=None)
    check_media(split, report, 'open', 0, 60)
    (problem,) = report.problems
    assert problem[:2] == ('test', 'media')
    assert 'none was looked for' in problem.message
    assert report.figures == dict(test={})


def leaks(*splits: CheckedSplit) -> list[tuple[str | None, str]]:
    report = CheckReport('')
    check_leaks(splits, report)
    assert {found.kind for found in report.problems} <= {'media in both'}
    return [(found.split, found.message) for found in report.problems]


def test_check_leaks__of_different_annotations(root: Path) -> None:
    train = split_of(root, 'v0', 'v1', name='train')
    test = split_of(root, 'v1', 'v2', name='test')
    assert leaks(train, test) == [('train and test', 'v1')]
    # Two loaders of one file are meant to be equal.
    assert leaks(test, test._replace(name='val')) == []


def test_check_leaks__members_of_one_split_may_share(root: Path) -> None:
    first = split_of(root, 'v0', name='one')._replace(name='train[0]')
    second = split_of(root, 'v0', name='two')._replace(name='train[1]')
    test = split_of(root, 'v0', name='test')
    assert leaks(first, second, test) == [
        ('train[0] and test', 'v0'),
        ('train[1] and test', 'v0'),
    ]
    both = second._replace(name='val[0], train[1]')
    assert leaks(first, both) == []


def test_check_leaks__by_the_file_not_by_its_name(root: Path) -> None:
    link = root / 'link.mp4'
    if not link.is_symlink():
        link.symlink_to(root / 'v0.mp4')
    train = split_of(root, 'v0', name='train')
    test = split_of(root, 'link', name='test')
    assert leaks(train, test) == [('train and test', 'v0')]


def test_check_leaks__of_different_stores(root: Path) -> None:
    train = split_of(root, 'v0', name='train')
    args = dict(backend='lmdb', db_path='a.lmdb')
    steps = [dict(type='LoadVideo', backend_args=args)]
    test = split_of(root, 'v0', name='test', pipeline=steps)
    assert leaks(train, test) == []
    assert leaks(train, train._replace(ann_file='b', name='test')) == [
        ('train and test', 'v0')
    ]
    unknown = train._replace(ann_file='b', name='test', files=None)
    assert leaks(train, unknown) == []
