# Copyright (c) clipbert_mm contributors.
"""From a list of items to the batch that the model reads."""
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.models.data_preprocessors import ActionDataPreprocessor
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

# The batch names the model's inputs; the items name the pipeline's.
FRAMES, TEXTS = 'imgs', ('input_ids', 'attention_mask')


def pad_texts(texts: Sequence[Tensor]) -> Tensor:
    """Stack token tensors, padded with 0 to the longest.

    Masked positions contribute exactly nothing, so the logits are those of
    the reference, which pads every text to ``max_txt_len``.

    Args:
        texts (Sequence[Tensor]): N tensors of ``(num_texts, L_i)``.

    Returns:
        Tensor: ``(N, num_texts, max(L_i))``.

    Raises:
        ValueError: If the items have different numbers of texts.
    """
    numbers = sorted({len(text) for text in texts})
    if len(numbers) > 1:
        raise ValueError('All videos of a batch must have the same number of '
                         f'texts, but got {numbers}. Use batch_size=1.')
    length = max(text.shape[-1] for text in texts)
    return torch.stack(
        [F.pad(text, (0, length - text.shape[-1])) for text in texts])


@MODELS.register_module()
class VideoTextDataPreprocessor(ActionDataPreprocessor):
    """Stack, normalise and pad a batch of videos with their texts.

    MMAction2's preprocessor does the frames; this one adds the texts and
    leaves out videos that could not be read.

    Args:
        mean (Sequence[float]): Of the channels, in the order that the
            backbone reads. Defaults to ``(103.53, 116.28, 123.675)``, BGR.
        std (Sequence[float]): Defaults to ``(1, 1, 1)``.
        bgr (bool): Flip the pipeline's RGB to BGR. Defaults to True.

    Shape:
        - items: ``imgs`` uint8 ``(num_clips, 3, T, H, W)``; ``input_ids`` and
          ``attention_mask`` ``(num_texts, L_i)``
        - batch: ``imgs`` float32 ``(N, num_clips, 3, T, H, W)``; texts
          ``(N, num_texts, L)``

    Example:
        >>> preprocess = VideoTextDataPreprocessor()
        >>> preprocess.mean.flatten()
        tensor([103.5300, 116.2800, 123.6750])
    """

    def __init__(self,
                 mean: Sequence[float] = (103.53, 116.28, 123.675),
                 std: Sequence[float] = (1., 1., 1.),
                 bgr: bool = True) -> None:
        # The host flips first and normalises then; it calls any flip to_rgb.
        super().__init__(mean, std, to_rgb=bgr, format_shape='NCTHW')

    def preprocess(
        self,
        inputs: dict[str, list[Tensor]],
        data_samples: list[ActionDataSample],
        training: bool = False
    ) -> tuple[dict[str, Tensor], list[ActionDataSample]]:
        """Make the batch.

        Args:
            inputs (dict): Lists of the items' tensors.
            data_samples (list[ActionDataSample]): N samples; those with
                ``load_error`` have no frames.
            training (bool): Passed on to the host.

        Returns:
            tuple: The inputs of the readable videos, empty if there is none,
            and all samples.
        """
        readable = [i for i, sample in enumerate(data_samples)
                    if 'load_error' not in sample]  # yapf: disable
        if not readable:
            return {}, data_samples
        frames, _ = super().preprocess([inputs[FRAMES][i] for i in readable],
                                       data_samples, training)
        texts = {
            key: pad_texts([inputs[key][i] for i in readable])
            for key in TEXTS if key in inputs
        }
        return {FRAMES: frames, **texts}, data_samples
