# Copyright (c) clipbert_mm contributors.
r"""Measure how fast videos are decoded and loaded.

On generated x264 files, with the training pipeline of a config::

    python -m tools.benchmarks.loading configs/clipbert_msrvtt_ret.py

The tables show the bars (the reference's way, the bare decoder and ours, in
turn, on the same frames with the same threads, with their peak memory), the
same of a video of two hours, the effect of scaling in the decoder, the time of
each step, the rate of data loaders by decoder and number of workers, the gain
of reading only key frames, and the time to decode whole videos. All numbers
are medians of ``--runs``. Texts are tokenised with a small vocabulary;
``--work-dir`` keeps the files for the next run.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import torch

from clipbert_mm.media.compression.reencode import reencode
from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.utils.config_loading import load_config
from tools.benchmarks.harness import add_common_options, machine_line

from . import tables as loader_tables
from .bars import print_bars, print_long
from .case import LoaderCase
from .long_video import repeat_video
from .scanning import print_scanning
from .snapping import print_snapping
from .videos import VideoKind, write_videos, write_vocabulary

SMALL = VideoKind(320, 240, 20)
LARGE = VideoKind(1280, 720, 60)
LONG = VideoKind(320, 240, 60)  # shown REPEATS times
QUICK = (VideoKind(64, 48, 2), VideoKind(96, 64, 2), VideoKind(64, 48, 2))
REPEATS = 120


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
        'config',
        nargs='?',
        default='clipbert_msrvtt_ret',
        help='path or name of a config for videos (default: %(default)s)',
    )
    parser.add_argument(
        '--workers',
        type=int,
        nargs='+',
        default=[0, 1, 2],
        help='numbers of worker processes (default: 0 1 2)',
    )
    parser.add_argument(
        '--decoder-threads',
        type=int,
        default=1,
        help='threads of every decoder (default: 1, as workers run in '
        'parallel)',
    )
    parser.add_argument(
        '--videos',
        type=int,
        default=4,
        help='number of small videos (default: 4)',
    )
    parser.add_argument(
        '--draws',
        type=int,
        default=2,
        help='draws of clips of a large video in each run (default: 2)',
    )
    parser.add_argument(
        '--clips', type=int, default=8, help='clips of a video (default: 8)'
    )
    parser.add_argument(
        '--only',
        nargs='+',
        choices=tuple(TABLES),
        default=list(TABLES),
        help='tables to make (default: all)',
    )
    parser.add_argument(
        '--work-dir', type=Path, help='folder to keep the videos in'
    )
    add_common_options(parser)
    return parser.parse_args(argv)


def make_case(args: argparse.Namespace, folder: Path) -> LoaderCase:
    """Write the files and read the config.

    Args:
        args (argparse.Namespace): Options of the command line.
        folder (Path): Folder for the files.

    Returns:
        LoaderCase: Videos and pipeline.
    """
    folder.mkdir(parents=True, exist_ok=True)
    small, large, minute = QUICK if args.quick else (SMALL, LARGE, LONG)
    repeats = 3 if args.quick else REPEATS
    long = minute._replace(seconds=repeats * minute.seconds)
    compressed = folder / f'reencoded_{large.width}x{large.height}.mp4'
    large_paths = write_videos(folder, 'large', large, 1)
    if not compressed.exists():
        # Noise becomes larger by so many key frames; a copy of the source,
        # which compress.py would write by default, shows no effect.
        reencode(large_paths[0], compressed, Settings(keep_larger=True))
    return LoaderCase(
        load_config(args.config),
        write_vocabulary(folder),
        small=write_videos(folder, 'small', small, args.videos),
        large=large_paths,
        compressed=[compressed],
        long=[
            repeat_video(
                write_videos(folder, 'minute', minute, 1)[0],
                folder
                / f'long_{long.width}x{long.height}_{long.seconds:g}s.mp4',
                repeats,
            )
        ],
        kinds=(small, large, long),
        num_clips=args.clips,
        draws=args.draws,
        decoder_threads=args.decoder_threads,
    )


TABLES: dict[str, Callable[[LoaderCase, argparse.Namespace], None]] = dict(
    bars=print_bars,
    long=print_long,
    scaling=loader_tables.print_scaling,
    steps=loader_tables.print_steps,
    loaders=loader_tables.print_loaders,
    snapping=print_snapping,
    scanning=print_scanning,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    if args.quick:
        args.runs, args.videos, args.draws = 1, 2, 1
        args.workers = args.workers[:2]
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # as in the workers of a data loader
    print(machine_line(args.device))
    print(
        f'{args.decoder_threads} thread(s) for each decoder; medians of '
        f'{args.runs} alternating runs.\n'
    )
    with tempfile.TemporaryDirectory() as temporary:
        case = make_case(args, args.work_dir or Path(temporary))
        for name in args.only:
            TABLES[name](case, args)


if __name__ == '__main__':
    main()
