# Copyright (c) clipbert_mm contributors.
"""Commands that are killed while they write, and what must be true then."""

import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import torch
from transformers import BertConfig, BertModel

from clipbert_mm.media.compression.journal import JOURNAL
from clipbert_mm.utils.checkpoint_file import load_checkpoint_file
from clipbert_mm.utils.locks import LOCK_FILE

from .harness import PARTIAL, Job, KillsError
from .training import EPOCHS, CompleteCheckpoints, training_job


class Command(NamedTuple):
    """Command that can be killed and started again.

    Args:
        job (Job): The command.
        written (Path): Folder whose files are watched, to kill while one is
            written.
        result (Callable[[], dict[str, str]]): Function that returns a digest
            of the content of each result, by name. It raises for half a
            file.
        is_refused_when_done (bool): Whether it leaves a result that exists
            alone. Defaults to False: it is completed or written again.
    """

    job: Job
    written: Path
    result: Callable[[], dict[str, str]]
    is_refused_when_done: bool = False


def main(argv: list[str]) -> None:
    """Run a command as a process of its own would, exit status included.

    Args:
        argv (list[str]): Module of the command, then its arguments.
    """
    module, *arguments = argv
    sys.argv = [module, *arguments]
    if status := import_module(module).main(arguments):
        sys.stderr.flush()
        os._exit(int(status))


def _job(folder: Path, module: str, *arguments: object) -> Job:
    return Job(
        'tools.benchmarks.kills.commands',
        [f'clipbert_mm.cli.{module}', *(str(part) for part in arguments)],
        folder.with_suffix('.log'),
    )


def training(folder: Path, corpus: Path) -> Command:
    """Return a training that resumes, and loses no epoch.

    Args:
        folder (Path): Folder of the run.
        corpus (Path): Folder of the videos.

    Returns:
        Command: The command.
    """
    check = CompleteCheckpoints(folder)

    def result() -> dict[str, str]:
        check()
        return _tensors(folder / f'epoch_{EPOCHS}.pth')

    return Command(training_job(corpus, folder), folder, result)


def testing(
    folder: Path, corpus: Path, checkpoint: Path, loop: str
) -> Command:
    """Return a test that saves its scores.

    Args:
        folder (Path): Folder of the run.
        corpus (Path): Folder of the videos.
        checkpoint (Path): Weights.
        loop (str): ``'TestLoop'``, which starts again, or
            ``'PairScoringLoop'``, which resumes.

    Returns:
        Command: The command.
    """
    out = folder / 'out' / 'scores.npz'
    job = _job(
        folder,
        'test',
        'clipbert_debug',
        checkpoint,
        f'--work-dir={folder}',
        f'--out={out}',
        '--cfg-options',
        f'data_root={corpus}',
        f'test_cfg.type={loop}',
    )
    has_store = loop == 'PairScoringLoop'

    def result() -> dict[str, str]:
        for path in (folder / 'scores').rglob('*.npz'):
            _arrays(path)
        return _arrays(out) if out.exists() else {}

    written = folder / 'scores' / 'all' if has_store else out.parent
    return Command(job, written, result)


def compressing(folder: Path, corpus: Path) -> Command:
    """Return a re-encoding of the videos of a corpus.

    Args:
        folder (Path): Folder to write.
        corpus (Path): Folder of the videos.

    Returns:
        Command: The command.
    """
    job = _job(
        folder,
        'compress',
        corpus / 'videos',
        folder,
        '--workers=0',
        '--speed-sample=0',
    )

    def result() -> dict[str, str]:
        journal = folder / JOURNAL
        lines = journal.read_text().split('\n') if journal.exists() else []
        for line in lines[1:-1]:  # the last one may be cut short
            json.loads(line)
        # Not the bytes, which differ between processes that are not killed.
        return {path.name: _frames(path) for path in folder.glob('*.mp4')}

    return Command(job, folder, result)


def converting(folder: Path, bert: Path) -> Command:
    """Return a conversion of the weights of a BERT to ours.

    Args:
        folder (Path): Folder of the result.
        bert (Path): Folder of :func:`write_bert`.

    Returns:
        Command: The command.
    """
    out = folder / 'ours.pth'
    job = _job(folder, 'convert_weights', 'bert', bert, out)
    return Command(job, folder, lambda: _tensors(out))


def write_bert(folder: Path) -> Path:
    """Write a tiny BERT as Hugging Face does.

    Args:
        folder (Path): Folder to create.

    Returns:
        Path: ``folder``.
    """
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=109,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def exporting(folder: Path, corpus: Path, checkpoint: Path) -> Command:
    """Return an export of a trained model.

    Args:
        folder (Path): Folder of the exported folder.
        corpus (Path): Folder of the videos.
        checkpoint (Path): Weights.

    Returns:
        Command: The command.
    """
    out = folder / 'model'
    job = _job(
        folder,
        'convert_weights',
        'export',
        'clipbert_debug',
        checkpoint,
        out,
        '--cfg-options',
        f'data_root={corpus}',
    )

    def result() -> dict[str, str]:
        return {
            str(path.relative_to(out)): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in out.rglob('*')
            if path.is_file()
        }

    return Command(job, folder, result, is_refused_when_done=True)


def left_behind(folder: Path) -> list[str]:
    """Return what a finished command should have removed.

    Args:
        folder (Path): Folder of the command.

    Returns:
        list[str]: Paths of unfinished files and of locks.
    """
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob('*')
        if path.name.endswith(PARTIAL) or path.name == LOCK_FILE
    )


def _frames(path: Path) -> str:
    """Return the number, the sizes and the times of the frames of a video."""
    with _whole(path), av.open(str(path)) as container:
        return ' '.join(
            f'{frame.width}x{frame.height}@{frame.pts}'
            for frame in container.decode(video=0)
        )


def _arrays(path: Path) -> dict[str, str]:
    """Return a digest of each array of a file."""
    with _whole(path), np.load(path) as arrays:
        return {
            name: hashlib.sha256(arrays[name].tobytes()).hexdigest()
            for name in arrays.files
        }


def _tensors(path: Path) -> dict[str, str]:
    """Return a digest of each tensor of a file, or nothing without one."""
    if not path.exists():
        return {}
    with _whole(path):
        return {
            name: hashlib.sha256(
                value.contiguous().view(torch.uint8).numpy().tobytes()
                if value.ndim
                else str(value.item()).encode()
            ).hexdigest()
            for name, value in load_checkpoint_file(path).items()
        }


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Raise if a file cannot be read to its end."""
    try:
        yield
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise KillsError(f'{path} is half written: {error}') from error
