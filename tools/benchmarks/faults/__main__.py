# Copyright (c) clipbert_mm contributors.
r"""Read a corpus of damaged, disguised and intact files in every way.

Each file is read as a dataset reads it, in a process with a limit of time
and memory, and compared with FFmpeg's own sequential decode::

    python -m tools.benchmarks.faults --files 500

The exit status is 1 if an intact file is refused by PyAV, or if frames are
wrong, damage that FFmpeg reports is silent, an error is raw, or a process
hangs or crashes.
"""

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from clipbert_mm.media.opening import DECODERS, available_decoders
from tools.benchmarks.harness import machine_line, print_table

from .corpus import KINDS, WrittenCase, choose_cases, write_cases
from .judge import ALLOWED, FORBIDDEN, Verdict, judge
from .oracle import NOTHING, Decoded, Flag
from .trial import (
    decode_reference,
    read_still,
    read_video,
    run_apart,
)

Results = dict[str, list[tuple[WrittenCase, Verdict]]]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--files',
        type=int,
        default=500,
        help='number of files with a fault (default: %(default)s)',
    )
    parser.add_argument(
        '--controls',
        type=int,
        help='number of intact files (default: all, which are about 270)',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the choice (default: 0)'
    )
    parser.add_argument(
        '--decoders',
        nargs='+',
        choices=DECODERS,
        default=[n for n, why in available_decoders().items() if not why],
        help='decoders to try (default: all that are installed)',
    )
    parser.add_argument(
        '--on-damage',
        choices=('raise', 'scan'),
        default='raise',
        help="'scan' decodes each file wholly before it is read, and counts "
        'reports about any part of it (default: %(default)s)',
    )
    parser.add_argument(
        '--seconds',
        type=float,
        default=60,
        help='longest time for a file (default: %(default)s)',
    )
    parser.add_argument(
        '--mib',
        type=int,
        default=2048,
        help='most memory for a file, in MiB (default: %(default)s)',
    )
    parser.add_argument(
        '--jobs', type=int, default=1, help='files at a time (default: 1)'
    )
    parser.add_argument(
        '--work-dir', type=Path, help='folder to keep the files in'
    )
    return parser.parse_args(argv)


def try_files(
    files: Sequence[WrittenCase], args: argparse.Namespace
) -> Results:
    """Read files with every decoder and judge the results.

    Args:
        files (Sequence[WrittenCase]): Files of the corpus.
        args (argparse.Namespace): Options of the command line.

    Returns:
        Results: Files and verdicts by decoder; images are under ``'image'``.
    """

    @lru_cache(maxsize=16)
    def truth(path: Path) -> Decoded:
        ending = run_apart(decode_reference, path, '', args.seconds, args.mib)
        return ending.value or NOTHING._replace(flags=(Flag(0, ending.text),))

    def try_one(written: WrittenCase) -> list[tuple[str, Verdict]]:
        is_video = written.case.medium == 'video'
        verdicts = []
        for decoder in args.decoders if is_video else ['image']:
            read: Any = read_still
            if is_video:
                read = partial(read_video, on_damage=args.on_damage)
            ending = run_apart(
                read, written.path, decoder, args.seconds, args.mib
            )
            known = original = NOTHING
            if ending.kind == 'done' and written.intact:
                known = truth(written.path)
                original = truth(written.intact)
            verdict = judge(
                written,
                decoder,
                ending,
                known,
                original,
                anywhere=args.on_damage == 'scan',
            )
            verdicts.append((decoder, verdict))
        return verdicts

    results: Results = {}
    with ThreadPoolExecutor(args.jobs) as pool:
        for written, verdicts in zip(files, pool.map(try_one, files)):
            for decoder, verdict in verdicts:
                results.setdefault(decoder, []).append((written, verdict))
    return results


def failures(results: Results) -> list[tuple[str, WrittenCase, Verdict]]:
    """Return the verdicts that must not be.

    Args:
        results (Results): Result of :func:`try_files`.

    Returns:
        list[tuple[str, WrittenCase, Verdict]]: Decoder, file and verdict.
    """
    return [
        (decoder, written, verdict)
        for decoder, rows in results.items()
        for written, verdict in rows
        if verdict.word in FORBIDDEN
        # decord and torchcodec refuse forms that they cannot read rightly.
        and (verdict.word != 'intact refused' or decoder in ('pyav', 'image'))
    ]


def print_results(results: Results) -> None:
    """Print a table for each decoder, and the failures.

    Args:
        results (Results): Result of :func:`try_files`.
    """
    for decoder, rows in results.items():
        words = Counter((w.case.kind, v.word) for w, v in rows)
        table = [
            [kind, sum(w.case.kind == kind for w, _ in rows)]
            + [words[kind, word] for word in (*ALLOWED, *FORBIDDEN)]
            for kind in KINDS
        ]
        table.append(['all', *map(sum, zip(*(row[1:] for row in table)))])
        header = ['files', 'number', *ALLOWED, *FORBIDDEN]
        print_table(decoder, header, table)
    for decoder, written, verdict in failures(results):
        name = written.path.name
        print(f'{decoder}: {verdict.word}: {name}: {verdict.text:.300}')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the trial.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        int: Exit status.
    """
    args = parse_args(argv)
    print(machine_line())
    folder = args.work_dir or Path(tempfile.mkdtemp(prefix='faults-'))
    try:
        cases = choose_cases(args.files, args.controls, args.seed)
        files = list(write_cases(cases, folder))
        results = try_files(files, args)
    finally:
        if args.work_dir is None:
            shutil.rmtree(folder)
    print_results(results)
    return int(bool(failures(results)))


if __name__ == '__main__':
    sys.exit(main())
