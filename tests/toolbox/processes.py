# Copyright (c) clipbert_mm contributors.
"""Processes that start from nothing, and waiting for them."""

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path

from .paths import ROOT

# Imported once by the server that ranks are forked from.
PRELOADED = ['torch.distributed', 'mmengine.runner', 'clipbert_mm.models']


# Runs codes in forks, and prints the errors of each.
FORKS = """
import json, os, sys, traceback
import cv2, matplotlib.pyplot, torch.distributed.optim
import transformers.modeling_utils, yapf

errors = {}
for name, code in json.loads(sys.argv[1]).items():
    read, write = os.pipe()
    if os.fork() == 0:
        os.dup2(write, 2)
        try:
            exec(compile(code, name, 'exec'), dict(__name__='__main__'))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    os.close(write)
    with open(read) as pipe:
        output = pipe.read()
    errors[name] = [os.waitstatus_to_exitcode(os.wait()[1]), output]
print(json.dumps(errors))
"""


def run_forks(codes: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Run codes in processes that have not imported the host packages.

    They have imported PyTorch and transformers, as forks of one interpreter,
    so that a start takes a second.

    Args:
        codes (Mapping[str, str]): Python code by name.

    Returns:
        dict[str, tuple[int, str]]: Exit status and standard error of each.
    """
    result = run_python('-W', 'ignore', '-c', FORKS, json.dumps(codes))
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    return {name: tuple(outcome) for name, outcome in found.items()}


def run_python(*arguments: str, **env: str) -> subprocess.CompletedProcess:
    """Run a new interpreter that sees this checkout.

    Args:
        *arguments (str): Arguments of the interpreter, as ``'-c', code``.
        **env (str): Environment variables to set.

    Returns:
        CompletedProcess: Exit status and output of the process.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            'PYTHONPATH': str(ROOT),
            'OMP_NUM_THREADS': '1',
            **env,
        },
    )


def run_command(*command: object, cwd: Path | None = None, **env: str) -> str:
    """Run a program that must succeed, with this Python first on its path.

    Args:
        *command (object): Program and arguments.
        cwd (Path | None): Folder to run in. Defaults to the current one.
        **env (str): Environment variables to set.

    Returns:
        str: Standard output and error, as they came.
    """
    path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            **os.environ,
            'PATH': path,
            'PORT': free_port(),
            'OMP_NUM_THREADS': '1',
            'PYTHONWARNINGS': 'ignore',
            **env,
        },
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def run_ranks(
    function: Callable[..., None], *arguments: object, processes: int = 2
) -> None:
    """Run a function in new processes and wait for all of them.

    They are forked from a server without threads, which has imported the
    host packages: a start costs no more than in this process.

    Args:
        function (Callable[..., None]): Function of a module, which gets its
            rank and the arguments.
        *arguments (object): Arguments that can be pickled.
        processes (int): Number of processes.

    Raises:
        ProcessRaisedException: If the function fails in one of them.
    """
    from torch.multiprocessing import start_processes

    method = fork_context().get_start_method()
    start_processes(function, arguments, processes, start_method=method)


def fork_context() -> ForkServerContext:
    """Return a context of processes, forked from a server without threads.

    A fork of this process might wait for ever: for a lock that one of the
    threads held which it has not got.

    Returns:
        ForkServerContext: Their targets are functions of modules.
    """
    multiprocessing.set_forkserver_preload(PRELOADED)
    return multiprocessing.get_context('forkserver')


def free_port() -> str:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return str(server.getsockname()[1])


def wait_for(
    process: subprocess.Popen, condition: Callable[[], bool], seconds: float
) -> None:
    """Wait until a condition holds while a process is at work.

    Args:
        process (subprocess.Popen): Process that brings the condition about.
        condition (Callable[[], bool]): Condition to wait for.
        seconds (float): Longest time to wait.

    Raises:
        AssertionError: If the process ends or the time is over before.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, 'the process has ended'
        assert time.monotonic() < end, f'not within {seconds} s'
        time.sleep(0.01)
