# Copyright (c) clipbert_mm contributors.
"""Stages of the quickstart: training and testing, neither done twice.

Each stage has a folder with its config and its log. It is skipped when it was
finished earlier with the same config.
"""

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mmengine.config import Config

from clipbert_mm.utils.whole_files import write_whole

from .commands import run_command

# Values that MMEngine logs next to the metrics.
NO_METRICS = ('time', 'data_time', 'step')


def finish(folder: Path, cfg: dict, run: Callable[[Path], None]) -> bool:
    """Run a stage, unless it is finished with the same config.

    Args:
        folder (Path): Folder of the stage. It is emptied first if the stage
            has to run.
        cfg (dict): Everything that the stage depends on. It is written to
            ``config.py`` in the folder.
        run (Callable[[Path], None]): Function that runs the stage, given the
            path of that file.

    Returns:
        bool: Whether the stage had to run.
    """
    digest = hashlib.sha256(repr(cfg).encode()).hexdigest()
    stamp = folder / 'finished.txt'
    if stamp.is_file() and stamp.read_text() == digest:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Config(cfg).dump(folder / 'config.py')
    run(folder / 'config.py')
    write_whole(stamp, digest)
    return True


def train(
    name: str,
    cfg: dict,
    args: argparse.Namespace,
    threads: int | None = None,
) -> Path:
    """Train a stage, unless it is finished.

    Args:
        name (str): Name of the stage, and of its folder.
        cfg (dict): Config of the stage.
        args (argparse.Namespace): Options of the quickstart.
        threads (int | None): See :func:`~.commands.run_command`. Defaults
            to None.

    Returns:
        Path: The last checkpoint.
    """
    folder = args.work_dir / name
    start = time.time()
    done = finish(
        folder,
        cfg,
        lambda config: run_command(
            'train', [str(config)], args.gpus, threads=threads
        ),
    )
    report_time('trained' if done else 'found, trained earlier', start)
    return last_checkpoint(folder)


def last_checkpoint(folder: Path) -> Path:
    """Return the last checkpoint that MMEngine saved in a folder.

    Args:
        folder (Path): Folder of a training.

    Returns:
        Path: The checkpoint.

    Raises:
        SystemExit: If there is none.
    """
    pointer = folder / 'last_checkpoint'
    if not pointer.is_file():
        sys.exit(
            f'There is no checkpoint in {folder}. Train one first: run '
            'without --skip-train.'
        )
    # The folder may have moved since.
    return folder / Path(pointer.read_text().strip()).name


def trained_earlier(name: str, args: argparse.Namespace) -> tuple[dict, Path]:
    """Return the config and the checkpoint of a finished stage.

    Args:
        name (str): Name of the stage.
        args (argparse.Namespace): Options of the quickstart.

    Returns:
        tuple[dict, Path]: Config and last checkpoint.
    """
    folder = args.work_dir / name
    checkpoint = last_checkpoint(folder)
    return Config.fromfile(folder / 'config.py').to_dict(), checkpoint


def test(
    name: str,
    cfg: dict,
    checkpoint: Path,
    args: argparse.Namespace,
    out: str | None = None,
) -> dict[str, float]:
    """Test a checkpoint, unless that is done.

    Args:
        name (str): Name of the folder of the results.
        cfg (dict): Config of the model.
        checkpoint (Path): Weights of the model.
        args (argparse.Namespace): Options of the quickstart.
        out (str | None): Name of a file for all predictions in that
            folder. Defaults to None.

    Returns:
        dict[str, float]: Metrics by name.
    """
    folder = args.work_dir / name
    start = time.time()
    seen = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    cfg = dict(cfg, work_dir=str(folder), checkpoint=seen)
    saved = [] if out is None else ['--out', str(folder / out)]
    done = finish(
        folder,
        cfg,
        lambda config: run_command(
            'test', [str(config), str(checkpoint), *saved], args.gpus
        ),
    )
    report_time('tested' if done else 'found, tested earlier', start)
    return read_metrics(folder)


def read_metrics(folder: Path) -> dict[str, float]:
    """Return the metrics of the last test in a folder.

    Args:
        folder (Path): ``work_dir`` of the test.

    Returns:
        dict[str, float]: Metrics by name.
    """
    log = max(folder.glob('*/*.json'))  # MMEngine names them by time
    metrics = json.loads(log.read_text().splitlines()[-1])
    return {k: v for k, v in metrics.items() if k not in NO_METRICS}


def say(text: str) -> None:
    """Print the title of a stage."""
    print(f'\n== {text}', flush=True)


def report_time(what: str, start: float) -> None:
    """Print how long something took.

    Args:
        what (str): What was done.
        start (float): Time of its start, from :func:`time.time`.
    """
    print(f'  {what}: {time.time() - start:.0f} s', flush=True)


def save_accuracies(
    args: argparse.Namespace,
    run: dict,
    found: dict[str, float],
    chance: dict[str, float],
) -> None:
    """Write the accuracies of a run, and those of guessing.

    Args:
        args (argparse.Namespace): Options of the quickstart.
        run (dict): Settings of the run.
        found (dict[str, float]): Accuracies of the model, percent.
        chance (dict[str, float]): Accuracies of guessing, percent.
    """
    write_whole(
        args.work_dir / f'result_{args.task}.json',
        json.dumps(dict(accuracy=found, chance=chance, **run), indent=2),
    )


def result_title(run: dict, what: str = '') -> str:
    """Return the title above the results of a run.

    Args:
        run (dict): Settings of the run, as :func:`~.configs.stage_config`
            notes them.
        what (str): Description of the test. Defaults to ''.

    Returns:
        str: The title.

    Example:
        >>> result_title(dict(seed=0, smoke=False), ', on new images')
        'Result with seed 0, on new images'
    """
    smoke = ' (a smoke run: the numbers mean nothing)' if run['smoke'] else ''
    return f'Result with seed {run["seed"]}{what}{smoke}'
