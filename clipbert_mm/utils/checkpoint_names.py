# Copyright (c) clipbert_mm contributors.
"""Names of the checkpoints of a run, and the files that have them."""

import os.path as osp
import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter

from .resume_errors import ExistingCheckpointsError

#: Names that MMEngine gives to checkpoints unless a config changes them.
TEMPLATES = ('epoch_{}.pth', 'iter_{}.pth')


def checkpoint_folder(work_dir: str, out_dir: str | Path | None) -> str:
    """Return the folder that ``CheckpointHook`` saves to.

    Args:
        work_dir (str): Work folder of the run.
        out_dir (str | Path | None): Option of the hook.

    Returns:
        str: Path of the folder, or a URL.

    Example:
        >>> checkpoint_folder('work_dirs/run', '/data')
        '/data/run'
    """
    if out_dir is None or str(out_dir) == work_dir:
        return work_dir
    return osp.join(str(out_dir), osp.basename(work_dir.rstrip(osp.sep)))


def name_pattern(template: str) -> re.Pattern[str]:
    """Return the pattern of the names that a template gives.

    Args:
        template (str): Name with one ``{}`` for the number.

    Returns:
        re.Pattern[str]: Pattern whose first group is the number.

    Example:
        >>> name_pattern('epoch_{}.pth').fullmatch('epoch_12.pth')[1]
        '12'
    """
    parts = Formatter().parse(template)
    return re.compile(
        ''.join(
            re.escape(text) + ('' if field is None else '([0-9]+)')
            for text, field, *_ in parts
        )
    )


def checkpoints_in(folder: str, templates: Iterable[str]) -> list[str]:
    """Return the checkpoints in a folder, complete or not.

    Args:
        folder (str): Folder, which need not exist.
        templates (Iterable[str]): Names with one ``{}`` for the number.

    Returns:
        list[str]: Paths, sorted by name.

    Example:
        >>> checkpoints_in('work_dirs/none', ['epoch_{}.pth'])
        []
    """
    patterns = [name_pattern(template) for template in set(templates)]
    try:
        entries = sorted(Path(folder).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [
        str(path)
        for path in entries
        if any(pattern.fullmatch(path.name) for pattern in patterns)
    ]


def check_start(folder: str, templates: Iterable[str]) -> None:
    """Raise unless a run can start from scratch without overwriting.

    Args:
        folder (str): Folder that the run saves to.
        templates (Iterable[str]): Names that it gives to checkpoints.

    Raises:
        ExistingCheckpointsError: If it holds checkpoints.

    Example:
        >>> check_start('work_dirs/none', ['epoch_{}.pth'])
    """
    paths = checkpoints_in(folder, templates)
    if paths:
        names = ', '.join(osp.basename(path) for path in paths[:3])
        names += ', ...' if len(paths) > 3 else ''
        raise ExistingCheckpointsError(
            f'{folder} holds {len(paths)} checkpoint(s) of an earlier run '
            f'({names}). Continue that run with --resume, start from scratch '
            'over it with --overwrite (option overwrite=True of the '
            'CheckpointHook), or choose another --work-dir.'
        )
