# Copyright (c) clipbert_mm contributors.
"""Neck: from the tokens of a clip's frames to those of the clip."""

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from clipbert_mm.utils.checks import check_choice

FUSIONS = ('mean', 'join')


@MODELS.register_module()
class TokenFusion(BaseModule):
    """Fusion of the frames of a clip, for towers that return tokens.

    Args:
        out_channels (int): Width of the tokens, D.
        temporal_fusion (str): ``'mean'``: one token at each place, the mean
            over the frames, as in `ClipBERT
            <https://arxiv.org/abs/2102.06183>`_; ``'join'``: the tokens of
            all frames one after another (early fusion). Defaults to
            ``'mean'``.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        ValueError: If ``temporal_fusion`` is unknown.

    Shape:
        - input: ``(N * C, T, D, Hg, Wg)``
        - return: ``(N * C, Hg, Wg, D)``, or ``(N * C, T, Hg, Wg, D)``

    Example:
        >>> import torch
        >>> TokenFusion(8, 'join')(torch.zeros(6, 2, 8, 1, 50)).shape
        torch.Size([6, 2, 1, 50, 8])
    """

    def __init__(
        self,
        out_channels: int,
        temporal_fusion: str = 'mean',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_choice('temporal_fusion', temporal_fusion, FUSIONS)
        self.out_channels = out_channels
        self.temporal_fusion = temporal_fusion

    def forward(self, features: Tensor) -> Tensor:
        """Return the tokens of each clip.

        Args:
            features (Tensor): ``(N * C, T, D, Hg, Wg)``.

        Returns:
            Tensor: See the class.

        Raises:
            ValueError: If the width is not ``out_channels``.
        """
        width = features.shape[2]
        if width != self.out_channels:
            raise ValueError(
                f'TokenFusion expects tokens of width {self.out_channels}, '
                f'but the backbone returns {width}. Set neck.out_channels.'
            )
        tokens = features.permute(0, 1, 3, 4, 2)  # (N * C, T, Hg, Wg, D)
        if self.temporal_fusion == 'mean':
            return tokens.mean(1)
        return tokens
