# Copyright (c) clipbert_mm contributors.
"""Batch and model of the benchmark of training, from sizes alone."""

from typing import Any, NamedTuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from torch import Tensor, nn

from clipbert_mm import config_file

CONFIG = 'clipbert_msrvtt_ret'
# With these the benchmark runs in seconds.
TINY_BERT = dict(
    vocab_size=1000,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
)
TINY_CNN = dict(stage_blocks=(1, 3), strides=(1, 2), base_channels=8)
MEAN_WORDS, STD_WORDS = 12, 3  # of captions, with [CLS] and [SEP]


class Sizes(NamedTuple):
    """Sizes of a batch."""

    videos: int  # N
    clips: int  # C
    frames: int  # T
    texts: int  # M of each video
    pixels: int
    max_txt_len: int


GPU_SIZES = Sizes(8, 8, 2, 2, 448, 20)  # of the MSR-VTT config
CPU_SIZES = Sizes(3, 4, 2, 2, 448, 20)
QUICK_SIZES = Sizes(2, 3, 2, 2, 96, 20)


class Batch(NamedTuple):
    """Frames and texts as they leave the data preprocessor."""

    inputs: dict[str, Tensor]
    samples: list[ActionDataSample]
    max_txt_len: int


def make_batch(sizes: Sizes, vocab_size: int, device: str) -> Batch:
    """Draw frames and texts.

    Args:
        sizes (Sizes): Sizes of the batch.
        vocab_size (int): Size of the vocabulary.
        device (str): Device of the result.

    Returns:
        Batch: Frames with the channels last in memory. Texts have about 12
        tokens, padded to a multiple of 8; the first text of each video
        matches.
    """
    rng = torch.Generator().manual_seed(0)
    shape = (
        sizes.videos,
        sizes.clips,
        sizes.frames,
        sizes.pixels,
        sizes.pixels,
        3,
    )
    frames = torch.randn(shape, generator=rng) * 50
    lengths = (
        torch.randn(sizes.videos, sizes.texts, generator=rng) * STD_WORDS
        + MEAN_WORDS
    )
    lengths = lengths.round().clamp(4, sizes.max_txt_len)
    longest = -(-int(lengths.max()) // 8) * 8
    mask = (torch.arange(longest) < lengths[..., None]).long()
    first = min(999, vocab_size - 1)  # in BERT's vocabulary, of the words
    ids = torch.randint(first, vocab_size, mask.shape, generator=rng) * mask
    samples = []
    for _ in range(sizes.videos):
        sample = ActionDataSample()
        sample.set_field([1] + [0] * (sizes.texts - 1), 'text_labels')
        samples.append(sample)
    inputs = dict(
        imgs=frames.permute(0, 1, 5, 2, 3, 4),  # (N, C, 3, T, H, W)
        input_ids=ids,
        attention_mask=mask,
    )
    return Batch(
        {key: x.to(device) for key, x in inputs.items()},
        samples,
        sizes.max_txt_len,
    )


def build_model(device: str, quick: bool = False) -> Any:
    """Build the model of the MSR-VTT config with random weights.

    Args:
        device (str): Device of the model.
        quick (bool): Whether to build a tiny model. Defaults to False.

    Returns:
        Any: ClipBERT in training mode.
    """
    torch.manual_seed(0)
    cfg = Config.fromfile(config_file(CONFIG)).model
    cfg.backbone.init_cfg = None
    cfg.head.update(bert=TINY_BERT if quick else dict(), tokenizer=None)
    if quick:
        cfg.backbone.update(TINY_CNN)
        cfg.neck.update(in_channels=64, out_channels=32)
    model = MODELS.build(cfg)
    for module in model.backbone.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return model.to(device).train()
