# Copyright (c) clipbert_mm contributors.
"""Kill every command at random moments, and compare their results.

Example:
    python -m tools.benchmarks.kills.every_command --kills 20 --seed 1
"""

import argparse
import functools
import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from clipbert_mm.quickstart.corpus.scene_corpus import CorpusSettings, generate

from .commands import (
    Command,
    compressing,
    converting,
    exporting,
    left_behind,
    testing,
    training,
    write_bert,
)
from .harness import Job, KillsError, random_kills, run, run_despite_kills

COMMANDS = ('train', 'test', 'test all pairs', 'compress', 'convert', 'export')


def make_commands(folder: Path) -> dict[str, Callable[[Path], Command]]:
    """Write what the commands read, and return them by name.

    Args:
        folder (Path): Empty folder for corpus, checkpoint and BERT.

    Returns:
        dict[str, Callable[[Path], Command]]: Functions of the folder that a
        command writes to.
    """
    corpus = folder / 'corpus'
    generate(corpus, CorpusSettings(images=8, videos=16, gallery=8))
    bert = write_bert(folder / 'bert')
    work_dir = folder / 'trained'
    options = [f'data_root={corpus}', 'max_epochs=1']
    run(
        Job(
            'clipbert_mm.cli.train',
            [
                'clipbert_debug',
                f'--work-dir={work_dir}',
                '--cfg-options',
                *options,
            ],
            folder / 'train.log',
        )
    )
    weights = work_dir / 'epoch_1.pth'
    return {
        'train': lambda place: training(place, corpus),
        'test': lambda place: testing(place, corpus, weights, 'TestLoop'),
        'test all pairs': lambda place: testing(
            place, corpus, weights, 'PairScoringLoop'
        ),
        'compress': lambda place: compressing(place, corpus),
        'convert': lambda place: converting(place, bert),
        'export': lambda place: exporting(place, corpus, weights),
    }


def kill_command(
    make: Callable[[Path], Command],
    folder: Path,
    kills: int,
    rng: random.Random,
) -> Counter[str]:
    """Kill a command again and again, and compare its result.

    Args:
        make (Callable[[Path], Command]): Function that makes the command.
        folder (Path): Empty folder for its runs.
        kills (int): Least number of kills.
        rng (random.Random): Source of signals and moments.

    Returns:
        Counter[str]: Number of kills, by signal and moment.

    Raises:
        KillsError: If a result is half written or differs, or something is
            left behind.
    """
    whole = make(folder / 'whole')
    seconds = run(whole.job)
    expected = whole.result()
    if not expected:
        raise KillsError(f'no result; see {whole.job.log}')
    counts: Counter[str] = Counter()
    for number in itertools.count():
        if counts.total() >= kills:
            return counts
        place = folder / f'killed{number}'
        command = make(place)
        moments = random_kills(rng, seconds, command.written)
        most = min(8, kills - counts.total())
        counts += run_despite_kills(
            command.job,
            itertools.islice(moments, most),
            functools.partial(_check, command, expected),
        )
        if command.result() != expected:
            raise KillsError(f'{place} differs from {folder / "whole"}')
        if left := left_behind(place):
            raise KillsError(f'{place} still holds {", ".join(left)}')
    return counts


def _check(command: Command, expected: dict[str, str]) -> bool:
    """Raise for a wrong result, and return whether the command is done."""
    found = command.result()
    for name, digest in found.items():
        if expected.get(name) != digest:
            raise KillsError(f'{name} is wrong; see {command.job.log}')
    return command.is_refused_when_done and found == expected


def main(argv: list[str] | None = None) -> None:
    """Kill every command, and print how often.

    Args:
        argv (list[str] | None): Arguments of the command line. Defaults to
            None: those of the process.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--kills', type=int, default=20, help='of each command, at least'
    )
    parser.add_argument(
        '--commands',
        nargs='+',
        choices=COMMANDS,
        default=COMMANDS,
        help='commands to kill; default: all',
    )
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args(argv)
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = make_commands(folder)
        for number, title in enumerate(args.commands):
            place = folder / f'command{number}'
            place.mkdir()
            counts = kill_command(commands[title], place, args.kills, rng)
            print(f'{title}: {counts.total()} kills, results equal')
            for kind, count in sorted(counts.items()):
                print(f'{count:6} {kind}', flush=True)


if __name__ == '__main__':
    main()
