# Copyright (c) clipbert_mm contributors.
"""Trainings of MMEngine that take milliseconds, for tests of checkpoints."""

import itertools
from pathlib import Path
from typing import Any, ClassVar

import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import Dataset

_numbers = itertools.count()


class Line(BaseModel):
    """Line that is fitted to points."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def init_weights(self) -> None:
        """Start every run from the same weights."""
        nn.init.constant_(self.layer.weight, 0.5)
        nn.init.zeros_(self.layer.bias)

    def forward(
        self, inputs: Tensor, target: Tensor, mode: str = 'tensor'
    ) -> Any:
        """Return the loss in training, else the errors."""
        errors = (self.layer(inputs) - target).square()
        if mode == 'loss':
            return dict(loss=errors.mean())
        return list(errors)


class Points(Dataset):
    """Eight points near a line."""

    metainfo: ClassVar[dict] = {}

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        x = torch.tensor([index / 8, (index * index % 5) / 5])
        return dict(inputs=x, target=x.sum(0, keepdim=True))


class GivenScores(BaseMetric):
    """Metric whose values are given, one for each validation.

    Args:
        scores (list[dict]): Metrics of each validation.
    """

    def __init__(self, scores: list[dict]) -> None:
        super().__init__()
        self.scores = iter(scores)

    def process(self, data_batch: Any, data_samples: Any) -> None:
        """Note that there was a batch."""
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict:
        """Return the next metrics."""
        return next(self.scores)


def tiny_runner(
    work_dir: Path,
    epochs: int = 2,
    batch_size: int = 2,
    scores: list[dict] | None = None,
    checkpoint: dict | None = None,
    schedules: list[dict] | None = None,
    lr: float = 0.1,
    **options: Any,
) -> Runner:
    """Build a runner that fits a line.

    Args:
        work_dir (Path): Folder of the run.
        epochs (int): Epochs to train. Defaults to 2.
        batch_size (int): Points of a batch, of 8. Defaults to 2.
        scores (list[dict] | None): Metrics of each epoch. Defaults to None:
            the run does not validate.
        checkpoint (dict | None): Options of the ``CheckpointHook``. Defaults
            to None: a checkpoint after every epoch.
        schedules (list[dict] | None): ``param_scheduler``. Defaults to None:
            a ``LinearLR`` over the epochs of the run, iteration by iteration.
        lr (float): Learning rate. Defaults to 0.1.
        **options (Any): Options of the runner.

    Returns:
        Runner: Runner in the scope of MMEngine.
    """

    def loader(shuffle: bool) -> dict:
        return dict(
            dataset=Points(),
            batch_size=batch_size,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
            collate_fn=dict(type='default_collate'),
        )

    if scores is not None:
        options.update(
            val_dataloader=loader(False),
            val_cfg={},
            val_evaluator=Evaluator(GivenScores(scores)),
        )
    hook = dict(type='CheckpointHook', interval=1, **(checkpoint or {}))
    linear = dict(
        type='LinearLR',
        start_factor=1.0,
        end_factor=0.0,
        begin=0,
        end=epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    )
    return Runner(
        Line(),
        str(work_dir),
        train_dataloader=loader(True),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(
            optimizer=dict(type='AdamW', lr=lr, weight_decay=0.01)
        ),
        param_scheduler=[linear] if schedules is None else schedules,
        default_hooks=dict(checkpoint=hook),
        default_scope='mmengine',
        randomness=dict(seed=1),
        experiment_name=f'tiny{next(_numbers)}',
        **options,
    )


def weights(runner: Runner) -> Tensor:
    """Return all weights of a model, in one row.

    Args:
        runner (Runner): Runner of the model.

    Returns:
        Tensor: Copy of the weights.
    """
    return torch.cat(
        [p.detach().flatten().clone() for p in runner.model.parameters()]
    )
