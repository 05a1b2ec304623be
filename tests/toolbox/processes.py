# Copyright (c) clipbert_mm contributors.
"""Python processes that start from nothing."""

import os
import subprocess
import sys

from .paths import ROOT


def run_python(*arguments: str, **env: str) -> subprocess.CompletedProcess:
    """Run a new interpreter that sees this checkout.

    Args:
        arguments (str): Arguments of the interpreter, such as ``'-c', code``.
        env (str): Environment variables to set.

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
