# Copyright (c) clipbert_mm contributors.
"""Re-encode all videos of a folder, in processes side by side."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from clipbert_mm.media.walking import walk_files
from clipbert_mm.utils.locks import lock_folder
from clipbert_mm.utils.printing import printable
from clipbert_mm.utils.worker_pool import report_progress, run_jobs

from .finding import FoundVideos, find_videos
from .journal import CompressJournal
from .output import PARTIAL, WriteError, writing
from .reencode import Reencoded, reencode
from .settings import Settings

Report = Callable[[str], None]


class CompressedFolder(NamedTuple):
    """Result of the re-encoding of a folder.

    Args:
        finished (dict[Path, Path]): Source and target of every finished
            video, those of earlier runs included.
        outcomes (dict[Path, Reencoded]): What became of every finished
            source.
        failures (dict[Path, str]): Source and reason of every video without
            a result.
        left_out (dict[Path, str]): Reason against every file that was not
            taken for a video.
    """

    finished: dict[Path, Path]
    outcomes: dict[Path, Reencoded]
    failures: dict[Path, str]
    left_out: dict[Path, str]


def compress_folder(
    source: Path,
    target: Path,
    settings: Settings,
    *,
    suffixes: Sequence[str] | None = None,
    workers: int = 1,
    overwrite: bool = False,
    report: Report = lambda line: None,
) -> CompressedFolder:
    """Encode the videos of a folder that are not finished yet.

    Args:
        source (Path): Folder of the videos.
        target (Path): Folder to write: new, or from an earlier run with the
            same settings.
        settings (Settings): Options of the encoder.
        suffixes (Sequence[str] | None): Suffixes of the files to encode, in
            any case. Defaults to None, all videos and GIFs.
        workers (int): Number of processes; 0 encodes in this one. Defaults
            to 1.
        overwrite (bool): Encode finished videos again. Defaults to False.
        report (Report): Receives lines of progress. Defaults
            to a function that drops them.

    Returns:
        CompressedFolder: Encoded videos, failures and files left out.

    Raises:
        ValueError: If a folder is unsuitable or an option is out of range.
        WriteError: If nothing more can be written, as on a full disk.
        FolderInUseError: If another run writes to the folder.
    """
    found = find_videos(source, target, suffixes)
    with ExitStack() as stack:
        if target.is_dir() or not target.exists():
            with writing(target):
                stack.enter_context(
                    lock_folder(target, 'choose another folder to write')
                )
        return _fill(
            found, source, target, settings, workers, overwrite, report
        )


def _fill(
    found: FoundVideos,
    source: Path,
    target: Path,
    settings: Settings,
    workers: int,
    overwrite: bool,
    report: Report,
) -> CompressedFolder:
    """Encode what is missing in a folder that no other run writes to."""
    journal = CompressJournal(target, settings.of_results(), overwrite)
    _remove_partials(target)
    outcomes: dict[Path, Reencoded] = {}
    names = {path: str(path.relative_to(source)) for path in found.videos}
    for old, new in found.videos.items():
        earlier = journal.finished(old, names[old], new)
        if earlier is not None:
            outcomes[old] = earlier
    jobs = [pair for pair in found.videos.items() if pair[0] not in outcomes]
    report(
        f'{len(found.videos)} videos in {printable(str(source))}, '
        f'{len(outcomes)} of them already finished'
    )
    failures = dict(found.clashes)
    try:
        for old, outcome in _run(jobs, settings, workers, report):
            if isinstance(outcome, Reencoded):
                journal.add(names[old], outcome)
                outcomes[old] = outcome
            else:
                failures[old] = outcome
        journal.sort()
    finally:
        _remove_partials(target)
    finished = {o: n for o, n in found.videos.items() if o in outcomes}
    return CompressedFolder(finished, outcomes, failures, found.left_out)


def _run(
    jobs: Sequence[tuple[Path, Path]],
    settings: Settings,
    workers: int,
    report: Report,
) -> Iterator[tuple[Path, Reencoded | str]]:
    """Yield each source with what became of it, or the reason of a failure."""
    outcomes = run_jobs(functools.partial(_encode, settings), jobs, workers)
    for outcome in report_progress(outcomes, len(jobs), report):
        result = outcome.error or outcome.result
        if isinstance(result, WriteError):
            if result.is_lasting:
                raise result
            result = str(result)
        yield jobs[outcome.number][0], result


def _encode(
    settings: Settings, job: tuple[Path, Path]
) -> Reencoded | WriteError:
    """Encode one file; errors of the folder to write are a result."""
    try:
        return reencode(*job, settings)
    except WriteError as error:
        return error


def _remove_partials(folder: Path) -> None:
    """Remove what killed runs left."""
    for entry in walk_files(str(folder)):
        if entry.path.endswith(PARTIAL):
            with suppress(OSError):
                (folder / entry.path).unlink()
