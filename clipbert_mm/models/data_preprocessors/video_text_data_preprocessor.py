# Copyright (c) clipbert_mm contributors.
"""Data preprocessor: from a list of items to the batch of the model."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.models.data_preprocessors import ActionDataPreprocessor
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import stack_batch
from torch import Tensor

from clipbert_mm.utils.checks import check_bool, check_integer

# Names of the model's inputs.
FRAMES, TEXTS = 'imgs', ('input_ids', 'attention_mask')


def pad_texts(texts: Sequence[Tensor], multiple: int = 1) -> Tensor:
    """Stack token tensors, padded with 0 to the longest.

    Masked positions contribute exactly nothing, so the logits are those of
    the reference, which pads every text to ``max_txt_len``.

    Args:
        texts (Sequence[Tensor]): N tensors ``(M, L_i)``.
        multiple (int): Divisor of the resulting length. Defaults to 1.

    Returns:
        Tensor: ``(N, M, L)``, L at least ``max(L_i)``.

    Raises:
        ValueError: If the items have different numbers of texts.
    """
    numbers = sorted({len(text) for text in texts})
    if len(numbers) > 1:
        raise ValueError(
            'All videos of a batch must have the same number of '
            f'texts, but got {numbers}. Use batch_size=1.'
        )
    length = max(text.shape[-1] for text in texts)
    length += -length % multiple
    return torch.stack(
        [F.pad(text, (0, length - text.shape[-1])) for text in texts]
    )


@MODELS.register_module()
class VideoTextDataPreprocessor(ActionDataPreprocessor):
    """Data preprocessor that stacks, normalises and pads videos and texts.

    The numbers are those of MMAction2's preprocessor, which copies frames in
    another order in each of three passes, two of them in float32. Here uint8
    is flipped, and normalised while it is written as float32 to its place in
    the batch, whose memory keeps the order of the items. This class also adds
    the texts and leaves out unreadable videos.

    Args:
        mean (Sequence[float]): Mean of each channel, in the order that the
            backbone reads. Defaults to ``(103.53, 116.28, 123.675)``, BGR.
        std (Sequence[float]): Standard deviation of each channel. Defaults to
            ``(1, 1, 1)``.
        bgr (bool): Flip the pipeline's RGB to BGR. Defaults to True.
        pad_texts_to (int): Divisor of the padded length of texts: tensor
            cores are fast with multiples of 8, and a compiled model sees
            fewer lengths. 1 pads to the longest. Defaults to 8.

    Shape:
        - items: ``imgs`` uint8 ``(C, ch, T, H, W)``; ``input_ids`` and
          ``attention_mask`` ``(M, L_i)``
        - batch: ``imgs`` float32 ``(N, C, ch, T, H, W)``, in memory
          ``(N, C, T, H, W, ch)``, so that frames folded into the batch are
          channels last; texts ``(N, M, L)``

    Raises:
        ValueError: If ``pad_texts_to`` is not positive.

    Example:
        >>> preprocess = VideoTextDataPreprocessor()
        >>> preprocess.mean.flatten()
        tensor([103.5300, 116.2800, 123.6750])
    """

    def __init__(
        self,
        mean: Sequence[float] = (103.53, 116.28, 123.675),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        bgr: bool = True,
        pad_texts_to: int = 8,
    ) -> None:
        check_integer('pad_texts_to', pad_texts_to, 1)
        check_bool('bgr', bgr)
        # The host flips before it normalises; it calls any flip to_rgb.
        super().__init__(mean, std, to_rgb=bgr, format_shape='NCTHW')
        self.pad_texts_to = pad_texts_to
        self._has_scale = any(value != 1 for value in std)
        # Pinned batches are copied to a GPU while it works.
        self._non_blocking = True

    def preprocess(
        self,
        inputs: dict[str, list[Tensor]],
        data_samples: list[ActionDataSample],
        training: bool = False,
    ) -> tuple[dict[str, Tensor], list[ActionDataSample]]:
        """Return the batch of the readable videos.

        Args:
            inputs (dict[str, list[Tensor]]): Lists of the items' tensors.
            data_samples (list[ActionDataSample]): N samples; those with
                ``load_error`` have no frames.
            training (bool): Flag of the host, not used. Defaults to False.

        Returns:
            tuple: Inputs of the readable videos, empty if there is none, and
            all samples.
        """
        readable = [
            i
            for i, sample in enumerate(data_samples)
            if 'load_error' not in sample
        ]
        if not readable:
            return {}, data_samples
        texts = {
            key: pad_texts(
                [inputs[key][i] for i in readable], self.pad_texts_to
            )
            for key in TEXTS
            if key in inputs
        }
        frames = self._normalise([inputs[FRAMES][i] for i in readable])
        return {FRAMES: frames, **texts}, data_samples

    def _normalise(self, items: Sequence[Tensor]) -> Tensor:
        """Return the frames of the batch, ``(N, C, ch, T, H, W)``."""
        if len({item.shape for item in items}) > 1:
            items = list(stack_batch(list(items)))
        num_clips, channels, num_frames, height, width = items[0].shape
        frames = items[0].new_empty(
            (len(items), num_clips, num_frames, height, width, channels),
            dtype=torch.float32,
        )
        # A row of pixels at a time: subtracting three numbers is slow.
        row_mean = self.mean.flatten().repeat(width)
        for item, target in zip(items, frames):
            item = item.permute(0, 2, 3, 4, 1)
            if self.to_rgb:
                item = item.flip(-1)
            torch.sub(item.flatten(-2), row_mean, out=target.flatten(-2))
        if self._has_scale:
            frames.flatten(-2).div_(self.std.flatten().repeat(width))
        return frames.permute(0, 1, 5, 2, 3, 4)
