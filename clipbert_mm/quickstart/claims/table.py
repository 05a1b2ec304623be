# Copyright (c) clipbert_mm contributors.
"""Table of the claims, from the results of finished runs."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from .variants import CLAIMS, Claim

EVENT_TYPES = ('action', 'transition')


def accuracies(
    folder: Path, run: tuple[str, int], seeds: list[int]
) -> dict[str, list[float]]:
    """Return the accuracies of a run, one for each seed.

    Args:
        folder (Path): Work folder of all runs.
        run (tuple[str, int]): Variant and number of test clips.
        seeds (list[int]): Seeds of the run.

    Returns:
        dict[str, list[float]]: Percent, over all questions and over those
        about events (the mean of their types).
    """
    name, clips = run
    found: dict[str, list[float]] = dict(all=[], events=[])
    for seed in seeds:
        place = folder / f'seed{seed}' / f'test_{name}_{clips}'
        metrics = json.loads((place / 'result.json').read_text())
        found['all'].append(metrics['acc'])
        found['events'].append(
            statistics.mean(metrics.get(f'acc/{t}', 0.0) for t in EVENT_TYPES)
        )
    return found


def spread(values: list[float]) -> str:
    """Return mean and range as a string.

    Args:
        values (list[float]): The values.

    Returns:
        str: Mean, smallest and largest.

    Example:
        >>> spread([1.0, 2.0])
        '1.5 (1.0..2.0)'
    """
    return (
        f'{statistics.mean(values):.1f} ({min(values):.1f}..{max(values):.1f})'
    )


def verdict(gains: list[float]) -> str:
    """Return whether a claim holds.

    Args:
        gains (list[float]): Advantage of the better run, one for each seed.

    Returns:
        str: Words for the last column of the table.

    Example:
        >>> verdict([3.0, -1.0])
        'not in every seed'
    """
    if min(gains) > 0:
        return 'holds'
    if statistics.mean(gains) <= 0:
        return 'does not hold'
    return 'not in every seed'


def table(
    folder: Path, seeds: list[int], claims: Sequence[Claim] = CLAIMS
) -> str:
    """Return the Markdown table of claims.

    Args:
        folder (Path): Work folder of all runs.
        seeds (list[int]): Seeds that were run.
        claims (Sequence[Claim]): The claims. Defaults to all.

    Returns:
        str: The table.
    """
    lines = [
        '| claim | questions | better | worse | difference | seeds | |',
        '|---|---|---|---|---|---|---|',
    ]
    for claim in claims:
        better = accuracies(folder, claim.better, seeds)
        worse = accuracies(folder, claim.worse, seeds)
        for kind in better:
            gains = [b - w for b, w in zip(better[kind], worse[kind])]
            right = sum(gain > 0 for gain in gains)
            lines.append(
                f'| {claim.text} | {kind} | {spread(better[kind])} | '
                f'{spread(worse[kind])} | {spread(gains)} | '
                f'{right} of {len(seeds)} | {verdict(gains)} |'
            )
    return '\n'.join(lines)
