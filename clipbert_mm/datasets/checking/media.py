# Copyright (c) clipbert_mm contributors.
"""Check the media of the splits."""

import os
import os.path as osp
from collections.abc import Callable, Sequence

from mmaction.datasets.transforms import DecordDecode

from clipbert_mm.media.backends import store_of
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.probe import MediaProbe, Probe, find_missing
from clipbert_mm.utils.worker_pool import report_progress, run_jobs

from .report import CheckReport, spread
from .split import CheckedSplit

MOST_HERE = 64  # media that this process decodes itself
MOST_WHOLE = 4  # if it decodes the whole of them


def check_media(
    split: CheckedSplit,
    report: CheckReport,
    decode: str,
    workers: int | None,
    timeout: float,
    progress: Callable[[str], None] = lambda line: None,
) -> None:
    """Find the media that are missing or unreadable.

    Args:
        split (CheckedSplit): Split to check.
        report (CheckReport): Report that receives figures and problems.
        decode (str): One of :data:`~clipbert_mm.media.backends.DECODE`, how
            much of each file to decode.
        workers (int | None): Number of decoding processes; 0 for none, None
            for one per core, unless there are few media.
        timeout (float): Seconds after which decoding a file fails.
        progress (Callable[[str], None]): Receives lines of progress. Defaults
            to a function that drops them.
    """
    if split.files is None:
        report.problem(
            split.name,
            'media',
            'none was looked for, because the dataset cannot name their '
            'files; fix its problems above and check again',
        )
        return
    figures = report.figures[split.name]
    files = _files_inside(split, report)
    try:
        missing = find_missing(split.steps[0], files)
    except OSError as error:
        report.problem(split.name, 'media', str(error))
        return
    if missing is not None:
        figures['missing media'] = len(missing)
    for file in missing or ():
        report.problem(split.name, 'missing media', file)
    if decode == 'none':
        return
    absent = set(missing or ())
    existing = [file for file in files if file not in absent]
    progress(f'{split.name}: reading {len(existing)} media')
    if workers is None:
        workers = _num_workers(split, len(existing), decode)
    outcomes = run_jobs(
        MediaProbe(split.steps, decode), existing, workers, timeout
    )
    probes = []
    for outcome in report_progress(outcomes, len(existing), progress):
        probe = outcome.result or Probe(outcome.error)
        probes.append(probe)
        if probe.error is not None:
            report.problem(
                split.name,
                'unreadable media',
                f'{existing[outcome.number]}: {probe.error}',
            )
    figures['unreadable media'] = sum(p.error is not None for p in probes)
    figures.update(_ranges(probes))


def _num_workers(split: CheckedSplit, num_files: int, decode: str) -> int:
    """Return the number of processes to decode with.

    A process takes seconds to start, as long as this one takes for some
    files. decord is never used in this one: damaged files crash it.
    """
    uses_decord = any(
        getattr(step, 'decoder', type(step).__name__.lower()).startswith(
            'decord'
        )
        for step in split.steps
        if not isinstance(step, DecordDecode)
    )
    most = MOST_WHOLE if decode == 'all' else MOST_HERE
    if num_files <= most and not uses_decord:
        return 0
    return os.cpu_count() or 1


def _files_inside(split: CheckedSplit, report: CheckReport) -> list[str]:
    """Return the files that lie in the folder of the media; report others."""
    inside = []
    assert split.files is not None
    for media_ind, file in enumerate(split.files.values()):
        try:
            split.dataset.media_root.check_file(file, media_ind)
        except MediaError as error:
            report.problem(split.name, 'media outside', str(error))
        else:
            inside.append(file)
    return inside


def _ranges(probes: Sequence[Probe]) -> dict[str, dict[str, float]]:
    """Return the ranges of durations, rates and sizes of readable media."""
    good = [probe for probe in probes if probe.error is None]
    videos = [(p.frames, p.fps) for p in good if p.frames and p.fps]
    values: dict[str, list[float]] = {
        'seconds': [frames / fps for frames, fps in videos],
        'frames per second': [fps for _, fps in videos],
        'longer side': [max(p.size) for p in good if p.size],
        'shorter side': [min(p.size) for p in good if p.size],
    }
    return {name: spread(own) for name, own in values.items() if own}


def check_leaks(splits: Sequence[CheckedSplit], report: CheckReport) -> None:
    """Find media that two splits have in common.

    Args:
        splits (Sequence[CheckedSplit]): All splits. Two with the same
            annotation file are meant to be equal, and the members of one
            split may share media.
        report (CheckReport): Report that receives the problems.
    """
    media = {
        split.name: {
            (store_of(split.steps[0]), osp.realpath(file)): name
            for name, file in split.files.items()
        }
        for split in splits
        if split.files is not None
    }
    for i, first in enumerate(splits):
        for second in splits[i + 1 :]:
            if first.ann_file == second.ann_file or not (
                _loaders(first.name).isdisjoint(_loaders(second.name))
            ):
                continue
            common = [
                name
                for key, name in media.get(first.name, {}).items()
                if key in media.get(second.name, {})
            ]
            for name in common:
                report.problem(
                    f'{first.name} and {second.name}', 'media in both', name
                )


def _loaders(name: str) -> set[str]:
    """Return the dataloaders of a split such as ``'val[1], test[1]'``."""
    return {part.split('[')[0] for part in name.split(', ')}
