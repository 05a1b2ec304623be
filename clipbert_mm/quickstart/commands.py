# Copyright (c) clipbert_mm contributors.
"""Commands of the package: those that stages run, those to run next."""

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

PROGRESS = re.compile(r'(?:Epoch|Iter)\((?:train|val)\).*')
LINES_SHOWN = 25  # of the log of a command that failed


def command_line(name: str, *arguments: str, processes: int = 0) -> list[str]:
    """Return the words of a command of the package.

    Args:
        name (str): Module of :mod:`clipbert_mm.cli`, such as ``'train'``.
        *arguments (str): Arguments of the command.
        processes (int): Number of processes that torchrun starts; 0 is one
            process without torchrun. Defaults to 0.

    Returns:
        list[str]: The words, the running Python interpreter first.

    Example:
        >>> command_line('train', 'config.py')[1:]
        ['-m', 'clipbert_mm.cli.train', 'config.py']
    """
    module = ['-m', f'clipbert_mm.cli.{name}', *arguments]
    if not processes:
        return [sys.executable, *module]
    return [
        sys.executable,
        '-m',
        'torch.distributed.run',
        f'--nproc_per_node={processes}',
        '--master_addr=127.0.0.1',
        f'--master_port={free_port()}',
        *module,
        '--launcher=pytorch',
    ]


def run_command(
    name: str,
    arguments: list[str],
    processes: int = 0,
    quiet: bool = False,
    threads: int | None = None,
) -> None:
    """Run ``train`` or ``test`` in a process of its own, or in several.

    Its output goes to ``log.txt`` next to the config, and progress also to
    the screen.

    Args:
        name (str): ``'train'`` or ``'test'``.
        arguments (list[str]): Arguments of the command, the config first.
        processes (int): See :func:`command_line`. Defaults to 0.
        quiet (bool): Whether to keep progress off the screen. Defaults to
            False.
        threads (int | None): Threads for arithmetic, unless
            OMP_NUM_THREADS is set. Defaults to None: one per core.

    Raises:
        SystemExit: If the command fails.
    """
    command = command_line(name, *arguments, processes=processes)
    env = dict(os.environ, PYTHONUNBUFFERED='1')
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
            progress = PROGRESS.search(line)
            if progress and not quiet:
                print('  ' + progress.group(), flush=True)
    if process.returncode:
        sys.exit(
            ''.join(lines[-LINES_SHOWN:]) + f'\n{shlex.join(command)}\nended '
            f'with status {process.returncode}. Its whole log: {log_file}'
        )


def free_port() -> int:
    """Return a free port of this machine, where processes can meet."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def suggest(name: str, *arguments: object) -> str:
    """Return a command of the package as one types it, to be printed.

    Args:
        name (str): Module of :mod:`clipbert_mm.cli`.
        *arguments (object): Its arguments; what a shell would split is
            quoted.

    Returns:
        str: The command, indented.

    Example:
        >>> suggest('quickstart', '--query', 'a red ring').split(' -m ')[1]
        "clipbert_mm.cli.quickstart --query 'a red ring'"
    """
    words = [str(argument) for argument in arguments]
    return f'    {shlex.join(command_line(name, *words))}'


def suggest_training() -> str:
    """Return the commands that train a config, to be printed."""
    one = suggest('train', 'YOUR_CONFIG.py')
    python = shlex.quote(sys.executable)
    return f"""{one}
  or, with a process for each GPU,
    {python} -m torch.distributed.run --nproc_per_node NUMBER_OF_GPUS \\
        -m clipbert_mm.cli.train YOUR_CONFIG.py --launcher pytorch"""
