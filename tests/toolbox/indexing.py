# Copyright (c) clipbert_mm contributors.
"""An index of a few videos of the demo, made by the command."""

import io
import json
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.apis import demo_videos
from clipbert_mm.cli.main import main

NUMBER = 4


def run(*words: object) -> int:
    """Run ``clipbert-mm`` in this process, and return its exit status.

    LanceDB has threads, which a fork of this process would lack.

    Args:
        *words (object): Words of its command line.

    Returns:
        int: The status.
    """
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def document(capsys: pytest.CaptureFixture, *words: object) -> dict[str, Any]:
    """Run a command that succeeds, and return what it printed.

    Args:
        capsys (pytest.CaptureFixture): Captured output.
        *words (object): Words of its command line.

    Returns:
        dict[str, Any]: The document.
    """
    assert run(*words, '--json') == 0
    return json.loads(capsys.readouterr().out)


def make_videos(folder: Path) -> Path:
    """Copy videos of the demo, and write a file that is unreadable.

    Args:
        folder (Path): Existing folder.

    Returns:
        Path: ``folder``.
    """
    for path in demo_videos()[:NUMBER]:
        shutil.copy2(path, folder)
    (folder / 'page.mp4').write_text('<html></html>')
    return folder


def make_index(videos: Path, folder: Path) -> dict[str, Any]:
    """Index videos by three clips each, and return what was printed.

    Args:
        videos (Path): Folder of the videos.
        folder (Path): Folder of the index.

    Returns:
        dict[str, Any]: The document.
    """
    options = ('--clips', 3, '--json')
    with redirect_stdout(io.StringIO()) as printed:
        status = run('index', videos, '--out', folder, *options)
    assert status == 4  # a file is unreadable
    return json.loads(printed.getvalue())
