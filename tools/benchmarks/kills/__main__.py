# Copyright (c) clipbert_mm contributors.
"""Kill tiny trainings at random moments, resume them, compare the weights.

Example:
    python -m tools.benchmarks.kills --kills 100 --seed 1
"""

import argparse
import itertools
import random
import tempfile
from collections import Counter
from pathlib import Path

from .harness import random_kills, run, run_despite_kills
from .training import (
    CompleteCheckpoints,
    differing_weights,
    training_job,
    write_corpus,
)


def main(argv: list[str] | None = None) -> None:
    """Kill trainings until there were enough kills.

    Args:
        argv (list[str] | None): Arguments of the command line. Defaults to
            None: those of the process.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kills', type=int, default=100, help='at least')
    parser.add_argument(
        '--per-run', type=int, default=8, help='kills of one training'
    )
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        _kill(Path(folder), args)


def _kill(folder: Path, args: argparse.Namespace) -> None:
    """Kill trainings in a folder and print what happened."""
    corpus = write_corpus(folder / 'corpus')
    whole = folder / 'whole'
    seconds = run(training_job(corpus, whole))
    rng = random.Random(args.seed)
    counts: Counter[str] = Counter()
    for number in itertools.count():
        if counts.total() >= args.kills:
            break
        killed = folder / f'killed{number}'
        kills = random_kills(rng, seconds, killed)
        counts += run_despite_kills(
            training_job(corpus, killed),
            itertools.islice(kills, args.per_run),
            CompleteCheckpoints(killed),
        )
        names = differing_weights(whole, killed)
        assert not names, f'{len(names)} tensors differ, as {names[0]}'
        print(f'run {number}: {counts.total()} kills so far, weights equal')
    for name, count in sorted(counts.items()):
        print(f'{count:6} {name}')


if __name__ == '__main__':
    main()
