# Copyright (c) clipbert_mm contributors.
"""Backbone: any vision transformer of Hugging Face's transformers."""

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from clipbert_mm.models.pretrained_parts import build_pretrained
from clipbert_mm.utils.checks import check_bool, check_choice

OUTPUTS = ('tokens', 'patches', 'first', 'pooled')


@MODELS.register_module()
class TransformersVision(BaseModule):
    """Vision tower of an image model or an image-text model.

    ViT, DINOv2, and the towers of CLIP, SigLIP, BLIP and others, through
    transformers' ``AutoModel``.

    Args:
        model (str | dict): Folder or hub name of a checkpoint, or the
            arguments of a configuration, with ``model_type``, for random
            weights.
        output (str): ``'tokens'``: all states of the last layer;
            ``'patches'``: those of the patches, as a map, for a
            :class:`GridEncoder`; ``'first'``: the state of the first token;
            ``'pooled'``: the tower's own pooled state. Defaults to
            ``'tokens'``.
        with_cp (bool): Recompute each layer in the backward pass instead of
            storing its activations. Defaults to False.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If ``output`` is unknown, or the model has no vision
            tower.

    Shape:
        - input: ``(B, 3, H, W)``
        - return: ``(B, D, 1, V)``; for ``'patches'`` ``(B, D, Hp, Wp)``

    Example:
        >>> vision = TransformersVision(dict(
        ...     model_type='vit', num_hidden_layers=1, hidden_size=24,
        ...     num_attention_heads=2, intermediate_size=8, image_size=32,
        ...     patch_size=16))
        >>> vision(torch.zeros(2, 3, 32, 32)).shape  # [CLS] and 4 patches
        torch.Size([2, 24, 1, 5])
    """

    def __init__(
        self,
        model: str | dict,
        output: str = 'tokens',
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_choice('output', output, OUTPUTS)
        check_bool('with_cp', with_cp)
        whole = build_pretrained(model, pooler=output == 'pooled')
        tower = getattr(whole, 'vision_model', whole)
        if tower is whole and hasattr(whole.config, 'text_config'):
            raise ValueError(
                f'{type(whole).__name__} has no vision tower of its own. '
                'Use its head, such as ViltHead, with the backbone that its '
                'config names.'
            )
        if with_cp:
            tower.gradient_checkpointing_enable()
        self.tower = tower
        self.output = output

    def init_weights(self) -> None:
        """Keep the weights: transformers has loaded or drawn them."""
        self._is_init = True

    def forward(self, frames: Tensor) -> Tensor:
        """Return the states of frames.

        Args:
            frames (Tensor): float32 ``(B, 3, H, W)``, normalised.

        Returns:
            Tensor: See the class.

        Raises:
            ValueError: If the states are not those of a map of patches.
        """
        states = self.tower(pixel_values=frames)
        if self.output == 'pooled':
            return states.pooler_output[:, :, None, None]
        tokens = states.last_hidden_state  # (B, V, D)
        if self.output == 'first':
            tokens = tokens[:, :1]
        elif self.output == 'patches':
            return self._map(tokens, frames)
        return tokens.transpose(1, 2)[:, :, None]

    def _map(self, tokens: Tensor, frames: Tensor) -> Tensor:
        """Return the states of the patches as a map."""
        side = self.tower.config.patch_size
        rows, columns = (size // side for size in frames.shape[-2:])
        extra = tokens.shape[1] - rows * columns
        if extra < 0:
            raise ValueError(
                f'Frames of {tuple(frames.shape[-2:])} pixels have {rows} x '
                f'{columns} patches of {side} pixels, but the tower returns '
                f"{tokens.shape[1]} states. Use output='tokens'."
            )
        # [CLS] and registers come first.
        return torch.unflatten(
            tokens[:, extra:].transpose(1, 2), -1, (rows, columns)
        )
