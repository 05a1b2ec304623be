# Copyright (c) clipbert_mm contributors.
"""The batch: normalisation, channel order, text padding."""

from typing import Any

import pytest
import torch
from mmaction.models.data_preprocessors import ActionDataPreprocessor

from clipbert_mm.models import VideoTextDataPreprocessor
from tests.toolbox.tiny_models import samples


def item(num_texts: int, length: int) -> dict:
    return dict(
        imgs=torch.full((2, 3, 1, 4, 4), 7, dtype=torch.uint8),
        input_ids=torch.ones(num_texts, length, dtype=torch.long),
        attention_mask=torch.ones(num_texts, length, dtype=torch.long),
    )


def batch(*items: dict) -> dict:
    return dict(
        inputs={k: [i[k] for i in items] for k in items[0]},
        data_samples=samples([[1]] * len(items)),
    )


def test_preprocessor__rgb_becomes_bgr_minus_mean() -> None:
    one = item(1, 2)
    one['imgs'][:, 0] = 200  # red
    frames = VideoTextDataPreprocessor()(batch(one))['inputs']['imgs']
    assert frames.shape == (1, 2, 3, 1, 4, 4)
    torch.testing.assert_close(
        frames[0, 1, :, 0, 2, 3],
        torch.tensor([7 - 103.53, 7 - 116.28, 200 - 123.675]),
    )


def test_preprocessor__rgb_backbones() -> None:
    one = item(1, 2)
    one['imgs'][:, 0] = 200
    preprocess = VideoTextDataPreprocessor([100, 10, 1], [2, 2, 2], bgr=False)
    frames = preprocess(batch(one))['inputs']['imgs']
    assert frames[0, 0, :, 0, 0, 0].tolist() == [50, -1.5, 3]


@pytest.mark.parametrize(
    'options, length',
    [
        (dict(), 8),
        (dict(pad_texts_to=1), 5),
        (dict(pad_texts_to=5), 5),
        (dict(pad_texts_to=4), 8),
    ],
)
def test_preprocessor__texts_are_padded_to_a_multiple(
    options: dict, length: int
) -> None:
    inputs = VideoTextDataPreprocessor(**options)(
        batch(item(2, 3), item(2, 5))
    )['inputs']
    assert inputs['input_ids'].shape == (2, 2, length)
    padding = [0] * (length - 5)
    assert inputs['attention_mask'][:, 0].tolist() == [
        [1, 1, 1, 0, 0, *padding],
        [1, 1, 1, 1, 1, *padding],
    ]


@pytest.mark.parametrize('value', [0, -8, 1.5])
def test_preprocessor__wrong_multiple(value: Any) -> None:
    with pytest.raises(ValueError, match=f'pad_texts_to .* got {value}'):
        VideoTextDataPreprocessor(pad_texts_to=value)


def random_items(
    dtype: torch.dtype, channels_last: bool, *sizes: tuple[int, int]
) -> list[torch.Tensor]:
    """Items of two clips of three frames, in either order of memory."""
    torch.manual_seed(0)
    items = [
        torch.randint(0, 256, (2, 3, *size, 3))
        .to(dtype)
        .permute(0, 4, 1, 2, 3)
        for size in sizes
    ]
    return items if channels_last else [i.contiguous() for i in items]


@pytest.mark.parametrize('channels_last', [True, False])
@pytest.mark.parametrize('dtype', [torch.uint8, torch.float32])
@pytest.mark.parametrize(
    'sizes', [[(6, 6)], [(6, 6), (6, 6)], [(6, 4), (5, 6), (6, 6)]]
)
@pytest.mark.parametrize(
    'std, bgr',
    [
        ([1, 1, 1], True),
        ([58.395, 57.12, 57.375], False),
        ([60, 50, 40], True),
    ],
)
def test_preprocessor__is_the_hosts_bit_for_bit(
    std: list, bgr: bool, sizes: list, dtype: torch.dtype, channels_last: bool
) -> None:
    mean = [103.53, 116.28, 123.675]
    items = random_items(dtype, channels_last, *sizes)
    host = ActionDataPreprocessor(mean, std, to_rgb=bgr, format_shape='NCTHW')
    expected, _ = host.preprocess([i.contiguous() for i in items], [])
    before = [i.clone() for i in items]
    got = VideoTextDataPreprocessor(mean, std, bgr)(
        dict(inputs=dict(imgs=items), data_samples=samples([[1]] * len(items)))
    )['inputs']['imgs']
    assert got.dtype == torch.float32
    assert torch.equal(got, expected)
    for now, then in zip(items, before):
        assert torch.equal(now, then)


@pytest.mark.parametrize('channels_last', [True, False])
def test_preprocessor__frames_of_the_batch_are_channels_last(
    channels_last: bool,
) -> None:
    items = random_items(torch.uint8, channels_last, (6, 4), (6, 4))
    got = VideoTextDataPreprocessor()(
        dict(inputs=dict(imgs=items), data_samples=samples([[1], [1]]))
    )['inputs']['imgs']
    # As the model folds frames into the batch.
    frames = got.flatten(0, 1).transpose(1, 2).flatten(0, 1)
    assert frames.shape == (12, 3, 6, 4)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert frames.data_ptr() == got.data_ptr()


def test_preprocessor__different_numbers_of_texts() -> None:
    with pytest.raises(ValueError, match=r'got \[2, 3\]'):
        VideoTextDataPreprocessor()(batch(item(2, 3), item(3, 3)))


def test_preprocessor__does_not_change_the_items() -> None:
    data = batch(item(1, 2), item(1, 4))
    VideoTextDataPreprocessor()(data)
    assert data['inputs']['input_ids'][0].shape == (1, 2)
