# Copyright (c) clipbert_mm contributors.
"""Tests of changes of small configs by their settings."""

import pytest

from clipbert_mm.utils.config_changes import (
    allow_no_workers,
    apply_setting,
    apply_settings,
    drop_variables,
)


def test_settings__of_a_shared_transform_change_one_split() -> None:
    sampler = dict(type='SparseClipSampler', num_clips=1)
    cfg = {
        f'{split}_dataloader': dict(dataset=dict(pipeline=[sampler]))
        for split in ('train', 'test')
    }
    apply_settings(cfg, dict(num_train_clips=8))
    assert [
        cfg[f'{split}_dataloader']['dataset']['pipeline'][0]['num_clips']
        for split in ('train', 'test')
    ] == [8, 1]


def test_settings__unknown() -> None:
    with pytest.raises(
        ValueError, match=r"settings must be among \[.*\], but got 'imgsize'"
    ):
        apply_settings({}, dict(imgsize=64))


def test_variable__of_another_value_is_refused() -> None:
    step = dict(type='PadFrames', size=448)
    cfg = dict(
        img_size=224, train_dataloader=dict(dataset=dict(pipeline=[step]))
    )
    with pytest.raises(
        ValueError,
        match='img_size = 224 at the top level of the config changes nothing: '
        r'train_dataloader.dataset.pipeline.0.size is 448. Write '
        r'settings = dict\(img_size=224\) to set',
    ):
        drop_variables(cfg)


@pytest.mark.parametrize('workers', [0, 2])
def test_no_workers(workers: int) -> None:
    loader = dict(
        num_workers=workers, persistent_workers=True, prefetch_factor=4
    )
    cfg = dict(train_dataloader=dict(loader), val_dataloader=None)
    allow_no_workers(cfg)
    assert cfg['train_dataloader'] == (
        loader if workers else {'num_workers': 0}
    )


def test_setting__without_a_place_is_refused() -> None:
    cfg = dict(train_pipeline=[dict(type='PadFrames', size=448)])
    with pytest.raises(
        ValueError,
        match="^decoder='pyav' would change nothing: decoder sets decoder of "
        'LoadVideo, and this config has none.$',
    ):
        apply_setting(cfg, 'decoder', 'pyav')
    # A variable that no loader shows is not enough.
    with pytest.raises(ValueError, match='img_size=64 would change nothing'):
        apply_setting(cfg, 'img_size', 64)


def test_settings__are_applied_in_the_order_of_the_table() -> None:
    """A name below the new root is not taken for a path below the old one."""
    answers = dict(vocabulary='answers.json')
    cfg = dict(
        train_dataloader=dict(dataset=dict(data_root='old', answers=answers)),
        model=dict(task=dict(vocabulary='old/answers.json')),
    )
    apply_settings(cfg, dict(vocabulary='old/v.json', data_root='new'))
    assert cfg['model']['task']['vocabulary'] == 'new/old/v.json'
    dataset = cfg['train_dataloader']['dataset']
    assert dataset['answers']['vocabulary'] == 'old/v.json'


def test_variable__of_the_value_in_use_is_dropped() -> None:
    step = dict(type='PadFrames', size=448)
    cfg = dict(
        img_size=448,
        clip_len=2,  # no sampler: nothing to compare with
        other=1,
        train_dataloader=dict(dataset=dict(pipeline=[step])),
    )
    drop_variables(cfg)
    assert cfg.keys() == {'other', 'train_dataloader'}
