# Copyright (c) clipbert_mm contributors.
"""Predictions for an item of a test, and from each of its clips alone."""

from typing import Any

import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from torch import Tensor

FRAMES = 'imgs'


def clips_of(item: dict) -> Any:
    """Return the clips that a model is fed, before they are normalised.

    Args:
        item (dict): Packed item of a dataset.

    Returns:
        np.ndarray: uint8 ``(C, T, H, W, 3)``, RGB.

    Raises:
        ValueError: If the item has no frames, or other ones.
    """
    sample = item['data_samples']
    if 'load_error' in sample:
        raise ValueError(f'it cannot be read: {sample.load_error}')
    frames = item['inputs'][FRAMES]
    if frames.ndim != 5 or frames.shape[1] != 3 or frames.dtype != torch.uint8:
        raise ValueError(
            'Frames must be uint8 of the shape (C, 3, T, H, W), but got '
            f'{frames.dtype} of {tuple(frames.shape)}. Use FormatClips() at '
            'the end of the pipeline, and normalise in the preprocessor.'
        )
    return frames.permute(0, 2, 3, 4, 1).numpy()


@torch.no_grad()
def predict_item(
    model: Any, item: dict, texts: dict[str, Tensor] | None = None
) -> ActionDataSample:
    """Return the predictions for an item.

    Args:
        model (Any): :class:`ClipBERT` in evaluation mode.
        item (dict): Packed item of a dataset; it is not changed.
        texts (dict[str, Tensor] | None): ``input_ids`` and
            ``attention_mask`` ``(M, L)`` of texts to match instead of the
            item's own. Defaults to None.

    Returns:
        ActionDataSample: Copy of the sample of the item with predictions,
        and ``clip_samples``, those from each clip alone.
    """
    inputs = dict(item['inputs'], **(texts or {}))
    batch = model.data_preprocessor(
        pseudo_collate([dict(item, inputs=inputs)]), False
    )['inputs']
    sample = item['data_samples'].clone()
    model.predict(batch, [sample])
    clips = [
        model.predict(dict(batch, **{FRAMES: clip}), [ActionDataSample()])[0]
        for clip in batch[FRAMES].split(1, dim=1)
    ]
    sample.set_field(clips, 'clip_samples')
    return sample
