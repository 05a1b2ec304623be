# Copyright (c) clipbert_mm contributors.
"""Markdown pages whose code blocks run in a folder of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path
from unittest import SkipTest

from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser, SkipParser

from tests.toolbox.paths import ROOT

from .warm_command import ENVIRONMENT, command_folder

# Languages that run, and those that are shown.
RUN = ('python', 'bash')
SHOWN = ('text', 'json', 'bibtex')
# Seconds that a block may take.
TIMEOUT = 120
# Folders of the checkout that commands name.
LINKS = ('clipbert_mm', 'configs', 'tools')
# The first line of a Python block that is a file, not a program.
FILE_NAME = re.compile(r'# ([\w./-]+\.py)\n')


def find_pages() -> list[Path]:
    """Return the README and all pages of the manual, in order."""
    readmes = sorted(ROOT.glob('tools/data/*/README.md'))
    top = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md']
    ablations = ROOT / 'configs' / 'ablations' / 'README.md'
    return [*top, *sorted(ROOT.glob('docs/**/*.md')), *readmes, ablations]


def make_desk(folder: Path) -> Path:
    """Link the folders of the checkout that commands name into a folder.

    Args:
        folder (Path): Working directory of a page.

    Returns:
        Path: ``folder``.
    """
    for name in LINKS:
        (folder / name).symlink_to(ROOT / name)
    return folder


def parse_page(page: Path) -> Document:
    """Find the blocks of a page that run, and the marks of those that do not.

    Args:
        page (Path): Markdown file.

    Returns:
        Document: Its examples run in the working directory of the process.
    """
    return Document.parse(
        str(page),
        SkipParser(),
        CodeBlockParser('python', run_python),
        CodeBlockParser('bash', run_bash),
    )


def run_page(page: Path) -> int:
    """Run the blocks of a page in the working directory.

    Args:
        page (Path): Markdown file.

    Returns:
        int: Number of blocks that ran.
    """
    number = 0
    for example in parse_page(page).examples():
        try:
            example.evaluate()
        except SkipTest:
            continue
        number += example.region.evaluator in (run_python, run_bash)
    return number


def run_python(example: Example) -> None:
    """Execute a block, or write it to the file that its first line names.

    Args:
        example (Example): The block.

    Raises:
        ValueError: If the file would lie outside the working directory.
    """
    name = FILE_NAME.match(example.parsed)
    if name is None:
        PythonEvaluator()(example)
        return
    file = Path(name[1])
    if not file.resolve().is_relative_to(Path.cwd()):
        raise ValueError(
            f'{example.path}:{example.line} would write {file} into the '
            'checkout. Give the file a folder of its own.'
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(example.parsed)


def run_bash(example: Example) -> str | None:
    """Run a block in a shell that stops at the first failure.

    Args:
        example (Example): The block.

    Returns:
        str | None: Output of a block that failed.
    """
    folders = [str(Path(sys.executable).parent), os.environ['PATH']]
    if 'clipbert-mm ' in example.parsed:
        folders.insert(0, str(command_folder()))
    environment = {
        **os.environ,
        **ENVIRONMENT,
        'PATH': os.pathsep.join(folders),
    }
    result = subprocess.run(
        ['bash', '-euo', 'pipefail', '-c', example.parsed],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        timeout=TIMEOUT,
    )
    if result.returncode:
        return (
            f'{Path(example.path).name}:{example.line} ended with status '
            f'{result.returncode}:\n{result.stdout[-4000:]}'
        )
    return None
