# Copyright (c) clipbert_mm contributors.
"""Backbone: the patches of frames as ViLT embeds them."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from clipbert_mm.models.pretrained_parts import build_pretrained


@MODELS.register_module()
class ViltPatches(BaseModule):
    """Patch embedding of `ViLT <https://arxiv.org/abs/2102.03334>`_.

    Everything after it belongs to the :class:`ViltHead`. All patches are
    taken in their order, as attention does not depend on it; transformers'
    ``visual_embed`` shuffles them and draws from more than
    ``max_image_length``.

    Args:
        model (str | dict): Folder or hub name of a ViLT, or the arguments of
            a ``ViltConfig``, with ``model_type``, for random weights.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If a weight is missing.

    Shape:
        - input: ``(B, 3, H, W)``
        - return: ``(B, D, 1, 1 + patches)``

    Example:
        >>> patches = ViltPatches(dict(
        ...     model_type='vilt', num_hidden_layers=1, hidden_size=24,
        ...     num_attention_heads=2, intermediate_size=8))
        >>> patches(torch.zeros(2, 3, 64, 96)).shape
        torch.Size([2, 24, 1, 7])
    """

    def __init__(
        self,
        model: str | dict,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        whole = build_pretrained(
            model, 'ViltModel', parts=('embeddings.', 'vilt.embeddings.')
        )
        own = whole.embeddings
        self.patch_embeddings = own.patch_embeddings
        self.cls_token = own.cls_token
        self.position_embeddings = own.position_embeddings
        self.dropout = own.dropout
        self.side = whole.config.image_size // whole.config.patch_size

    def init_weights(self) -> None:
        """Keep the weights: transformers has loaded or drawn them."""
        self._is_init = True

    def forward(self, frames: Tensor) -> Tensor:
        """Return the embedded patches of frames.

        Args:
            frames (Tensor): float32 ``(B, 3, H, W)``, normalised.

        Returns:
            Tensor: ``(B, D, 1, 1 + patches)``, the class token first.
        """
        patches = self.patch_embeddings(frames)  # (B, D, Hp, Wp)
        places = self.position_embeddings[:, 1:].transpose(1, 2)
        places = F.interpolate(
            places.unflatten(2, (self.side, self.side)),
            patches.shape[-2:],
            mode='bilinear',
            align_corners=True,
        )
        first = self.cls_token + self.position_embeddings[:, :1]
        tokens = torch.cat(
            [
                first.transpose(1, 2).expand(len(frames), -1, -1),
                (patches + places).flatten(2),
            ],
            2,
        )
        return self.dropout(tokens)[:, :, None]
