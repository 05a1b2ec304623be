# Copyright (c) clipbert_mm contributors.
"""Sides of the benchmark of training: steps on models with equal weights."""

import copy
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from clipbert_mm import config_file
from clipbert_mm.engine import ClipBERTOptimWrapperConstructor

from .batch import CONFIG, Batch, Sizes, build_model, make_batch
from .looped_step import attend_eagerly, looped_losses

OURS, RECOMPUTED, LOOPED = 'ours', 'ours, recomputing', 'looped'
SIDES = (OURS, RECOMPUTED, LOOPED)
CP_FRAMES = dict(cpu=2, cuda=16)  # recomputed at a time


class TrainingStep:
    """Training step: a model, its optimizer and its way to the losses.

    Args:
        side (str): One of :data:`SIDES`.
        model (Any): ClipBERT to train.
        batch (Batch): Batch of every step.
        device (str): Device of the step; on a GPU it runs in bf16.
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
        """Compute the losses of the batch."""
        inputs, samples, max_txt_len = self.batch
        frames = inputs['imgs']
        if self.side == LOOPED:
            return looped_losses(self.model, inputs, samples, max_txt_len)
        self.model.backbone.with_cp = self.side == RECOMPUTED
        self.model.backbone.cp_frames = CP_FRAMES[frames.device.type]
        self.model.head.with_cp = self.side == RECOMPUTED
        return self.model.loss(inputs, samples)

    def __call__(self) -> None:
        """Make a step: forward, backward, clipping, update."""
        with self.optim_wrapper.optim_context(self.model):
            losses = self.losses()
        loss, _ = self.model.parse_losses(losses)
        self.optim_wrapper.update_params(loss)


def make_optimizer_state(step: TrainingStep) -> None:
    """Give the optimizer its state, as it has after the first step.

    Args:
        step (TrainingStep): The step; its weights do not change.
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
    """Make the steps of the sides, on models with equal weights.

    Args:
        sizes (Sizes): Sizes of the batch.
        device (str): Device of the steps.
        quick (bool): Whether to build tiny models. Defaults to False.
        only (str | None): Single side to make. Defaults to None: all.

    Returns:
        dict[str, TrainingStep]: Steps by side. Ours and the recomputing one
        share the model and the optimizer.
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
