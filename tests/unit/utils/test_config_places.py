# Copyright (c) clipbert_mm contributors.
"""Tests of the functions that find the places of a config."""

import pytest
from mmengine.config import Config

from clipbert_mm.datasets.transforms import PadFrames
from clipbert_mm.utils.config_files import config_file
from clipbert_mm.utils.config_places import (
    Place,
    in_loaders,
    join,
    of_paths,
    of_types,
    walk,
)


def paths(places: list[Place]) -> list[str]:
    return [place.path for place in places]


def read_path(cfg: dict, path: str) -> object:
    """Follow a dotted path, the naive way."""
    value: object = cfg
    for key in path.split('.'):
        value = value[key] if isinstance(value, dict) else value[int(key)]
    return value


def test_walk__paths_lead_to_the_members() -> None:
    cfg = Config.fromfile(config_file('clipbert_msrvtt_ret')).to_dict()
    found = list(walk(cfg))
    assert len(found) > 100
    for path, member in found:
        assert read_path(cfg, path) is member
    assert len({path for path, _ in found}) == len(found)


def test_walk__of_tuples_and_single_values() -> None:
    assert list(walk((1, {'a': 2}), 'x')) == [
        ('x', (1, {'a': 2})),
        ('x.0', 1),
        ('x.1', {'a': 2}),
        ('x.1.a', 2),
    ]
    assert list(walk(None)) == []
    assert list(walk(3, 'x')) == [('x', 3)]


def test_of_types__splits_scopes_and_classes() -> None:
    cfg = dict(
        train_pipeline=[dict(type='PadFrames', size=1)],
        val_dataloader=dict(
            dataset=dict(pipeline=[dict(type='mmaction.PadFrames', size=2)])
        ),
        test_dataloader=dict(
            dataset=dict(
                pipeline=[dict(type=PadFrames, size=3), dict(type='PadFrames')]
            )
        ),
    )
    steps = 'dataloader.dataset.pipeline'
    assert paths(of_types('size', ['PadFrames'])(cfg)) == [
        'train_pipeline.0.size',
        f'val_{steps}.0.size',
        f'test_{steps}.0.size',
        f'test_{steps}.1.size',
    ]
    find = of_types('size', ['PadFrames'], ('test',), needs_key=True)
    assert paths(find(cfg)) == [f'test_{steps}.0.size']
    assert of_types('size', ['Pad'])(cfg) == []


def test_of_paths__passes_over_what_is_missing() -> None:
    cfg = dict(a=dict(b=dict(c=0)), d=[1])
    find = of_paths('a.b.c', 'a.x.c', 'a.b.c.e', 'd.0', 'a.b')
    assert paths(find(cfg)) == ['a.b.c', 'a.b']


def test_in_loaders__at_any_depth_but_nowhere_else() -> None:
    members = [dict(data_root='p'), dict(data_root='q')]
    cfg = dict(
        data_root='x',
        train_dataloader=dict(dataset=dict(datasets=members)),
        test_dataloader=None,
    )
    find = join(in_loaders('data_root'), of_paths('data_root'))
    assert [(place.path, place.value) for place in find(cfg)] == [
        ('train_dataloader.dataset.datasets.0.data_root', 'p'),
        ('train_dataloader.dataset.datasets.1.data_root', 'q'),
        ('data_root', 'x'),
    ]


@pytest.mark.parametrize(
    'path, counts',
    [
        ('train_dataloader.dataset.data_root', True),
        ('model.head.bert', True),
        ('optim_wrapper.optimizer.lr', True),
        ('train_pipeline.0.size', False),
        ('img_size', False),
    ],
)
def test_place__counts_if_the_runner_reads_it(path: str, counts: bool) -> None:
    assert Place({}, 'key', path).counts is counts
    assert Place({}, 'key', path).value is None
