# Copyright (c) clipbert_mm contributors.
"""Tests of arranging frames as clips, against MMAction2's FormatShape."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import FormatShape, PackActionInputs
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from clipbert_mm.datasets import FormatClips, PadFrames, ResizeLongSide
from clipbert_mm.datasets.clip_buffer import common_buffer


def decoded(height: int, width: int, num: int = 6) -> dict:
    """Frames as decord gives them: views of one array."""
    rng = np.random.default_rng(height * width)
    batch = rng.integers(0, 256, (num, height, width, 3), np.uint8)
    return dict(
        filename='a.mp4', imgs=list(batch), num_clips=num // 2, clip_len=2
    )


def naive(item: dict, size: int) -> np.ndarray:
    """Resized and padded one by one, and formatted by MMAction2."""
    imgs = []
    for img in item['imgs']:
        height, width = img.shape[:2]
        scale = size / max(height, width)
        height, width = int(height * scale), int(width * scale)
        canvas = np.zeros((size, size, 3), np.uint8)
        canvas[:height, :width] = cv2.resize(img, (width, height))
        imgs.append(canvas)
    return FormatShape('NCTHW')(dict(item, imgs=imgs))['imgs']


def run(item: dict, *steps: Callable) -> dict:
    for step in steps:
        item = step(item)
    return item


@pytest.mark.parametrize(
    'height, width',
    [(24, 32), (32, 24), (64, 64), (32, 32), (64, 48), (16, 64), (128, 96)],
)
def test_clips__equal_the_naive_pipeline(height: int, width: int) -> None:
    item = decoded(height, width)
    expected = naive(item, 64)
    got = run(dict(item), ResizeLongSide(64), PadFrames(64), FormatClips())
    assert got['imgs'].dtype == np.uint8
    assert got['input_shape'] == (3, 3, 2, 64, 64)
    np.testing.assert_array_equal(got['imgs'], expected)


def test_clips__are_never_copied_after_resizing() -> None:
    item = ResizeLongSide(64)(decoded(24, 32))
    buffer = common_buffer(item['imgs'])
    assert buffer is not None
    assert buffer.shape == (6, 64, 64, 3)
    got = run(item, PadFrames(64), FormatClips())['imgs']
    assert got.ctypes.data == buffer.ctypes.data
    assert np.shares_memory(got, buffer)
    # Clips, time, rows, columns, channels: what the CNN reads.
    assert got.transpose(0, 2, 3, 4, 1).flags.c_contiguous


def test_clips__that_need_no_resizing_are_not_copied() -> None:
    item = decoded(64, 64)
    batch = item['imgs'][0].base
    got = run(item, ResizeLongSide(64), PadFrames(64), FormatClips())['imgs']
    assert got.ctypes.data == batch.ctypes.data


def test_clips__the_decoded_frames_stay_as_they_are() -> None:
    item = decoded(32, 64)
    before = [img.copy() for img in item['imgs']]
    imgs = list(item['imgs'])
    run(item, ResizeLongSide(64), PadFrames(64), FormatClips())
    np.testing.assert_array_equal(imgs, before)


@pytest.mark.parametrize(
    'change',
    [
        lambda imgs: [np.ascontiguousarray(img[:, ::-1]) for img in imgs],
        lambda imgs: [img[:, ::-1] for img in imgs],
        lambda imgs: imgs[::-1],
        lambda imgs: [imgs[0]] * len(imgs),
        lambda imgs: [img[1:] for img in imgs],
        lambda imgs: [img[:-3, :-2] for img in imgs],
    ],
)
def test_clips__after_another_transform(change: Callable) -> None:
    """Frames that have left their buffer are not looked for in it."""
    item = ResizeLongSide(64)(decoded(24, 32))
    item['imgs'] = change(item['imgs'])
    expected = np.zeros((6, 64, 64, 3), np.uint8)
    for img, target in zip(item['imgs'], expected):
        target[: img.shape[0], : img.shape[1]] = img
    got = run(item, PadFrames(64), FormatClips())['imgs']
    np.testing.assert_array_equal(
        got.transpose(0, 2, 3, 4, 1).reshape(expected.shape), expected
    )


def test_clips__become_channels_last_frames_without_a_copy() -> None:
    got = run(
        decoded(24, 32), ResizeLongSide(64), PadFrames(64), FormatClips()
    )['imgs']
    clips = torch.from_numpy(got)
    frames = clips.transpose(1, 2).flatten(0, 1)
    assert frames.shape == (6, 3, 64, 64)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert frames.data_ptr() == clips.data_ptr()


class Items(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict:
        return run(
            decoded(24, 32),
            ResizeLongSide(64),
            PadFrames(64),
            FormatClips(),
            PackActionInputs(collect_keys=('imgs',)),
        )


def test_clips__keep_their_order_of_memory_on_the_way_from_a_worker() -> None:
    loader = DataLoader(Items(), num_workers=1, collate_fn=pseudo_collate)
    got = next(iter(loader))['inputs']['imgs'][0]
    assert torch.equal(got, Items()[0]['inputs']['imgs'])
    assert got.permute(0, 2, 3, 4, 1).is_contiguous()


def test_clips__wrong_number_of_frames() -> None:
    item = dict(decoded(8, 8), num_clips=4)
    with pytest.raises(ValueError, match='4 x 2 frames, but got 6'):
        FormatClips()(item)


def test_clips__of_different_shapes() -> None:
    item = decoded(8, 8)
    item['imgs'][3] = np.zeros((8, 9, 3), np.uint8)
    with pytest.raises(ValueError, match=r'got \[\(8, 8, 3\), \(8, 9, 3\)\]'):
        FormatClips()(item)
