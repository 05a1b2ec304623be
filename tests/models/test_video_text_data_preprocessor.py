# Copyright (c) clipbert_mm contributors.
"""The batch: normalisation, channel order, text padding."""
import pytest
import torch

from clipbert_mm.models import VideoTextDataPreprocessor

from .tiny import samples


def item(num_texts: int, length: int) -> dict:
    return dict(
        imgs=torch.full((2, 3, 1, 4, 4), 7, dtype=torch.uint8),
        input_ids=torch.ones(num_texts, length, dtype=torch.long),
        attention_mask=torch.ones(num_texts, length, dtype=torch.long))


def batch(*items: dict) -> dict:
    return dict(
        inputs={k: [i[k] for i in items]
                for k in items[0]},
        data_samples=samples([[1]] * len(items)))


def test_preprocessor__rgb_becomes_bgr_minus_mean() -> None:
    one = item(1, 2)
    one['imgs'][:, 0] = 200  # red
    frames = VideoTextDataPreprocessor()(batch(one))['inputs']['imgs']
    assert frames.shape == (1, 2, 3, 1, 4, 4)
    torch.testing.assert_close(frames[0, 1, :, 0, 2, 3],
                               torch.tensor([7 - 103.53, 7 - 116.28,
                                             200 - 123.675]))


def test_preprocessor__rgb_backbones() -> None:
    one = item(1, 2)
    one['imgs'][:, 0] = 200
    preprocess = VideoTextDataPreprocessor([100, 10, 1], [2, 2, 2], bgr=False)
    frames = preprocess(batch(one))['inputs']['imgs']
    assert frames[0, 0, :, 0, 0, 0].tolist() == [50, -1.5, 3]


def test_preprocessor__texts_are_padded_to_the_longest() -> None:
    inputs = VideoTextDataPreprocessor()(
        batch(item(2, 3), item(2, 5)))['inputs']
    assert inputs['input_ids'].shape == (2, 2, 5)
    assert inputs['attention_mask'][:, 0].tolist() == [[1, 1, 1, 0, 0],
                                                       [1, 1, 1, 1, 1]]


def test_preprocessor__different_numbers_of_texts() -> None:
    with pytest.raises(ValueError, match=r'got \[2, 3\]'):
        VideoTextDataPreprocessor()(batch(item(2, 3), item(3, 3)))


def test_preprocessor__does_not_change_the_items() -> None:
    data = batch(item(1, 2), item(1, 4))
    VideoTextDataPreprocessor()(data)
    assert data['inputs']['input_ids'][0].shape == (1, 2)
