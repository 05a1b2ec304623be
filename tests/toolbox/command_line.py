# Copyright (c) clipbert_mm contributors.
"""The command ``clipbert-mm`` in processes of its own, and a tiny model."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn

import torch
from huggingface_hub import constants
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope

from clipbert_mm.cli.main import main
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.weights.exported_model import export_model


def run_clipbert(
    *words: object, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess:
    """Run ``clipbert-mm`` in a process of its own.

    The process is forked from this one, which has imported PyTorch and the
    host packages: importing them takes longer than most commands.

    Args:
        *words (object): Words of its command line; bytes stay as they are.
        cwd (Path | None): Folder to run in. Defaults to the current one.
        **env (str): Environment variables to set.

    Returns:
        CompletedProcess: Exit status and output of the process.
    """
    with TemporaryFile() as out, TemporaryFile() as errors:
        process = os.fork()
        if not process:
            _run_here(words, cwd, env, out.fileno(), errors.fileno())
        _, status = os.waitpid(process, 0)
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read().decode(errors='surrogateescape'))
    return subprocess.CompletedProcess(
        [str(word) for word in words],
        os.waitstatus_to_exitcode(status),
        *texts,
    )


def _run_here(
    words: tuple[object, ...],
    cwd: Path | None,
    env: dict[str, str],
    out: int,
    errors: int,
) -> NoReturn:
    """Run the command and end this process."""
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(errors, 2)
        sys.stdout = open(1, 'w', encoding='utf-8')  # noqa: SIM115
        sys.stderr = open(2, 'w', encoding='utf-8')  # noqa: SIM115
        os.environ.update(env)
        constants.HF_HUB_OFFLINE = True
        os.chdir(cwd or os.getcwd())
        main(
            [os.fsdecode(w) if isinstance(w, bytes) else str(w) for w in words]
        )
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def json_of(result: subprocess.CompletedProcess) -> dict:
    """Return the document that a command printed, and nothing else.

    Args:
        result (subprocess.CompletedProcess): Result of :func:`run_clipbert`.

    Returns:
        dict: The document.
    """
    assert 'Traceback' not in result.stderr
    return json.loads(result.stdout)


def export_debug_model(folder: Path) -> Path:
    """Export an untrained model of ``clipbert_debug``.

    Args:
        folder (Path): Folder for the model and its checkpoint.

    Returns:
        Path: The exported folder.
    """
    config = load_config('clipbert_debug')
    init_default_scope('mmaction')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    for parameter in model.parameters():  # scores that differ
        if parameter.ndim > 1:
            torch.nn.init.xavier_normal_(parameter, gain=2.0)
    checkpoint = folder / 'debug.pth'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    export_model(config, str(checkpoint), folder / 'exported')
    return folder / 'exported'
