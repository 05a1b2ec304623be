# Copyright (c) clipbert_mm contributors.
"""What benchmark_train compares: one batch, and the steps of each side."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from torch import Tensor, nn

from clipbert_mm import config_file
from clipbert_mm.engine import ClipBERTOptimWrapperConstructor

from .looped_step import attend_eagerly, looped_losses

CONFIG = 'clipbert_msrvtt_ret'
OURS, RECOMPUTED, LOOPED = 'ours', 'ours, recomputing', 'looped'
SIDES = (OURS, RECOMPUTED, LOOPED)
# With these the benchmark runs in seconds.
TINY_BERT = dict(
    vocab_size=1000,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
)
TINY_CNN = dict(stage_blocks=(1, 3), strides=(1, 2), base_channels=8)
CP_FRAMES = dict(cpu=2, cuda=16)  # recomputed at a time
MEAN_WORDS, STD_WORDS = 12, 3  # of captions, [CLS] and [SEP] included


class Sizes(NamedTuple):
    """Of a batch."""

    videos: int
    clips: int
    frames: int
    texts: int
    pixels: int
    max_txt_len: int


class Batch(NamedTuple):
    """Frames and texts as the data preprocessor hands them to the model."""

    inputs: dict[str, Tensor]
    samples: list[ActionDataSample]
    max_txt_len: int


def make_batch(sizes: Sizes, vocab_size: int, device: str) -> Batch:
    """Draw frames and texts.

    Args:
        sizes (Sizes): Of the batch.
        vocab_size (int): Words.
        device (str): Where it goes.

    Returns:
        Batch: Frames with the channels last in memory; texts of about 12
        tokens, padded to a multiple of 8; the first of each video matches.
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
    ids = torch.randint(999, vocab_size, mask.shape, generator=rng) * mask
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
    """The MSR-VTT config's model with random weights.

    Args:
        device (str): Where it goes.
        quick (bool): Tiny. Defaults to False.

    Returns:
        ClipBERT: In training mode.
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


class TrainingStep:
    """One model, its optimizer and a way to compute the losses.

    Args:
        side (str): One of ``SIDES``.
        model (ClipBERT): Its own.
        batch (Batch): The same in every step.
        device (str): On a GPU steps run in bf16.
    """

    def __init__(
        self, side: str, model: Any, batch: Batch, device: str
    ) -> None:
        self.side = side
        self.model = model
        self.batch = batch
        wrapper = Config.fromfile(config_file(CONFIG)).optim_wrapper
        paramwise_cfg = wrapper.pop('paramwise_cfg')
        del wrapper['constructor']
        if device == 'cpu':
            wrapper = dict(
                type='OptimWrapper',
                optimizer=wrapper.optimizer,
                clip_grad=wrapper.clip_grad,
            )
        if side == LOOPED:
            # The reference's AdamW is a loop over the parameters.
            wrapper['optimizer'].update(fused=False, foreach=False)
            attend_eagerly(model)
            layout = torch.contiguous_format
            frames = batch.inputs['imgs'].contiguous(memory_format=layout)
            self.batch = batch._replace(inputs=dict(batch.inputs, imgs=frames))
        self.optim_wrapper = ClipBERTOptimWrapperConstructor(
            wrapper, paramwise_cfg
        )(model)

    def losses(self) -> dict[str, Tensor]:
        """Losses of the batch."""
        inputs, samples, max_txt_len = self.batch
        frames = inputs['imgs']
        if self.side == LOOPED:
            return looped_losses(self.model, inputs, samples, max_txt_len)
        self.model.backbone.with_cp = self.side == RECOMPUTED
        self.model.backbone.cp_frames = CP_FRAMES[frames.device.type]
        self.model.head.with_cp = self.side == RECOMPUTED
        return self.model.loss(inputs, samples)

    def __call__(self) -> None:
        """One step: forward, backward, clipping, update."""
        with self.optim_wrapper.optim_context(self.model):
            losses = self.losses()
        loss, _ = self.model.parse_losses(losses)
        self.optim_wrapper.update_params(loss)


def make_optimizer_state(step: TrainingStep) -> None:
    """Give the optimizer its state, as it has after the first step.

    Args:
        step (TrainingStep): Its weights stay as they are.
    """
    optimizer = step.optim_wrapper.optimizer
    rates = [group['lr'] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group['lr'] = 0.0
        for param in group['params']:
            param.grad = torch.zeros_like(param)
    optimizer.step()
    optimizer.zero_grad()
    for group, rate in zip(optimizer.param_groups, rates):
        group['lr'] = rate


def make_steps(
    sizes: Sizes, device: str, quick: bool = False, only: str | None = None
) -> dict[str, TrainingStep]:
    """The steps of the sides, whose models have the same weights.

    Args:
        sizes (Sizes): Of the batch.
        device (str): Where they run.
        quick (bool): Tiny models. Defaults to False.
        only (str, optional): The one side to make. Defaults to None: all.

    Returns:
        dict[str, TrainingStep]: By side; ours and the recomputing one share
        the model and the optimizer.
    """
    model = build_model(device, quick)
    batch = make_batch(sizes, model.head.config.vocab_size, device)
    if only is not None:
        return {only: TrainingStep(only, model, batch, device)}
    looped = TrainingStep(LOOPED, copy.deepcopy(model), batch, device)
    ours = TrainingStep(OURS, model, batch, device)
    recomputed = copy.copy(ours)
    recomputed.side = RECOMPUTED
    return {OURS: ours, RECOMPUTED: recomputed, LOOPED: looped}


@contextmanager
def without_dropout(model: nn.Module) -> Iterator[None]:
    """Let dropout pass everything, to compare values.

    Args:
        model (nn.Module): Stays in training mode.
    """
    dropouts = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    before = [module.p for module in dropouts]
    for module in dropouts:
        module.p = 0.0
    yield
    for module, p in zip(dropouts, before):
        module.p = p


def gradients(step: TrainingStep) -> dict[str, Tensor]:
    """Gradients of the batch in full precision, without dropout.

    Args:
        step (TrainingStep): Its weights stay as they are.

    Returns:
        dict[str, Tensor]: On the CPU, by the name of the parameter; the
        loss under ``'loss'``.
    """
    model = step.model
    with without_dropout(model):
        loss, _ = model.parse_losses(step.losses())
        loss.backward()
    found = {
        name: param.grad.cpu()
        for name, param in model.named_parameters()
        if param.grad is not None
    }
    model.zero_grad()
    return dict(found, loss=loss.detach().cpu())


def largest_difference(
    ours: dict[str, Tensor], others: dict[str, Tensor]
) -> float:
    """How far apart two sides are.

    Args:
        ours (dict[str, Tensor]): Of :func:`gradients`.
        others (dict[str, Tensor]): Of :func:`gradients`.

    Returns:
        float: The largest norm of a parameter's difference, relative to its
        gradient's; gradients below a millionth of all count as such, for
        those of BERT's key biases are zero but for rounding.

    Raises:
        ValueError: If another set of parameters has gradients.
    """
    if ours.keys() != others.keys():
        raise ValueError(
            'Both sides must train the same parameters, but '
            f'{sorted(ours.keys() ^ others.keys())} have '
            'gradients on one side alone.'
        )
    smallest = 1e-6 * max(float(other.norm()) for other in others.values())
    return max(
        float((ours[name] - other).norm() / other.norm().clamp(min=smallest))
        for name, other in others.items()
    )
