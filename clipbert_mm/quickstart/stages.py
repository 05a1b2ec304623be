# Copyright (c) clipbert_mm contributors.
"""The stages of the quickstart: running the tools on their configs.

A stage runs ``tools/train.py`` or ``tools/test.py`` in a process of its own,
unless that was done before with the same config.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from clipbert_mm.utils.config_files import PACKAGE

# The host packages take seconds to import: the functions that need them
# import them, so that --help and the writers of the corpus do without.

ROOT = PACKAGE.parent
IS_CHECKOUT = (ROOT / 'setup.py').is_file()
TOOLS = ROOT / 'tools' if IS_CHECKOUT else PACKAGE / '.mim' / 'tools'

# What MMEngine logs beside the metrics.
NO_METRICS = ('time', 'data_time', 'step')


def finish(folder: Path, cfg: dict, run: Callable[[Path], None]) -> bool:
    """Do a stage, unless it is finished with the same config.

    Args:
        folder (Path): Of the stage, made anew if the stage is done.
        cfg (dict): All that the stage depends on; it is written to
            ``config.py`` in the folder.
        run (Callable): Does it, given the path of that file.

    Returns:
        bool: Whether it had to be done.
    """
    from mmengine.config import Config

    digest = hashlib.sha256(repr(cfg).encode()).hexdigest()
    stamp = folder / 'finished.txt'
    if stamp.is_file() and stamp.read_text() == digest:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Config(cfg).dump(folder / 'config.py')
    run(folder / 'config.py')
    stamp.write_text(digest)
    return True


def run_tool(
    name: str,
    gpus: int,
    arguments: list[str],
    quiet: bool = False,
    threads: int | None = None,
) -> None:
    """Run ``tools/train.py`` or ``test.py``, or their distributed scripts.

    Everything they say goes to ``log.txt`` beside the config, progress also
    to the screen.

    Args:
        name (str): ``'train'`` or ``'test'``.
        gpus (int): Processes; 0 is one without torchrun.
        arguments (list[str]): The config first; for ``'test'`` then the
            checkpoint.
        quiet (bool): Show no progress on the screen. Defaults to False.
        threads (int, optional): Of the arithmetic, unless OMP_NUM_THREADS is
            set. Defaults to None: one for each core.

    Raises:
        SystemExit: If the tool fails.
    """
    fixed = 1 if name == 'train' else 2
    command = [sys.executable, str(TOOLS / f'{name}.py'), *arguments]
    if gpus:
        command = [
            'bash',
            str(TOOLS / f'dist_{name}.sh'),
            *arguments[:fixed],
            str(gpus),
            *arguments[fixed:],
        ]
    env = dict(
        os.environ,
        PATH=os.path.dirname(sys.executable)
        + os.pathsep
        + os.environ.get('PATH', ''),
        PYTHONPATH=os.pathsep.join(
            filter(None, (str(ROOT), os.environ.get('PYTHONPATH')))
        ),
        PYTHONUNBUFFERED='1',
    )
    env.setdefault('PORT', str(free_port()))
    if threads is not None:
        env.setdefault('OMP_NUM_THREADS', str(threads))
    log_file = Path(arguments[0]).parent / 'log.txt'
    lines: list[str] = []
    with (
        open(log_file, 'w') as log,
        subprocess.Popen(
            command,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            lines.append(line)
            progress = re.search(r'(?:Epoch|Iter)\((?:train|val)\).*', line)
            if progress and not quiet:
                print('  ' + progress.group(), flush=True)
    if process.returncode:
        sys.exit(
            ''.join(lines[-25:]) + f'\n{" ".join(command)}\nended with '
            f'status {process.returncode}. Its whole log: {log_file}'
        )


def free_port() -> int:
    """A port for the processes to meet at."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def train(
    name: str,
    cfg: dict,
    args: argparse.Namespace,
    threads: int | None = None,
) -> Path:
    """Train a stage, if need be.

    Args:
        name (str): Of the stage.
        cfg (dict): Its config.
        args (argparse.Namespace): Of :func:`parse_args`.
        threads (int, optional): As for :func:`run_tool`. Defaults to None.

    Returns:
        Path: Its last checkpoint.
    """
    folder = args.work_dir / name
    start = time.time()
    done = finish(
        folder,
        cfg,
        lambda config: run_tool(
            'train', args.gpus, [str(config)], threads=threads
        ),
    )
    report_time('trained' if done else 'found, trained earlier', start)
    return last_checkpoint(folder)


def last_checkpoint(folder: Path) -> Path:
    """The last checkpoint that MMEngine saved in a folder.

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
    """Config and checkpoint of a stage in the work folder.

    Args:
        name (str): Of the stage.
        args (argparse.Namespace): Of :func:`parse_args`.
    """
    from mmengine.config import Config

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
    """Test a checkpoint, if need be.

    Args:
        name (str): Folder of the results, in the work folder.
        cfg (dict): Config of the model.
        checkpoint (Path): Its weights.
        args (argparse.Namespace): Of :func:`parse_args`.
        out (str, optional): File for all predictions, in the folder.

    Returns:
        dict[str, float]: The metrics of the runner.
    """
    folder = args.work_dir / name
    start = time.time()
    seen = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    cfg = dict(cfg, work_dir=str(folder), checkpoint=seen)
    saved = [] if out is None else ['--out', str(folder / out)]
    done = finish(
        folder,
        cfg,
        lambda config: run_tool(
            'test', args.gpus, [str(config), str(checkpoint), *saved]
        ),
    )
    report_time('tested' if done else 'found, tested earlier', start)
    return read_metrics(folder)


def read_metrics(folder: Path) -> dict[str, float]:
    """What the last test in a folder has measured.

    Args:
        folder (Path): The ``work_dir`` of the test.
    """
    log = max(folder.glob('*/*.json'))  # named by MMEngine after the time
    metrics = json.loads(log.read_text().splitlines()[-1])
    return {k: v for k, v in metrics.items() if k not in NO_METRICS}


def say(text: str) -> None:
    """Print the title of a stage."""
    print(f'\n== {text}', flush=True)


def report_time(what: str, start: float) -> None:
    """Print how long a stage took."""
    print(f'  {what}: {time.time() - start:.0f} s', flush=True)
