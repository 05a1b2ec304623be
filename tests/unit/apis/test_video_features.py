# Copyright (c) clipbert_mm contributors.
"""Tests of the values that stand for a video."""

import dataclasses

import pytest
import torch

from clipbert_mm.apis import SkippedVideo, VideoFeatures


def test_features__are_values() -> None:
    tokens = torch.zeros(2, 4, 8)
    features = VideoFeatures('a.mp4', tokens, ((0.0, 1.0), (4.0, 5.0)), 'id')
    assert features != VideoFeatures('a.mp4', tokens, features.clips, 'id')
    with pytest.raises(dataclasses.FrozenInstanceError):
        features.video = 'b.mp4'  # type: ignore[misc]
    assert SkippedVideo('a', 'empty') == SkippedVideo('a', 'empty')
