# Copyright (c) clipbert_mm contributors.
"""Tests of the storage that a step reads from."""

from types import SimpleNamespace
from typing import Any

import pytest
from mmaction.registry import TRANSFORMS
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.transforms import LoadVideo
from clipbert_mm.media.backends import backend_of, store_of

LMDB = dict(backend='lmdb', db_path='a.lmdb')


@pytest.mark.parametrize(
    'step, expected',
    [
        (dict(type='LoadVideo'), dict(backend='local')),
        (dict(type='LoadVideo', backend_args=LMDB), LMDB),
        (dict(type='LoadImageClip', backend_args=LMDB), LMDB),
        (dict(type='DecordInit'), dict(backend='disk')),
        (
            dict(type='PyAVInit', io_backend='lmdb', db_path='a.lmdb'),
            dict(backend='lmdb', db_path='a.lmdb'),
        ),
        (dict(type='PadFrames', size=8), dict(backend='local')),
    ],
)
def test_backend_of(step: dict[str, Any], expected: dict) -> None:
    assert backend_of(TRANSFORMS.build(step)) == expected


def test_store_of__names_of_the_disk_are_one() -> None:
    assert store_of(TRANSFORMS.build(dict(type='DecordInit'))) == store_of(
        TRANSFORMS.build(dict(type='LoadVideo'))
    )
    assert 'a.lmdb' in store_of(
        TRANSFORMS.build(dict(type='LoadVideo', backend_args=LMDB))
    )


def test_store_of__two_disks_are_one() -> None:
    lmdb = dict(db_path='a', backend='lmdb')
    stores = [
        store_of(step)
        for step in (
            LoadVideo(),
            SimpleNamespace(io_backend='disk', kwargs={}),
            LoadVideo(backend_args=lmdb),
            SimpleNamespace(io_backend='lmdb', kwargs=dict(db_path='a')),
            SimpleNamespace(backend_args=dict(lmdb, db_path='b')),
        )
    ]
    assert stores[0] == stores[1]
    assert stores[2] == stores[3]
    assert len(set(stores)) == 3


@pytest.mark.parametrize('name', ['LoadVideo', 'LoadImageClip'])
@pytest.mark.parametrize('value', ['lmdb', 3, ['lmdb']])
def test_check_backend__of_every_loader(name: str, value: object) -> None:
    init_default_scope('mmaction')
    with pytest.raises(TypeError, match='backend_args must be a dict, such'):
        TRANSFORMS.build(dict(type=name, backend_args=value))
