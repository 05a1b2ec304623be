# Copyright (c) clipbert_mm contributors.
"""A tiny training that is killed, and what must be true of its checkpoints."""

from pathlib import Path

import mmengine  # noqa: F401  (lets torch read its checkpoints)
import torch

from clipbert_mm.quickstart.corpus.scene_corpus import CorpusSettings, generate
from clipbert_mm.utils.checkpoint_position import check_bytes, read_position

from .harness import Job, KillsError

EPOCHS = 6


def write_corpus(folder: Path) -> Path:
    """Write the videos of ``clipbert_debug``.

    Args:
        folder (Path): Folder to create.

    Returns:
        Path: ``folder``.
    """
    generate(folder, CorpusSettings(images=8, videos=16, gallery=8))
    return folder


def training_job(corpus: Path, work_dir: Path, *options: str) -> Job:
    """Return a training that resumes and keeps one checkpoint.

    Args:
        corpus (Path): Folder of the videos.
        work_dir (Path): Folder of the run; its log lies next to it.
        *options (str): Options of ``--cfg-options``.

    Returns:
        Job: The job.
    """
    return Job(
        'clipbert_mm.cli.train',
        [
            'clipbert_debug',
            '--resume',
            f'--work-dir={work_dir}',
            '--cfg-options',
            f'data_root={corpus}',
            f'max_epochs={EPOCHS}',
            'default_hooks.checkpoint.max_keep_ckpts=1',
            'default_hooks.checkpoint.save_best=t2v/R1',
            *options,
        ],
        work_dir.with_suffix('.log'),
    )


class CompleteCheckpoints:
    """Check after a kill: no epoch is lost, and no file is half written.

    Args:
        work_dir (Path): Folder of the run.
    """

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.epoch = 0

    def __call__(self) -> None:
        """Raise unless the newest checkpoint is there and complete.

        Raises:
            KillsError: If one is not complete, or a finished epoch is lost.
        """
        epochs = [0]
        for path in self.work_dir.glob('*.pth'):
            try:
                epochs.append(read_position(str(path)).epoch)
                check_bytes(str(path))
            except ValueError as error:
                raise KillsError(f'{path}: {error}') from error
        if max(epochs) < self.epoch:
            raise KillsError(f'epoch {self.epoch} is lost in {self.work_dir}')
        self.epoch = max(epochs)


def differing_weights(work_dir: Path, other: Path) -> list[str]:
    """Return the tensors in which the results of two trainings differ.

    Args:
        work_dir (Path): Folder of a finished run.
        other (Path): Folder of another.

    Returns:
        list[str]: Names of the tensors that are not equal in every bit.
    """
    states = [
        torch.load(folder / f'epoch_{EPOCHS}.pth')['state_dict']
        for folder in (work_dir, other)
    ]
    names = states[0].keys() | states[1].keys()
    return sorted(
        name
        for name in names
        if any(name not in state for state in states)
        or not torch.equal(states[0][name], states[1][name])
    )
