# Copyright (c) clipbert_mm contributors.
"""Check the media of the splits."""

import os.path as osp
from collections.abc import Sequence

from clipbert_mm.media.probe import MediaProbe, Probe, find_missing, store_of
from clipbert_mm.utils.worker_pool import print_progress, run_jobs

from .report import CheckReport, spread
from .split import CheckedSplit


def check_media(
    split: CheckedSplit,
    report: CheckReport,
    decode: str,
    workers: int,
    timeout: float,
) -> None:
    """Find the media that are missing or cannot be decoded.

    Args:
        split (CheckedSplit): The split.
        report (CheckReport): Figures and problems are added to it.
        decode (str): How much of each medium to read.
        workers (int): Processes that decode.
        timeout (float): Seconds after which a medium is given up.
    """
    figures = report.figures[split.name]
    files = list((split.files or {}).values())
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
    gone = set(missing or ())
    there = [file for file in files if file not in gone]
    print(f'{split.name}: reading {len(there)} media', flush=True)
    probes = []
    for outcome in print_progress(
        run_jobs(MediaProbe(split.steps, decode), there, workers, timeout),
        len(there),
    ):
        probe = outcome.result or Probe(outcome.error)
        probes.append(probe)
        if probe.error is not None:
            report.problem(
                split.name,
                'unreadable media',
                f'{there[outcome.number]}: {probe.error}',
            )
    figures['unreadable media'] = sum(p.error is not None for p in probes)
    figures.update(_ranges(probes))


def _ranges(probes: Sequence[Probe]) -> dict[str, dict[str, float]]:
    """Durations, rates and sizes of the media that could be decoded."""
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
        splits (Sequence[CheckedSplit]): All splits; two with one annotation
            file are meant to be the same, and the members of a split may
            share media.
        report (CheckReport): Problems are added to it.
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
    """The dataloaders of a split such as ``'val[1], test[1]'``."""
    return {part.split('[')[0] for part in name.split(', ')}
