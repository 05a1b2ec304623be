# Copyright (c) clipbert_mm contributors.
"""Scoring as in ClipBERT's original implementation, on our weights.

Every clip with every mini-batch of texts runs the CNN, the text embedding at
full length, all tokens in every layer, and eager attention
(``run_video_retrieval.py`` and ``modeling.py`` of the reference at a118b02).
"""

import math
from typing import Any

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from clipbert_mm.gallery.cost import pair_flops

MINI_BATCH = 64  # inference_batch_size of the reference
BERT_SIZES = dict(hidden_size=768, vocab_size=30522)


def build_clipbert(
    bert: dict | None = None,
    backbone: dict | None = None,
    channels: int = 2048,
) -> Any:
    """Build a ClipBERT for retrieval with random weights, to be timed.

    Args:
        bert (dict | None): Arguments of ``BertConfig``. Defaults to None:
            BERT-base.
        backbone (dict | None): Arguments of ``ResNet50Grid``. Defaults to
            None: the published ones.
        channels (int): Channels of the backbone's output. Defaults to 2048.

    Returns:
        Any: ClipBERT in evaluation mode.
    """
    bert = {**BERT_SIZES, **(bert or {})}
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='ClipBERT',
            backbone=dict(type='ResNet50Grid', **(backbone or {})),
            neck=dict(
                type='GridEncoder',
                in_channels=channels,
                out_channels=bert['hidden_size'],
            ),
            head=dict(type='BertCrossModalHead', bert=bert),
            consensus=dict(type='ConsensusAggregator'),
            task=dict(type='RetrievalTask'),
        )
    )
    for module in model.backbone.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode='fan_in')
    return model.eval()


class ReferenceScorer:
    """Scorer of all pairs in the reference's way, on our weights.

    Args:
        model (Any): ClipBERT with the weights.
        bank (dict[str, Tensor]): ``input_ids`` and ``attention_mask``
            ``(M, L)``, padded to the full length, on the model's device.
        mini_batch (int): Number of texts at a time. Defaults to 64.
    """

    def __init__(
        self, model: Any, bank: dict[str, Tensor], mini_batch: int = MINI_BATCH
    ) -> None:
        self.model = model
        self.bank = bank
        self.mini_batch = mini_batch
        sizes = model.head.config.to_diff_dict()
        config = BertConfig(**dict(sizes, attn_implementation='eager'))
        self.bert = BertModel(config).eval()
        self.bert.load_state_dict(model.head.bert.state_dict(), assign=True)

    def clip_logits(self, frames: Tensor) -> Tensor:
        """Compute the logits of all pairs.

        Args:
            frames (Tensor): Normalised frames ``(N, C, 3, T, H, W)``.

        Returns:
            Tensor: Logits ``(N, M, C, K)``, float32, on the CPU.
        """
        ids = self.bank['input_ids'].split(self.mini_batch)
        masks = self.bank['attention_mask'].split(self.mini_batch)
        rows = []
        with torch.no_grad():
            for video in frames:
                rows.append(
                    torch.cat(
                        [
                            torch.stack(
                                [
                                    self._forward(clip, *texts)
                                    for clip in video
                                ],
                                1,
                            )
                            for texts in zip(ids, masks)
                        ]
                    )
                )
        return torch.stack(rows).float().cpu()

    def _forward(self, clip: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """Compute logits of a clip ``(3, T, H, W)`` and texts ``(m, L)``."""
        head = self.model.head
        grid = self.model.extract_grid(clip[None, None])
        visual = head.grid_embedding(grid.expand(len(ids), *grid.shape[1:]))
        tokens = torch.cat([self.bert.embeddings(ids), visual[:, 0]], 1)
        ones = mask.new_ones(visual.shape[0], visual.shape[2])
        joint = torch.cat([mask, ones], 1)[:, None, None].to(tokens.dtype)
        bias = (1 - joint) * torch.finfo(tokens.dtype).min
        states = self.bert.encoder(
            tokens, attention_mask=bias
        ).last_hidden_state
        return head.classifier(self.bert.pooler(states))


def reference_flops(
    head: Any,
    num_texts: int,
    max_len: int,
    clip: int,
    num_cells: int,
    mini_batch: int = MINI_BATCH,
) -> int:
    """Count the reference's operations for one clip and all texts.

    Args:
        head (Any): ``BertCrossModalHead`` with the sizes.
        num_texts (int): Number of texts ``M``.
        max_len (int): Length that every text is padded to.
        clip (int): Operations of CNN and neck for a clip.
        num_cells (int): Number of visual tokens ``V``.
        mini_batch (int): Number of texts at a time. Defaults to 64.

    Returns:
        int: Number of operations.
    """
    pairs = num_texts * pair_flops(head, max_len, num_cells, cls_only=False)
    return math.ceil(num_texts / mini_batch) * clip + pairs
