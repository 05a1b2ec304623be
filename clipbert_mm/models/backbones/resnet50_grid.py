# Copyright (c) clipbert_mm contributors.
"""ResNet-50 of grid-feats-vqa, the 2D CNN of ClipBERT."""

import math
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from clipbert_mm.models.layers.conv_norm import NORMS, ConvNorm
from clipbert_mm.models.layers.subsample import subsample
from clipbert_mm.utils.checks import check_bool, check_choice, check_integer

STEM_STRIDE = 4
EXPANSION = 4
BLOCKS_RECOMPUTED_AT_ONCE = 2


class Stem(nn.Module):
    """Stem: 7x7 convolution and 3x3 max-pool, stride 4 in total.

    Args:
        channels (int): Channels of the output.
        norm (str): Norm of :class:`ConvNorm`.
    """

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.conv1 = ConvNorm(3, channels, 7, stride=2, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` to ``(N, channels, H / 4, W / 4)``."""
        x = F.relu_(self.conv1(x))
        return F.max_pool2d(x, kernel_size=3, stride=2, padding=1)


class Bottleneck(nn.Module):
    """Residual block: 1x1, 3x3 and 1x1 convolution with a shortcut.

    Args:
        in_channels (int): Channels of the input.
        channels (int): Channels of the 3x3; the output has four times as
            many.
        norm (str): Norm of :class:`ConvNorm`.
    """

    def __init__(self, in_channels: int, channels: int, norm: str) -> None:
        super().__init__()
        out_channels = EXPANSION * channels
        self.shortcut: ConvNorm | None = None
        if in_channels != out_channels:
            self.shortcut = ConvNorm(in_channels, out_channels, 1, norm=norm)
        self.conv1 = ConvNorm(in_channels, channels, 1, norm=norm)
        self.conv2 = ConvNorm(channels, channels, 3, norm=norm)
        self.conv3 = ConvNorm(channels, out_channels, 1, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, ch, H, W)`` to ``(N, 4 * channels, H, W)``."""
        out = F.relu_(self.conv1(x))
        out = F.relu_(self.conv2(out))
        out = self.conv3(out)
        identity = x if self.shortcut is None else self.shortcut(x)
        return F.relu_(out.add_(identity))


@MODELS.register_module()
class ResNet50Grid(BaseModule):
    """ResNet-50 whose last feature map is read as a grid of visual tokens.

    :math:`F_v` of `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section
    "Model Architecture". The details are those of grid-feats-vqa in
    detectron2 (the reference's ``R-50-grid.yaml`` at a118b02): the stride of
    a stage in its first 1x1 (so the input is subsampled), no dilation in
    res5, frozen batch norm everywhere, stem and res2 frozen. The input is
    BGR in [0, 255] minus the mean.

    MMAction2's ``ResNet(style='caffe')`` computes the same. Its frozen norms,
    however, are parameters that weight decay and checkpoints see, its width
    is fixed, and its names are not those of the published weights.

    Args:
        stage_blocks (Sequence[int]): Number of blocks of res2, res3, ....
            Defaults to ``(3, 4, 6, 3)``, ResNet-50.
        strides (Sequence[int]): Stride of each stage; the stem has 4.
            Defaults to ``(1, 2, 2, 2)``, 32 in total.
        base_channels (int): Channels of the stem; stage ``i`` returns
            ``base_channels * 4 * 2**i``. Defaults to 64.
        freeze_at (int): 0 trains everything, 1 freezes the stem, 2 the stem
            and res2, ..., 5 the whole ResNet-50. Defaults to 2.
        norm (str): ``'frozen'``: constant statistics and affine part;
            ``'batch'``: ordinary batch norm, which training from scratch
            needs. Defaults to ``'frozen'``.
        with_cp (bool): Recompute the trained stages in the backward pass
            instead of storing their activations. Defaults to False.
        cp_frames (int): Number of frames that ``with_cp`` recomputes at a
            time: fewer need less memory, more keep a GPU busy. With
            ``norm='batch'``, whose statistics are those of all frames, two
            blocks at a time are recomputed for all frames instead. Defaults
            to 8.
        init_cfg (dict | None): MMEngine's initialiser, for example
            ``dict(type='Pretrained', checkpoint=...)``, or for training from
            scratch ``dict(type='Kaiming', layer='ConvNorm')``. Defaults to
            None: PyTorch's values.

    Shape:
        - input: ``(N, 3, H, W)``
        - return: ``(N, out_channels, ceil(H / 32), ceil(W / 32))``

    Raises:
        ValueError: If an option is out of range.

    Example:
        >>> backbone = ResNet50Grid()
        >>> backbone(torch.zeros(1, 3, 448, 448)).shape
        torch.Size([1, 2048, 14, 14])
    """

    def __init__(
        self,
        stage_blocks: Sequence[int] = (3, 4, 6, 3),
        strides: Sequence[int] = (1, 2, 2, 2),
        base_channels: int = 64,
        freeze_at: int = 2,
        norm: str = 'frozen',
        with_cp: bool = False,
        cp_frames: int = 8,
        init_cfg: dict | None = None,
    ) -> None:
        check_choice('norm', norm, sorted(NORMS))
        if len(stage_blocks) != len(strides):
            raise ValueError(
                'ResNet50Grid needs one stride for each stage, '
                f'but got stage_blocks={tuple(stage_blocks)} '
                f'and strides={tuple(strides)}.'
            )
        if not 0 <= freeze_at <= len(stage_blocks) + 1:
            raise ValueError(
                f'freeze_at must be in [0, {len(stage_blocks) + 1}] (0: '
                'nothing, 1: the stem, 2: stem and res2, ...), but got '
                f'{freeze_at}.'
            )
        check_integer('cp_frames', cp_frames, 1)
        check_bool('with_cp', with_cp)
        super().__init__(init_cfg)
        self.norm = norm
        self.with_cp = with_cp
        self.cp_frames = cp_frames
        self.stem = Stem(base_channels, norm)
        self.stage_names = []
        channels = base_channels
        self.strides = tuple(strides)
        self.stride = STEM_STRIDE * math.prod(self.strides)
        for i, blocks in enumerate(stage_blocks):
            width = base_channels * 2**i
            stage = []
            for _ in range(blocks):
                stage.append(Bottleneck(channels, width, norm))
                channels = EXPANSION * width
            self.stage_names.append(f'res{i + 2}')
            self.add_module(self.stage_names[-1], nn.Sequential(*stage))
        self.out_channels = channels
        self._frozen_names = ['stem', *self.stage_names][:freeze_at]
        for name in self._frozen_names:
            self.get_submodule(name).requires_grad_(False)

    def train(self, mode: bool = True) -> 'ResNet50Grid':
        """Set the mode; the frozen part keeps its statistics."""
        super().train(mode)
        for name in self._frozen_names:
            self.get_submodule(name).eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Return the feature map of the last stage.

        Args:
            x (Tensor): Frames, float32 ``(N, 3, H, W)``, BGR in [0, 255]
                minus the mean.

        Returns:
            Tensor: ``(N, out_channels, H', W')``.
        """
        x = self.stem(x)
        stages = [
            (self.get_submodule(name), stride)
            for name, stride in zip(self.stage_names, self.strides)
        ]
        num_frozen = max(0, len(self._frozen_names) - 1)  # one is the stem
        x = _run_stages(stages[:num_frozen], x)
        trained = stages[num_frozen:]
        if not (self.with_cp and torch.is_grad_enabled() and trained):
            return _run_stages(trained, x)
        if self.norm == 'frozen':
            # Subsampled before it is stored.
            x = subsample(x, trained[0][1])
            trained[0] = (trained[0][0], 1)
            return torch.cat(
                [
                    checkpoint(
                        _run_stages, trained, frames, use_reentrant=False
                    )
                    for frames in x.split(self.cp_frames)
                ]
            )
        for stage, stride in trained:
            x = _run_recomputing_pairs(stage, subsample(x, stride))
        return x


def _run_stages(stages: Sequence[tuple[nn.Module, int]], x: Tensor) -> Tensor:
    for stage, stride in stages:
        x = stage(subsample(x, stride))
    return x


def _run_recomputing_pairs(stage: nn.Module, x: Tensor) -> Tensor:
    blocks = cast(nn.Sequential, stage)
    for start in range(0, len(blocks), BLOCKS_RECOMPUTED_AT_ONCE):
        pair = blocks[start : start + BLOCKS_RECOMPUTED_AT_ONCE]
        x = checkpoint(pair, x, use_reentrant=False)
    return x
