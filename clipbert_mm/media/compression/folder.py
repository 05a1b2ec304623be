# Copyright (c) clipbert_mm contributors.
"""Re-encode all videos of a folder, in processes side by side."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from clipbert_mm.media.files import VIDEO_SUFFIXES
from clipbert_mm.utils.worker_pool import report_progress, run_jobs

from .journal import CompressJournal
from .reencode import PARTIAL, reencode
from .settings import Settings


class CompressedFolder(NamedTuple):
    """Result of the re-encoding of a folder.

    Args:
        finished (dict[Path, Path]): Source and target of every encoded
            video, those of earlier runs included.
        failures (dict[Path, str]): Source and reason of every failure.
    """

    finished: dict[Path, Path]
    failures: dict[Path, str]


def compress_folder(
    source: Path,
    target: Path,
    settings: Settings,
    *,
    suffixes: Sequence[str] = VIDEO_SUFFIXES,
    workers: int = 1,
    overwrite: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> CompressedFolder:
    """Encode the videos of a folder that are not finished yet.

    Args:
        source (Path): Folder of the videos.
        target (Path): Folder to write: new, or from an earlier run with the
            same settings.
        settings (Settings): Options of the encoder.
        suffixes (Sequence[str]): Suffixes of the files to encode, in any
            case. Defaults to those of all videos and GIFs.
        workers (int): Number of processes; 0 encodes in this one. Defaults
            to 1.
        overwrite (bool): Encode finished videos again. Defaults to False.
        report (Callable[[str], None]): Receives lines of progress. Defaults
            to a function that drops them.

    Returns:
        CompressedFolder: Encoded videos and failures.

    Raises:
        ValueError: If a folder is unsuitable or an option is out of range.
    """
    videos = find_videos(source, target, suffixes)
    journal = CompressJournal(target, dataclasses.asdict(settings), overwrite)
    for partial in target.rglob('*' + PARTIAL):
        partial.unlink()  # left over from a killed run
    names = {path: path.relative_to(source).as_posix() for path in videos}
    jobs = [
        (old, new)
        for old, new in videos.items()
        if not (new.is_file() and journal.is_finished(old, names[old]))
    ]
    report(
        f'{len(videos)} videos in {source}, '
        f'{len(videos) - len(jobs)} of them already finished'
    )
    outcomes = run_jobs(functools.partial(_encode, settings), jobs, workers)
    failures = {}
    for outcome in report_progress(outcomes, len(jobs), report):
        old, _ = jobs[outcome.number]
        if outcome.error is None:
            journal.add(old, names[old])
        else:
            failures[old] = outcome.error
    finished = {o: n for o, n in videos.items() if o not in failures}
    return CompressedFolder(finished, failures)


def find_videos(
    source: Path, target: Path, suffixes: Sequence[str]
) -> dict[Path, Path]:
    """Return the videos below a folder with the files to encode them to.

    Args:
        source (Path): Folder of the videos.
        target (Path): Folder of the encoded videos.
        suffixes (Sequence[str]): Suffixes of videos, in any case.

    Returns:
        dict[Path, Path]: Source to target, sorted.

    Raises:
        ValueError: If there are no videos, if two would become one file, or
            if one of the folders is inside the other.
    """
    if not source.is_dir():
        raise ValueError(f'There is no folder {source} to read videos from.')
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise ValueError(
            f'{source} and {target} must not be inside one another: choose '
            'another folder to write.'
        )
    endings = {'.' + suffix.lower().lstrip('.') for suffix in suffixes}
    found = {
        path: target / path.relative_to(source).with_suffix('.mp4')
        for path in sorted(source.rglob('*'))
        if path.suffix.lower() in endings and path.is_file()
    }
    if not found:
        raise ValueError(
            f'{source} has no files with a suffix of '
            f'{sorted(endings)}. Pass others with --suffixes.'
        )
    _check_distinct(found)
    return found


def _check_distinct(found: dict[Path, Path]) -> None:
    """Raise if two sources have the same target."""
    owner: dict[Path, Path] = {}
    clashes = []
    for path, target in found.items():
        first = owner.setdefault(target, path)
        if first != path:
            clashes.append(f'{first} and {path}')
    if clashes:
        raise ValueError(
            'Files with the same stem would become one: '
            f'{"; ".join(clashes[:10])}{" ..." if clashes[10:] else ""}. '
            'Remove or rename one of each, or choose with --suffixes.'
        )


def _encode(settings: Settings, job: tuple[Path, Path]) -> None:
    reencode(*job, settings)
