# Copyright (c) clipbert_mm contributors.
"""Head: BridgeTower's cross-modal encoder, for every text and clip."""

from typing import Any

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from clipbert_mm.models.pretrained_parts import build_pretrained

from .base_matching_head import BaseMatchingHead, expand_pairs
from .bert_cross_modal_head import HeadOutput

# Rows of the embedding of the two kinds of tokens.
_TEXT, _IMAGE = 0, 1


@MODELS.register_module()
class BridgeTowerHead(BaseMatchingHead):
    """Image-text matching of `BridgeTower <https://arxiv.org/abs/2206.08657>`_.

    Clips come from a :class:`BridgeTowerVision`, with the states of several
    layers in their channels. The text tower runs once for each text; the
    cross-modal layers run for each pair, and each adds the next layer of both
    towers by a bridge. Its two logits, the second for a match, are those of
    ``BridgeTowerForImageAndTextRetrieval`` of transformers with one frame and
    one clip. For :class:`RetrievalTask` with ``loss_type='ce'``.

    The layers of a clip are repeated for its pairs one at a time, so the
    memory of a pair is that of one layer.

    Args:
        model (str | dict): Folder or hub name of a checkpoint such as
            ``'BridgeTower/bridgetower-base-itm-mlm'``, or the arguments of a
            ``BridgeTowerConfig``, with ``model_type``, for random weights.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If it lacks a weight of the head.

    Shape:
        - grid: ``(N, C, 1, V, layers * D)``
        - clip_logits: ``(N, M, C, 2)``

    Example:
        >>> head = BridgeTowerHead(
        ...     'BridgeTower/bridgetower-base-itm-mlm')  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | dict,
        init_cfg: dict | None = None,
    ) -> None:
        whole = build_pretrained(
            model,
            parts=(
                'bridgetower.cross_modal_',
                'bridgetower.text_model.embeddings.',
                'bridgetower.text_model.encoder.',
                'bridgetower.token_type_embeddings.',
                'itm_score.',
            ),
        )
        config = whole.config
        super().__init__(
            config.text_config,
            config.num_hidden_layers * config.vision_config.hidden_size,
            whole.itm_score.fc.out_features,
            init_cfg,
        )
        self.num_layers = config.num_hidden_layers
        self.bridgetower = whole.bridgetower
        # BridgeTowerVision has the first; the second is never read.
        self.bridgetower.vision_model = None
        self.bridgetower.text_model.pooler = None
        self.itm_score = whole.itm_score

    @property
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, width)``."""
        return self.bridgetower.get_input_embeddings().weight

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return text tokens as they enter the first layer.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``.

        Returns:
            Tensor: ``(N or 1, M, L, width)``.
        """
        embed = self.bridgetower.text_model.embeddings
        tokens = embed(input_ids=input_ids.flatten(0, 1))
        return tokens.unflatten(0, input_ids.shape[:2])

    def grid_embedding(self, grid: Tensor) -> Tensor:
        """Return the states of clips as the cross-modal layers read them.

        Args:
            grid (Tensor): ``(N, C, Hg, Wg, layers * D)``.

        Returns:
            Tensor: ``(N, C, Hg * Wg, layers * hidden size)``.
        """
        layers = grid.flatten(2, 3).chunk(self.num_layers, -1)
        project = self.bridgetower.cross_modal_image_transform
        return torch.cat(self._projected(layers, project, _IMAGE), -1)

    def match(
        self,
        text: Tensor,
        text_mask: Tensor | None,
        visual: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every pair; see :class:`BaseMatchingHead`."""
        pairs = (visual.shape[0], text.shape[1], visual.shape[1])
        words = cells = None
        for i, (texts, clips) in enumerate(
            zip(
                self._text_layers(text, text_mask),
                visual.chunk(self.num_layers, -1),
            )
        ):
            own_words, mask, own_cells = expand_pairs(texts, text_mask, clips)
            words = self._bridge('text', i, own_words, words)
            cells = self._bridge('image', i, own_cells, cells)
            words, cells = self._cross(i, words, cells, _mask_bias(mask, text))
        logits = self.itm_score(
            self.bridgetower.get_cls_features(words, cells)
        )
        return HeadOutput(logits.unflatten(0, pairs), None)

    def _text_layers(
        self, text: Tensor, text_mask: Tensor | None
    ) -> list[Tensor]:
        """Return the upper layers of texts, each ``(N or 1, M, L, width)``."""
        states = text.flatten(0, 1)
        bias = None
        if text_mask is not None:
            bias = _mask_bias(text_mask.flatten(0, 1), states)
        layers = []
        for layer in self.bridgetower.text_model.encoder.layer:
            states = _tensor_of(layer(states, bias))
            layers.append(states)
        upper = [
            states.unflatten(0, text.shape[:2])
            for states in layers[-self.num_layers :]
        ]
        project = self.bridgetower.cross_modal_text_transform
        return self._projected(upper, project, _TEXT)

    def _projected(
        self, layers: Any, project: nn.Module, kind: int
    ) -> list[Tensor]:
        """Return layers of a tower in the width of the cross-modal ones."""
        own = self.bridgetower.token_type_embeddings.weight[kind]
        if isinstance(project, nn.ModuleList):
            return [p(x) + own for p, x in zip(project, layers)]
        return [project(x) + own for x in layers]

    def _bridge(
        self, stream: str, i: int, own: Tensor, cross: Tensor | None
    ) -> Tensor:
        """Return the input of a cross-modal layer: own tower and the last."""
        name = f'cross_modal_{stream}'
        if cross is None:
            return getattr(self.bridgetower, f'{name}_layernorm')(own)
        link = getattr(self.bridgetower, f'{name}_link_tower')[i - 1]
        return link(own, cross, None)

    def _cross(
        self, i: int, words: Tensor, cells: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return both streams after a cross-modal layer."""
        text_layer = self.bridgetower.cross_modal_text_layers[i]
        image_layer = self.bridgetower.cross_modal_image_layers[i]
        return (
            text_layer(words, cells, attention_mask=bias)[0],
            image_layer(cells, words, encoder_attention_mask=bias)[0],
        )


def _mask_bias(mask: Tensor, states: Tensor) -> Tensor:
    """Return what is added to attention scores, ``(B, 1, 1, L)``."""
    bias = torch.zeros_like(mask, dtype=states.dtype)
    lowest = torch.finfo(states.dtype).min
    return bias.masked_fill(~mask.bool(), lowest)[:, None, None]


def _tensor_of(output: Any) -> Tensor:
    """Return the states of a layer, which transformers 4 puts in a tuple."""
    return output if isinstance(output, Tensor) else output[0]
