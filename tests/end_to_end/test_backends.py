# Copyright (c) clipbert_mm contributors.
"""Tests of media in files, in an LMDB and in a file backend of MMEngine."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.fileio import BaseStorageBackend, register_backend
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

from clipbert_mm.datasets import (
    ImageTextPretrain,
    VideoQuestionAnswering,
    VideoTextRetrieval,
)
from tests.toolbox.media import (
    pipeline,
    write_lines,
    write_lmdb,
    write_video,
)

KINDS = ('retrieval', 'questions', 'image questions', 'images', 'videos')
NUM_MEDIA = 3


class FolderBackend(BaseStorageBackend):
    """A file backend: the media are in a folder, named by a prefix."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def get(self, filepath: str | Path) -> bytes:
        return (self.folder / Path(filepath).name).read_bytes()

    def get_text(self, filepath: str | Path, encoding: str = 'utf-8') -> str:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def mmaction_scope() -> None:
    """Let pipelines name MMAction2's transforms and ours."""
    init_default_scope('mmaction')


@pytest.fixture(scope='module')
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos and images, as files and in LMDBs; their annotations."""
    root = tmp_path_factory.mktemp('media')
    for kind in ('videos', 'images'):
        (root / kind).mkdir()
    for i in range(NUM_MEDIA):
        write_video(root / 'videos' / f'm{i}.mp4', num_frames=10 + 5 * i)
        cv2.imwrite(
            str(root / 'images' / f'm{i}.png'),
            np.full((24, 32, 3), 60 * i, np.uint8),
        )
    for kind in ('videos', 'images'):
        write_lmdb(
            root / f'{kind}.lmdb',
            {p.stem: p.read_bytes() for p in (root / kind).iterdir()},
        )
    write_annotations(root)
    return root


def write_annotations(root: Path, *more: str) -> None:
    """Captions and questions of m0, m1, m2 and more."""
    names = ['m0', 'm1', 'm2', *more]
    write_lines(
        root / 'captions.jsonl',
        [dict(clip_name=n, caption=f'the dog {n}') for n in names],
    )
    write_lines(
        root / 'questions.jsonl',
        [dict(video_id=n, question='what?', answer='dog') for n in names],
    )


def dataset_of(
    kind: str,
    root: Path,
    args: Any = None,
    vocab_dir: str = '',
    **options: Any,
) -> Any:
    """A dataset whose media come from where ``args`` say."""
    folder = 'images' if 'image' in kind else 'videos'
    key = 'img' if 'image' in kind else 'video'
    steps = pipeline(vocab_dir)
    steps[0] = dict(type='LoadVideo', backend_args=args)
    if key == 'img':
        steps[:3] = [dict(type='LoadImageClip', backend_args=args)]
    if args is None and key == 'video':
        steps[0] = dict(type='DecordInit')
    settings: dict[str, Any] = dict(
        ann_file='captions.jsonl',
        pipeline=steps,
        data_root=str(root),
        data_prefix={key: folder},
        media_suffix='.png' if key == 'img' else '.mp4',
    )
    if 'questions' not in kind:
        steps[-1]['algorithm_keys'] = ('text_labels',)
        cls: Any = VideoTextRetrieval
        if kind != 'retrieval':
            cls = ImageTextPretrain
        return cls(**{**settings, **options})
    steps[-1]['algorithm_keys'] = ('answer_labels',)
    settings.update(
        ann_file='questions.jsonl',
        answers=dict(format='open', vocabulary=['dog']),
    )
    return VideoQuestionAnswering(**{**settings, **options})


def lmdb_of(kind: str, root: Path) -> dict:
    name = 'images' if 'image' in kind else 'videos'
    return dict(backend='lmdb', db_path=str(root / f'{name}.lmdb'))


def folder_of(kind: str, root: Path) -> dict:
    name = 'images' if 'image' in kind else 'videos'
    return dict(backend='folder of tests', folder=str(root / name))


@pytest.fixture
def folder_backend() -> None:
    register_backend('folder of tests', FolderBackend, force=True)


def assert_same_items(got: Any, expected: Any) -> None:
    for name, value in expected['inputs'].items():
        assert torch.equal(got['inputs'][name], value)
    assert got['data_samples'].video_id == expected['data_samples'].video_id


@pytest.mark.parametrize('kind', KINDS)
def test_backends__give_the_same_items(
    media: Path, vocab_dir: str, kind: str, folder_backend: None
) -> None:
    files = dataset_of(kind, media, vocab_dir=vocab_dir)
    # Keys are stems: folder and suffix of the names make no difference.
    others = [
        dataset_of(kind, media, args, vocab_dir)
        for args in (
            lmdb_of(kind, media),
            folder_of(kind, media),
            dict(backend='local'),
        )
    ]
    assert len(files) == NUM_MEDIA
    expected = [files[(0, 1, i)] for i in range(NUM_MEDIA)]
    means = {
        round(item['inputs']['imgs'].float().mean().item(), 3)
        for item in expected
    }
    assert len(means) == NUM_MEDIA  # other pixels in every file
    for dataset in others:
        for i in range(NUM_MEDIA):
            assert_same_items(dataset[(0, 1, i)], expected[i])


def test_lmdb__names_without_folder_and_suffix(
    media: Path, vocab_dir: str
) -> None:
    for kind, key in (('retrieval', 'video'), ('images', 'img')):
        args = lmdb_of(kind, media)
        dataset = dataset_of(kind, media, args, vocab_dir)
        bare = dataset_of(
            kind,
            media,
            args,
            vocab_dir,
            data_prefix={key: ''},
            media_suffix='',
        )
        assert bare.get_data_info(0)['filename'] == f'{media}/m0'
        for i in range(NUM_MEDIA):
            assert_same_items(bare[i], dataset[i])


@pytest.mark.parametrize('kind', KINDS)
def test_lmdb__in_forked_workers(
    media: Path, vocab_dir: str, kind: str
) -> None:
    dataset = dataset_of(kind, media, lmdb_of(kind, media), vocab_dir)
    expected = [dataset[i] for i in range(NUM_MEDIA)]  # now it is open
    loader = DataLoader(
        dataset, num_workers=2, collate_fn=list, multiprocessing_context='fork'
    )
    for _ in range(2):
        for (item,), other in zip(loader, expected, strict=True):
            assert_same_items(item, other)
    assert_same_items(dataset[1], expected[1])


@pytest.mark.slow
def test_lmdb__in_spawned_workers(media: Path, vocab_dir: str) -> None:
    dataset = dataset_of(
        'questions', media, lmdb_of('questions', media), vocab_dir
    )
    expected = [dataset[i] for i in range(NUM_MEDIA)]  # now it is open
    loader = DataLoader(
        dataset,
        num_workers=1,
        collate_fn=list,
        multiprocessing_context='spawn',
    )
    for (item,), other in zip(loader, expected, strict=True):
        assert_same_items(item, other)


@pytest.mark.parametrize('kind', KINDS)
def test_lmdb__missing_key_is_a_bad_medium(
    media: Path,
    vocab_dir: str,
    tmp_path: Path,
    kind: str,
    warnings_logged: list[str],
) -> None:
    write_annotations(tmp_path, 'gone')
    args = lmdb_of(kind, media)
    training = dataset_of(
        kind, tmp_path, args, vocab_dir, bad_media=dict(max_fraction=0.25)
    )
    items = [training[(0, epoch, i)] for epoch in range(3) for i in range(4)]
    assert {item['data_samples'].video_id for item in items} == {
        'm0',
        'm1',
        'm2',
    }
    (report,) = (m for m in warnings_logged if 'cannot be used' in m)
    assert '1 of 4 are bad' in report
    assert f"the key 'gone' is not in the LMDB {args['db_path']!r}" in report
    if 'questions' in kind:
        testing = dataset_of(kind, tmp_path, args, vocab_dir, test_mode=True)
        sample = testing[3]['data_samples']
        assert "the key 'gone' is not in the LMDB" in sample.load_error
