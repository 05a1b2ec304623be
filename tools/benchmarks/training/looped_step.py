# Copyright (c) clipbert_mm contributors.
"""Training step of ClipBERT's original implementation, on our weights.

It follows the behaviour at a118b02: clips run one after another through the
CNN and BERT, with the frozen norms, attention and text embedding of detectron2
and Hugging Face, and one backward pass follows.
"""

from typing import Any

import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from torch import Tensor
from transformers import BertConfig, BertModel

from clipbert_mm.models.tasks import ModelOutput


def frozen_norm(norm: Any, x: Tensor) -> Tensor:
    """Normalise as detectron2's frozen batch norm, a separate operation.

    Args:
        norm (Any): Frozen norm with the constants.
        x (Tensor): Features ``(N * T, ch, H, W)``.

    Returns:
        Tensor: Features of the same shape.
    """
    if not x.requires_grad:
        return F.batch_norm(
            x,
            norm.running_mean,
            norm.running_var,
            norm.weight,
            norm.bias,
            training=False,
            eps=norm.eps,
        )
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    bias = norm.bias - norm.running_mean * scale
    return x * scale[:, None, None].to(x.dtype) + bias[:, None, None].to(
        x.dtype
    )


def conv_norm(layer: Any, x: Tensor, stride: int = 1) -> Tensor:
    """Apply a convolution, then its norm.

    Args:
        layer (Any): ``ConvNorm`` with the weights.
        x (Tensor): Features ``(N * T, ch, H, W)``.
        stride (int): Stride of the convolution. Defaults to 1.

    Returns:
        Tensor: Features ``(N * T, ch', H', W')``.
    """
    x = F.conv2d(x, layer.weight, None, stride, layer.padding)
    return frozen_norm(layer.norm, x)


def bottleneck(block: Any, x: Tensor, stride: int) -> Tensor:
    """Apply a residual block.

    Args:
        block (Any): ``Bottleneck`` with the weights.
        x (Tensor): Features ``(N * T, ch, H, W)``.
        stride (int): Stride of the first convolution and of the shortcut.

    Returns:
        Tensor: Features ``(N * T, ch', H', W')``.
    """
    out = F.relu_(conv_norm(block.conv1, x, stride))
    out = F.relu_(conv_norm(block.conv2, out))
    out = conv_norm(block.conv3, out)
    if block.shortcut is not None:
        x = conv_norm(block.shortcut, x, stride)
    return F.relu_(out + x)


def clip_grid(model: Any, clip: Tensor) -> Tensor:
    """Compute the grid of one clip of each video.

    Args:
        model (Any): ClipBERT with the weights.
        clip (Tensor): Frames ``(N, 3, T, H, W)``.

    Returns:
        Tensor: Grid ``(N, 1, H', W', D)``.
    """
    num_frames = clip.shape[2]
    x = clip.transpose(1, 2).flatten(0, 1).contiguous()
    backbone = model.backbone
    x = F.relu_(conv_norm(backbone.stem.conv1, x, 2))
    x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
    for name, stride in zip(backbone.stage_names, backbone.strides):
        for i, block in enumerate(backbone.get_submodule(name)):
            x = bottleneck(block, x, stride if i == 0 else 1)
    neck = model.neck
    x = F.conv2d(x, neck.conv.weight, padding=1)
    x = F.relu(F.max_pool2d(x, neck.pool, neck.pool))
    x = x.unflatten(0, (-1, num_frames)).mean(1)
    return x.permute(0, 2, 3, 1)[:, None]


def clip_logits(model: Any, clip: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Compute logits of one clip of each video with the video's texts.

    Args:
        model (Any): ClipBERT with the weights.
        clip (Tensor): Frames ``(N, 3, T, H, W)``.
        ids (Tensor): Tokens ``(N * M, L)``.
        mask (Tensor): Mask ``(N * M, L)``, 1 at real tokens.

    Returns:
        Tensor: Logits ``(N * M, K)``.
    """
    head = model.head
    visual = head.grid_embedding(clip_grid(model, clip))[:, 0]  # (N, V, D)
    visual = visual.repeat_interleave(len(ids) // len(visual), 0)
    tokens = torch.cat([head.bert['embeddings'](ids), visual], 1)
    joint = torch.cat([mask, mask.new_ones(visual.shape[:2])], 1)
    bias = (1 - joint[:, None, None].to(tokens.dtype)) * torch.finfo(
        tokens.dtype
    ).min
    states = head.bert['encoder'](
        tokens, attention_mask=bias
    ).last_hidden_state
    return head.classifier(head.dropout(head.bert['pooler'](states)))


def looped_losses(
    model: Any,
    inputs: dict[str, Tensor],
    samples: list[ActionDataSample],
    max_txt_len: int,
) -> dict[str, Tensor]:
    """Compute the losses of a batch, clip after clip.

    Args:
        model (Any): ClipBERT with the weights, after :func:`attend_eagerly`.
        inputs (dict[str, Tensor]): ``imgs`` ``(N, C, 3, T, H, W)``,
            normalised; ``input_ids`` and ``attention_mask`` ``(N, M, L)``.
        samples (list[ActionDataSample]): Targets.
        max_txt_len (int): Length that all texts are padded to.

    Returns:
        dict[str, Tensor]: Losses of the task.
    """
    num_videos, num_texts, length = inputs['input_ids'].shape
    ids, mask = (
        F.pad(inputs[key], (0, max_txt_len - length)).flatten(0, 1)
        for key in ('input_ids', 'attention_mask')
    )
    logits = [
        clip_logits(model, clip, ids, mask)
        for clip in inputs['imgs'].unbind(1)
    ]
    pairs = torch.stack(logits, 1).unflatten(0, (num_videos, num_texts))
    output = ModelOutput(
        model.consensus(pairs), None, model.head.word_embeddings
    )
    return model.task.loss(output, samples)


def attend_eagerly(model: Any) -> None:
    """Let Hugging Face's layers compute attention step by step.

    Args:
        model (Any): ClipBERT, which gets an encoder with the same weights.
    """
    head = model.head
    # Transformers 4 chooses the attention when it builds the layers.
    sizes = head.config.to_diff_dict()
    config = BertConfig(**dict(sizes, attn_implementation='eager'))
    encoder = BertModel(config).encoder.to(head.word_embeddings.device)
    encoder.load_state_dict(head.bert['encoder'].state_dict())
    head.bert['encoder'] = encoder.train(head.training)
