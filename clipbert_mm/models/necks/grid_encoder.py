# Copyright (c) clipbert_mm contributors.
"""Neck: from the feature maps of a clip's frames to one grid."""

from collections.abc import Callable

import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from clipbert_mm.models.layers.channels_last_conv2d import ChannelsLastConv2d
from clipbert_mm.models.layers.conv_norm import ConvNorm
from clipbert_mm.utils.checks import check_choice, check_integer


def _conv3d(channels: int) -> nn.Module:
    return nn.Conv3d(channels, channels, 3, padding=1)


def _conv2plus1d(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(channels, channels, (1, 3, 3), padding=(0, 1, 1)),
        nn.ReLU(inplace=True),
        nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0)),
    )


TEMPORAL_FUSIONS: dict[str, Callable[[int], nn.Module] | None] = {
    'mean': None,
    'conv3d': _conv3d,
    'conv2plus1d': _conv2plus1d,
    'join': None,
}


@MODELS.register_module()
class GridEncoder(BaseModule):
    """Encoder of each frame's feature map that fuses the frames of a clip.

    Per frame: 3x3 convolution to the transformer's width, 2x2 max-pool,
    ReLU. Then :math:`M` of `ClipBERT <https://arxiv.org/abs/2102.06183>`_,
    Table 2: the mean over the frames or, before that mean, a convolution
    over time. The reference (``grid_feat.py`` at a118b02) released the mean
    alone and the paper gives no kernel sizes: here ``'conv3d'`` is one 3x3x3
    convolution and ``'conv2plus1d'`` a 1x3x3, ReLU and 3x1x1, both followed
    by ReLU.

    Differs from reference: ``'join'`` keeps the grids of all frames, whose
    tokens enter the head one after another (early fusion). The head then
    computes ``T`` times as many visual tokens. It gives the cells of every
    frame the same positions and knows no order of the frames, as with the
    mean: embeddings of time would be an extension.

    Args:
        in_channels (int): Channels of the backbone. Defaults to 2048.
        out_channels (int): Width of the transformer, D. Defaults to 768.
        temporal_fusion (str): ``'mean'``, ``'conv3d'``,
            ``'conv2plus1d'`` or ``'join'``. Defaults to ``'mean'``.
        pool (int): Side and stride of the max-pool; 1 keeps every cell.
            Defaults to 2.
        norm (str | None): ``'batch'``: batch norm after the 3x3 convolution,
            so that cells enter the transformer at the scale of its
            embeddings, which helps training from scratch. Defaults to None:
            none, as in the reference.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Shape:
        - input: ``(N * C, T, in_channels, H, W)``
        - return: ``(N * C, H // pool, W // pool, D)``, joined
          ``(N * C, T, H // pool, W // pool, D)``

    Raises:
        ValueError: If ``temporal_fusion`` or ``norm`` is unknown, or
            ``pool`` is not positive.

    Example:
        >>> import torch
        >>> neck = GridEncoder()
        >>> neck(torch.zeros(8, 2, 2048, 14, 14)).shape
        torch.Size([8, 7, 7, 768])
    """

    def __init__(
        self,
        in_channels: int = 2048,
        out_channels: int = 768,
        temporal_fusion: str = 'mean',
        pool: int = 2,
        norm: str | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_choice(
            'temporal_fusion', temporal_fusion, sorted(TEMPORAL_FUSIONS)
        )
        check_integer('pool', pool, 1)
        if norm is not None:
            check_choice('norm', norm, ('batch',))
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.pool = pool
        self.joins = temporal_fusion == 'join'
        self.conv = (
            ChannelsLastConv2d(in_channels, out_channels, 3)
            if norm is None
            else ConvNorm(in_channels, out_channels, 3, norm=norm)
        )
        build = TEMPORAL_FUSIONS[temporal_fusion]
        self.temporal = None if build is None else build(out_channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return one grid for each clip, or for each of its frames.

        Args:
            features (Tensor): Feature maps, ``(N * C, T, ch, H, W)``.

        Returns:
            Tensor: See the class.

        Raises:
            ValueError: If the channels are not ``in_channels``, or the map is
                smaller than the max-pool.
        """
        clips, num_frames, channels, height, width = features.shape
        if channels != self.in_channels:
            raise ValueError(
                f'GridEncoder expects {self.in_channels} channels from the '
                f'backbone, but got {channels}. Set neck.in_channels.'
            )
        self.check_map(height, width)
        grid = self.conv(features.flatten(0, 1))
        grid = F.relu(F.max_pool2d(grid, self.pool, self.pool))
        # (N * C * T, D, Hg, Wg) -> (N * C, D, T, Hg, Wg)
        grid = grid.unflatten(0, (clips, num_frames)).transpose(1, 2)
        if self.joins:
            return grid.permute(0, 2, 3, 4, 1)
        if self.temporal is not None:
            grid = F.relu(self.temporal(grid))
        return grid.mean(2).permute(0, 2, 3, 1)

    def check_map(self, height: int, width: int) -> None:
        """Raise unless a feature map has at least one cell to return.

        Args:
            height (int): Rows of the map.
            width (int): Columns of the map.

        Raises:
            ValueError: If the map is smaller than the max-pool.
        """
        if min(height, width) < self.pool:
            raise ValueError(
                f"The backbone's feature map is {height}x{width}, smaller "
                f'than the {self.pool}x{self.pool} max-pool of GridEncoder. '
                'Use larger frames or a smaller stride.'
            )
