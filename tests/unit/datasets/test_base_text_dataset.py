# Copyright (c) clipbert_mm contributors.
"""Tests of what all datasets share, with media that need no decoder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmaction.structures import ActionDataSample

from clipbert_mm.datasets.base_text_dataset import BaseTextDataset
from clipbert_mm.datasets.tables.media_table import MediaTable
from clipbert_mm.media.errors import MediaError

MEDIA = ['v0', 'v0', 'v1', 'v0', 'v2']


class RowsDataset(BaseTextDataset):
    """Dataset of the rows of MEDIA, whose items say what they are."""

    media_keys = ('video', 'img')

    def _read_table(self) -> MediaTable:
        return MediaTable(MEDIA, [f'text {i}' for i in range(len(MEDIA))])

    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        return dict(rows=group, drawn=int(rng.integers(10**9)))


def pack(info: dict) -> dict:
    """Pack an item, as the last transform does."""
    sample = ActionDataSample(metainfo=dict(video_id=info['video_id']))
    return dict(info, data_samples=sample)


def refuse(*names: str) -> Callable[[dict], dict]:
    """Return a transform that cannot read some media."""

    def load(info: dict) -> dict:
        if info['video_id'] in names:
            raise MediaError(info['filename'], 'it is empty')
        return dict(info, imgs=1)

    return load


def dataset_of(*steps: Callable, **options: Any) -> RowsDataset:
    return RowsDataset('rows', pipeline=[*steps, pack], **options)


@pytest.mark.parametrize(
    'group_size, parts', [(1, [3, 1, 1]), (2, [2, 1, 1]), (3, [1, 1, 1])]
)
def test_items__parts_of_each_video(group_size: int, parts: list[int]) -> None:
    dataset = dataset_of(group_size=group_size, data_prefix=dict(img='d'))
    assert dataset.media_key == 'img'
    items = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [item['filename'] for item in items] == [
        f'd/v{v}.mp4' for v, number in enumerate(parts) for _ in range(number)
    ]
    rows = [row for item in items for row in item['rows']]
    assert set(rows) == set(range(5))
    assert all(len(item['rows']) == group_size for item in items)
    for item in items:
        assert {MEDIA[row] for row in item['rows']} == {item['video_id']}


def test_items__testing_has_no_groups_and_no_seed() -> None:
    dataset = dataset_of(group_size=3, test_mode=True)
    assert len(dataset) == 5
    assert (
        dataset.get_data_info((7, 3, 1))['drawn']
        == dataset.get_data_info(1)['drawn']
    )


def test_items__draws_follow_from_seed_epoch_and_index() -> None:
    dataset = dataset_of(group_size=2)
    drawn = {
        (seed, epoch, index): dataset.get_data_info((seed, epoch, index))
        for seed in (0, 1)
        for epoch in (0, 1)
        for index in range(len(dataset))
    }
    assert len({item['drawn'] for item in drawn.values()}) == len(drawn)
    other = dataset_of(group_size=2)
    for key, item in drawn.items():
        again = other.get_data_info(key)
        assert (again['rows'], again['drawn']) == (item['rows'], item['drawn'])
    assert other.get_data_info(1)['drawn'] == drawn[0, 0, 1]['drawn']


def test_training__an_unreadable_file_is_replaced() -> None:
    dataset = dataset_of(refuse('v0'), bad_media=dict(max_fraction=0.5))
    seen = set()
    for seed in range(10):
        item = dataset[seed, 0, 0]  # of v0
        assert item['video_id'] in ('v1', 'v2')
        again = dataset[seed, 0, 0]
        assert item['drawn'] == again['drawn']
        seen.add(item['video_id'])
    assert seen == {'v1', 'v2'}
    assert dataset.bad_media.num_bad == 1


def test_training__no_sample_can_be_used() -> None:
    tried: list[str] = []

    def note(info: dict) -> dict:
        tried.append(info['video_id'])
        return info

    dataset = dataset_of(
        note,
        refuse('v0', 'v1', 'v2'),
        bad_media=dict(max_fraction=1, max_refetch=2),
    )
    with pytest.raises(
        RuntimeError,
        match='^None of 3 samples could be used. Check data_prefix, '
        r'media_suffix and the pipeline.$',
    ):
        dataset[0]
    assert len(tried) == 3


def test_training__a_step_that_drops_an_item_draws_another() -> None:
    def drop(info: dict) -> dict | None:
        return None if info['video_id'] == 'v0' else info

    dataset = dataset_of(drop)
    # MMEngine's own repetition is not reached: it would draw without a seed.
    item = dataset.prepare_data((3, 0, 0))
    assert item is not None
    assert item['video_id'] in ('v1', 'v2')
    assert dataset.prepare_data((3, 0, 0))['drawn'] == item['drawn']
    assert dataset.bad_media.num_bad == 0


def test_testing__an_unreadable_file_keeps_its_place_and_reason() -> None:
    dataset = dataset_of(refuse('v1'), test_mode=True)
    readable, unreadable = dataset[0], dataset[3]
    assert 'load_error' not in readable['data_samples']
    assert unreadable['video_id'] == 'v1'
    assert unreadable['rows'] == [2]
    assert unreadable['data_samples'].load_error == (
        "MediaError: cannot use 'v1.mp4': it is empty"
    )
    for key in ('imgs', 'input_ids', 'attention_mask'):
        assert len(unreadable[key]) == 0


@pytest.mark.parametrize('test_mode', [False, True])
def test_mistakes_of_a_transform_end_the_run(test_mode: bool) -> None:
    def fail(info: dict) -> dict:
        return info['nothing']

    dataset = dataset_of(fail, test_mode=test_mode)
    with pytest.raises(KeyError, match='nothing'):
        dataset[0]


def test_lazy_init__reads_at_the_first_use(tmp_path: Path) -> None:
    dataset = dataset_of(lazy_init=True)
    assert not hasattr(dataset, 'table')
    assert len(dataset) == 5
    assert dataset.table.media == ['v0', 'v1', 'v2']


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(group_size=0), 'group_size must be .*, but got 0'),
        (dict(data_prefix=dict(audio='a')), 'data_prefix of RowsDataset must'),
        (dict(bad_media=dict(max_fraction=2)), 'bad_media.max_fraction must'),
    ],
)
def test_options__out_of_range(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataset_of(**options)


def test_options__unknown() -> None:
    with pytest.raises(TypeError, match='group_sise'):
        dataset_of(group_sise=2)
