# Copyright (c) clipbert_mm contributors.
"""Tests of several datasets as one, on real LMDBs, images and videos."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.registry import init_default_scope
from torch import distributed
from torch.utils.data import DataLoader

from clipbert_mm.datasets import ConcatTextDataset, ImageTextPretrain
from clipbert_mm.engine import BadMediaHook, EpochSampler
from tests.toolbox.media import (
    flat,
    pipeline,
    write_lines,
    write_lmdb,
    write_video,
)
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import run_ranks

NUM_MEDIA = dict(coco=4, vg=6)
BRIGHTNESS = dict(coco=0, vg=128)  # of the first image of a source
SEED = 11


def png(side: int, level: int) -> bytes:
    """Return the content of a grey square image."""
    pixels = np.full((side, side, 3), level, np.uint8)
    return cv2.imencode('.png', pixels)[1].tobytes()


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two LMDBs with the same keys, each with its captions."""
    root = tmp_path_factory.mktemp('sources')
    for source, number in NUM_MEDIA.items():
        images = {
            str(i): png(32, BRIGHTNESS[source] + 16 * i) for i in range(number)
        }
        write_lmdb(root / f'{source}.lmdb', images)
        write_captions(root, source, range(number))
    return root


def write_captions(root: Path, source: str, ids: Sequence[int]) -> None:
    """Write two captions of each image."""
    write_lines(
        root / f'{source}.jsonl',
        [
            {f'{source}_id': i, 'caption': f'a {word} {source} {i}'}
            for i in ids
            for word in ('man', 'dog')
        ],
    )


def member_of(
    source: str, root: Path, vocab_dir: str, **options: Any
) -> dict[str, Any]:
    """Return the config of a dataset with an LMDB of its own."""
    args = dict(backend='lmdb', db_path=str(root / f'{source}.lmdb'))
    loader = dict(type='LoadImageClip', backend_args=args)
    return dict(
        type='ImageTextPretrain',
        ann_file=f'{source}.jsonl',
        data_root=str(root),
        pipeline=[loader, *pipeline(vocab_dir)[3:]],
        **{'group_size': 2, **options},
    )


def concat_of(root: Path, vocab_dir: str, **options: Any) -> ConcatTextDataset:
    """Build both sources from a config."""
    return DATASETS.build(
        dict(
            type='ConcatTextDataset',
            datasets=[
                member_of(name, root, vocab_dir, **options)
                for name in NUM_MEDIA
            ],
        )
    )


def test_concat__each_member_reads_its_own_lmdb(
    data_root: Path, vocab_dir: str
) -> None:
    dataset = concat_of(data_root, vocab_dir)
    found = {}
    for i in range(len(dataset)):
        item = dataset[(SEED, 2, i)]
        pixels = item['inputs']['imgs'].unique()
        found[item['data_samples'].video_id] = pixels.tolist()
    assert found == {
        f'{source}/{i}': [BRIGHTNESS[source] + 16 * i]
        for source, number in NUM_MEDIA.items()
        for i in range(number)
    }


@pytest.mark.slow
def test_concat__indices_are_mmengines(
    data_root: Path, vocab_dir: str
) -> None:
    dataset = concat_of(data_root, vocab_dir)
    members = [
        DATASETS.build(member_of(name, data_root, vocab_dir))
        for name in NUM_MEDIA
    ]
    theirs = ConcatDataset(members)
    assert len(dataset) == len(theirs) == 10
    assert dataset.metainfo == theirs.metainfo
    for i in range(-10, 10):
        assert (
            dataset.get_data_info(i)['filename']
            == theirs.get_data_info(i)['filename']
        )
        assert (
            dataset[(3, 1, i)]['data_samples'].video_id
            == theirs[i]['data_samples'].video_id
        )
        assert flat(dataset[i]) == flat(dataset[(0, 0, i)])
    for i in (-11, 10):
        with pytest.raises(IndexError, match=f'has 10 items, .* index {i}'):
            dataset[(0, 0, i)]


@pytest.mark.slow
def test_concat__first_member_draws_as_alone(
    data_root: Path, vocab_dir: str
) -> None:
    dataset = concat_of(data_root, vocab_dir)
    alone = DATASETS.build(member_of('coco', data_root, vocab_dir))
    for epoch in range(3):
        for i in range(NUM_MEDIA['coco']):
            assert flat(dataset[(SEED, epoch, i)]) == flat(
                alone[(SEED, epoch, i)]
            )


@pytest.mark.parametrize('test_mode', [False, True])
def test_concat__members_draw_apart(
    data_root: Path, vocab_dir: str, test_mode: bool
) -> None:
    # Thrice the same data: only the place among the members differs.
    member = DATASETS.build(
        member_of('vg', data_root, vocab_dir, test_mode=test_mode)
    )
    dataset = ConcatTextDataset([member] * 3)
    size = len(member)
    draws: list[set] = [set() for _ in range(3)]
    for place, own in enumerate(draws):
        for epoch in range(1 if test_mode else 10):
            for i in range(size):
                info = dataset.get_data_info((SEED, epoch, place * size + i))
                own.add(info['rng'].random())
    assert (
        len(set.union(*draws))
        == sum(map(len, draws))
        == (3 * size * (1 if test_mode else 10))
    )
    # In the pipeline as well, and in testing without the seed and epoch.
    items = [
        [flat(dataset[(seed, 4, place * size + i)]) for i in range(size)]
        for seed in (1, 2)
        for place in range(3)
    ]
    assert items[0] != items[1] != items[2] != items[0]
    assert (items[:3] == items[3:]) is test_mode


def test_concat__groups_of_a_video_are_dealt_out_once(
    data_root: Path, vocab_dir: str
) -> None:
    write_lines(
        data_root / 'many.jsonl',
        [
            dict(vg_id=i, caption=f'{i} {j}')
            for i in range(2)
            for j in range(6)
        ],
    )
    options = dict(ann_file='many.jsonl', negative_prob=0.0)
    config = member_of('vg', data_root, vocab_dir) | options
    dataset = ConcatTextDataset([config, config])
    for epoch in range(5):
        for start, video in ((0, 0), (3, 1), (6, 0), (9, 1)):
            texts = [
                text
                for i in range(start, start + 3)
                for text in dataset.get_data_info((SEED, epoch, i))['texts']
            ]
            assert sorted(texts) == [f'{video} {j}' for j in range(6)]


@pytest.mark.slow
def test_concat__workers_and_a_resumed_run_draw_the_same(
    data_root: Path, vocab_dir: str
) -> None:

    def epoch_of(epoch: int, num_workers: int) -> list:
        dataset = concat_of(data_root, vocab_dir)
        sampler = EpochSampler(dataset, seed=SEED)
        sampler.set_epoch(epoch)
        loader = DataLoader(
            dataset,
            batch_size=3,
            sampler=sampler,
            num_workers=num_workers,
            collate_fn=list,
        )
        return [flat(item) for batch in loader for item in batch]

    expected = epoch_of(3, 0)
    assert len({item[0] for item in expected}) == 10
    assert epoch_of(3, 2) == expected
    assert sorted(epoch_of(2, 0)) != sorted(expected)


def test_concat__lazy_members_are_read_at_the_first_use(
    data_root: Path, vocab_dir: str
) -> None:
    configs = [
        member_of(name, data_root, vocab_dir, lazy_init=True)
        for name in NUM_MEDIA
    ]
    dataset = ConcatTextDataset(configs, lazy_init=True)
    assert not any(m._fully_initialized for m in dataset.datasets)
    assert dataset[(0, 0, 9)]['data_samples'].video_id == 'vg/5'
    assert all(m._fully_initialized for m in dataset.datasets)


@pytest.mark.slow
def test_concat__bad_media_are_of_one_member(
    data_root: Path, tmp_path: Path, vocab_dir: str, warnings_logged: list[str]
) -> None:
    for source in NUM_MEDIA:
        shutil.copytree(
            data_root / f'{source}.lmdb', tmp_path / f'{source}.lmdb'
        )
    write_captions(tmp_path, 'coco', range(4))
    write_captions(tmp_path, 'vg', range(7))  # 6 is not in the LMDB
    dataset = concat_of(tmp_path, vocab_dir, bad_media=dict(max_fraction=0.15))
    for epoch in range(3):
        item = dataset[(SEED, epoch, 10)]
        assert item['data_samples'].video_id in {f'vg/{i}' for i in range(6)}
    (report,) = (m for m in warnings_logged if 'cannot be used' in m)
    assert 'vg/6' in report
    assert '1 of 7 are bad' in report
    assert [m.bad_media.num_bad for m in dataset.datasets] == [0, 1]
    strict = concat_of(tmp_path, vocab_dir, bad_media=dict(max_fraction=0.1))
    with pytest.raises(RuntimeError, match='1 of 7 media .*max_fraction=0.1'):
        strict[(SEED, 0, 10)]


def meet_bad_media(rank: int, root: str, vocab_dir: str) -> None:
    """Run one of two processes, which meets an unreadable file."""
    torch.set_num_threads(1)
    init_default_scope('mmaction')
    distributed.init_process_group(
        'gloo', f'file://{root}/group', rank=rank, world_size=2
    )
    dataset = concat_of(
        Path(root), vocab_dir, bad_media=dict(max_fraction=0.5)
    )
    dataset[(0, 0, (2, 5)[rank])]
    before = [member.bad_media.num_bad for member in dataset.datasets]
    runner: Any = SimpleNamespace(
        train_dataloader=SimpleNamespace(dataset=dataset)
    )
    BadMediaHook().after_train_epoch(runner)
    after = [member.bad_media.num_bad for member in dataset.datasets]
    Path(root, f'{rank}.txt').write_text(f'{before} {after}')
    distributed.barrier()
    distributed.destroy_process_group()


@pytest.mark.slow
def test_bad_media_hook__merges_every_member(
    tmp_path: Path, vocab_dir: str
) -> None:
    for source in NUM_MEDIA:
        images = {str(i): png(8, 0) for i in range(2)}
        write_lmdb(tmp_path / f'{source}.lmdb', images)
        write_captions(tmp_path, source, range(3))
    run_ranks(meet_bad_media, str(tmp_path), vocab_dir)
    assert (tmp_path / '0.txt').read_text() == '[1, 0] [1, 1]'
    assert (tmp_path / '1.txt').read_text() == '[0, 1] [1, 1]'


class Foreign(BaseDataset):
    """Dataset of another package."""


def test_concat__wrong_members(data_root: Path, vocab_dir: str) -> None:
    coco = member_of('coco', data_root, vocab_dir)
    with pytest.raises(ValueError, match=r'one or more members, but got \[\]'):
        ConcatTextDataset([])
    built = DATASETS.build(coco)
    for other in (Foreign(lazy_init=True), ConcatTextDataset([built])):
        with pytest.raises(
            TypeError,
            match=r'datasets\[1\] must be a dataset of clipbert_mm.* but '
            f'got a {type(other).__name__}',
        ):
            ConcatTextDataset([built, other])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r'test_mode .*\[False, True\]'):
        ConcatTextDataset([coco, dict(coco, test_mode=True)])


@pytest.mark.slow
def test_concat__retrieval_is_for_training(
    tmp_path: Path, vocab_dir: str
) -> None:
    for name in 'ab':
        write_video(tmp_path / f'{name}.mp4')
    for i in range(2):
        write_lines(
            tmp_path / f'{i}.jsonl',
            [dict(clip_name=n, caption=f'a dog {n}') for n in 'ab'],
        )
    members = [
        dict(
            type='VideoTextRetrieval',
            ann_file=str(tmp_path / f'{i}.jsonl'),
            data_prefix=dict(video=str(tmp_path)),
            pipeline=pipeline(vocab_dir),
        )
        for i in range(2)
    ]
    dataset = ConcatTextDataset(members)
    items = [dataset[(0, 0, i)]['data_samples'] for i in range(4)]
    assert [item.video_id for item in items] == ['a', 'b'] * 2
    with pytest.raises(
        ValueError, match='test_mode=True cannot .* captions into one file'
    ):
        ConcatTextDataset([dict(m, test_mode=True) for m in members])


@pytest.mark.slow
def test_manual__config_of_two_lmdbs(
    data_root: Path, tmp_path: Path, vocab_dir: str
) -> None:
    text = (ROOT / 'docs/data/coco_vg.md').read_text()
    snippet = text.split('```python\n')[1].split('```')[0]
    snippet = snippet.replace('data/coco_vg/', f'{data_root}/')
    (tmp_path / 'config.py').write_text(snippet)
    config = Config.fromfile(tmp_path / 'config.py').train_dataloader
    assert config.sampler.type == 'EpochSampler'
    (tmp_path / 'annotations').mkdir()
    for member, source in zip(config.dataset.datasets, NUM_MEDIA):
        (tmp_path / 'annotations' / f'train_{source}.jsonl').symlink_to(
            data_root / f'{source}.jsonl'
        )
        member.data_root = str(tmp_path)
        for step in member.pipeline:
            if 'tokenizer' in step:
                step.tokenizer = vocab_dir
    dataset = DATASETS.build(config.dataset)
    assert all(type(m) is ImageTextPretrain for m in dataset.datasets)
    for i, expected in ((1, 16), (5, 128 + 16)):
        item = dataset[(0, 0, i)]
        assert item['inputs']['input_ids'].shape[0] == 2
        assert item['inputs']['imgs'].unique().tolist() == [expected]
