# Copyright (c) clipbert_mm contributors.
"""Backbone: the upper layers of BridgeTower's vision tower."""

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from clipbert_mm.models.pretrained_parts import build_pretrained


@MODELS.register_module()
class BridgeTowerVision(BaseModule):
    """Vision tower of `BridgeTower <https://arxiv.org/abs/2206.08657>`_.

    Each layer of its cross-modal encoder reads a layer of its own, so the
    normalised states of the last ``num_hidden_layers`` layers are returned,
    one after another in the channels. A clip of the base model takes 325
    tokens x 6 layers x 768 channels x 4 bytes = 6.0 MB.

    Args:
        model (str | dict): Folder or hub name of a BridgeTower, or the
            arguments of a ``BridgeTowerConfig``, with ``model_type``, for
            random weights.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If a weight is missing.

    Shape:
        - input: ``(B, 3, H, W)``, of the size that the model was trained with
        - return: ``(B, layers * D, 1, 1 + patches)``

    Example:
        >>> tower = BridgeTowerVision(dict(
        ...     model_type='bridgetower', num_hidden_layers=2, hidden_size=24,
        ...     text_config=dict(num_hidden_layers=2, hidden_size=24,
        ...                      num_attention_heads=2, vocab_size=9),
        ...     vision_config=dict(num_hidden_layers=2, hidden_size=64,
        ...                        image_size=32)))
        >>> tower(torch.zeros(3, 3, 32, 32)).shape  # 2 layers of 64 channels
        torch.Size([3, 128, 1, 5])
    """

    def __init__(
        self,
        model: str | dict,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        whole = build_pretrained(model, parts=('bridgetower.vision_model.',))
        self.tower = whole.bridgetower.vision_model.visual
        # The layers of both towers are joined by their numbers.
        self.num_layers = whole.config.text_config.num_hidden_layers
        self.first = self.num_layers - whole.config.num_hidden_layers

    def init_weights(self) -> None:
        """Keep the weights: transformers has loaded or drawn them."""
        self._is_init = True

    def forward(self, frames: Tensor) -> Tensor:
        """Return the states of the upper layers.

        Args:
            frames (Tensor): float32 ``(B, 3, H, W)``, normalised.

        Returns:
            Tensor: ``(B, layers * D, 1, 1 + patches)``.
        """
        states = self.tower.forward_pre(frames)
        upper = []
        blocks = self.tower.transformer.resblocks[: self.num_layers]
        for layer, block in enumerate(blocks):
            states = block(states)
            if layer >= self.first:
                upper.append(self.tower.forward_post(states))  # (B, V, D)
        return torch.cat(upper, -1).transpose(1, 2)[:, :, None]
