# Copyright (c) clipbert_mm contributors.
r"""Encode a folder of videos again, for fast reading of sparse frames.

Each video becomes h264 in mp4, with its path and stem, without sound, with a
constant frame rate, upright and with even sides. GIFs gain most: of a GIF, all
frames are decoded to get one::

    python tools/data/compress.py data/msrvtt/videos data/msrvtt/videos_448
    python tools/data/compress.py data/tgif_qa/gifs data/tgif_qa/videos \
        --long-side 768

The defaults change what ClipBERT sees by the losses of compression only:

- The frame rate stays, so the sampler picks the same frames. ``--fps`` is the
  one option that changes which: a clip of 2 frames at 2 fps spans one second,
  and its last frame is the last of that second, so the two are 0.96 s apart
  at 25 fps, 0.83 s at 6 fps and 0.67 s at 3 fps. Take a multiple of
  ``target_fps`` to keep clips whole, and the same videos for training and
  testing. A rate that varies becomes constant, each frame repeated until the
  next is due.
- ``--long-side 448`` is what the configs for videos resize to; those of
  TGIF-QA have 768. Smaller videos stay as they are.
- A key frame at least every 12 frames: to get a frame, a decoder goes back to
  the key frame before it. Less makes larger files that are read faster.

Files can become larger than their sources, because of the key frames; sizes
and speed are printed. Where disk space counts, pass a higher ``--crf`` or a
lower ``--fps``.

A run that was stopped goes on where it was: finished files are noted in
``compress.jsonl`` of the target. A file that cannot be encoded, or lacks
more than a tenth of its frames, is reported at the end.
"""

import argparse
import dataclasses
import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from clipbert_mm.media.compress_journal import CompressJournal
from clipbert_mm.utils.worker_pool import print_progress, run_jobs

try:
    import av

    if tuple(map(int, av.__version__.split('.')[:2])) < (14, 1):
        raise ImportError(f'found {av.__version__}')
    from clipbert_mm.media.reencode import PARTIAL, Settings, reencode
except ImportError as error:
    sys.exit(
        'tools/data/compress.py needs PyAV 14.1 or newer: pip install -U '
        f'av ({error})'
    )

SUFFIXES = (
    '.mp4',
    '.webm',
    '.mkv',
    '.avi',
    '.mov',
    '.m4v',
    '.gif',
    '.flv',
    '.wmv',
    '.mpg',
    '.mpeg',
    '.3gp',
    '.ts',
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('source', type=Path, help='folder of videos')
    parser.add_argument('target', type=Path, help='folder to write')
    parser.add_argument(
        '--fps',
        type=float,
        help='most frames per second; changes which frames are picked. '
        'Default: the rate of each source, as the frames are then the same',
    )
    parser.add_argument(
        '--long-side',
        type=int,
        default=Settings.long_side,
        help='most pixels of the longer side. Default: %(default)s, which '
        'ResizeLongSide of the video configs makes of it anyway',
    )
    parser.add_argument(
        '--keyframe-interval',
        type=int,
        default=Settings.keyframe_interval,
        help='most frames from key frame to key frame. Default: %(default)s, '
        'between the speed of reading and the size of files',
    )
    parser.add_argument(
        '--crf',
        type=int,
        default=Settings.crf,
        help='quality of x264, 0 (lossless) to 51. Default: %(default)s, '
        "x264's own",
    )
    parser.add_argument(
        '--suffixes',
        nargs='+',
        default=SUFFIXES,
        help=f'files to take. Default: {" ".join(SUFFIXES)}',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=os.cpu_count(),
        help='processes side by side, 0 for none. Default: one per core',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='encode all again, in a folder of this tool',
    )
    parser.add_argument(
        '--speed-sample',
        type=int,
        default=8,
        help='videos to measure the speed of reading with, 0 for none. '
        'Default: %(default)s',
    )
    return parser.parse_args(argv)


def find_videos(
    source: Path, target: Path, suffixes: Sequence[str]
) -> dict[Path, Path]:
    """The videos below a folder and the files they become.

    Args:
        source (Path): The folder.
        target (Path): Folder of what they become.
        suffixes (Sequence[str]): Of videos, in any case.

    Returns:
        dict[Path, Path]: Source to target, sorted.

    Raises:
        ValueError: If there is none, if two would become one file, or one
            of the folders is in the other.
    """
    if not source.is_dir():
        raise ValueError(f'There is no folder {source} to read videos from.')
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise ValueError(
            f'Neither of the folders {source} and {target} may '
            'be in the other: name another folder to write.'
        )
    endings = {'.' + suffix.lower().lstrip('.') for suffix in suffixes}
    found: dict[Path, Path] = {}
    owner: dict[Path, Path] = {}
    clashes = []
    for path in sorted(source.rglob('*')):
        if path.suffix.lower() not in endings or not path.is_file():
            continue
        found[path] = target / path.relative_to(source).with_suffix('.mp4')
        first = owner.setdefault(found[path], path)
        if first != path:
            clashes.append(f'{first} and {path}')
    if clashes:
        raise ValueError(
            'Files with the same stem would become one: '
            f'{"; ".join(clashes[:10])}{" ..." if clashes[10:] else ""}. '
            'Remove or rename one of each, or choose with --suffixes.'
        )
    if not found:
        raise ValueError(
            f'{source} has no files with a suffix of '
            f'{sorted(endings)}. Pass others with --suffixes.'
        )
    return found


def _encode(settings: Settings, job: tuple[Path, Path]) -> None:
    reencode(*job, settings)


def compress(args: argparse.Namespace) -> int:
    """Encode what is not finished and report.

    Args:
        args (argparse.Namespace): Of :func:`parse_args`.

    Returns:
        int: 0, or 1 if a video could not be encoded.

    Raises:
        ValueError: If an argument or a folder does not do.
    """
    settings = Settings(
        args.fps, args.long_side, args.keyframe_interval, args.crf
    )
    videos = find_videos(args.source, args.target, args.suffixes)
    journal = CompressJournal(
        args.target, dataclasses.asdict(settings), args.overwrite
    )
    for partial in args.target.rglob('*' + PARTIAL):
        partial.unlink()  # of a run that was killed
    names = {path: path.relative_to(args.source).as_posix() for path in videos}
    jobs = [
        (old, new)
        for old, new in videos.items()
        if not (new.is_file() and journal.is_finished(old, names[old]))
    ]
    print(
        f'{len(videos)} videos in {args.source}, '
        f'{len(videos) - len(jobs)} of them finished before'
    )
    failures = {}
    for outcome in print_progress(
        run_jobs(functools.partial(_encode, settings), jobs, args.workers),
        len(jobs),
    ):
        old, _ = jobs[outcome.number]
        if outcome.error is None:
            journal.add(old, names[old])
        else:
            failures[old] = outcome.error
    _report(videos, failures, args.speed_sample)
    return int(bool(failures))


def _report(
    videos: dict[Path, Path], failures: dict[Path, str], speed_sample: int
) -> None:
    """Print sizes, speed and failures."""
    done = [pair for pair in videos.items() if pair[0] not in failures]
    old, new = (sum(pair[i].stat().st_size for pair in done) for i in (0, 1))
    if done:
        print(
            f'size of {len(done)} videos: {old / 1e6:.1f} MB before, '
            f'{new / 1e6:.1f} MB after ({new / old:.2f} of it)'
        )
    if done and speed_sample > 0:
        step = max(len(done) // speed_sample, 1)
        _report_speed(done[::step][:speed_sample])
    for path in sorted(failures):
        print(f'failed: {path}: {failures[path]}', file=sys.stderr)
    if failures:
        print(
            f'{len(failures)} of {len(videos)} videos could not be encoded.',
            file=sys.stderr,
        )


def _report_speed(pairs: Sequence[tuple[Path, Path]]) -> None:
    from .decode_speed import compare

    speed = compare(pairs)
    if speed.files:
        print(
            f'reading 16 sparse frames of a video ({speed.files} videos, '
            f'median of 5 runs): {speed.before / speed.files * 1e3:.1f} ms '
            f'before, {speed.after / speed.files * 1e3:.1f} ms after '
            f'({speed.before / speed.after:.1f} times as fast)'
        )
    if speed.unreadable:
        print(
            f'{len(speed.unreadable)} of {len(pairs)} sources that were '
            f'tried cannot be read, such as {speed.unreadable[0]}'
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Returns:
        int: 0, 1 if a video could not be encoded, 2 if nothing was started.
    """
    args = parse_args(argv)
    try:
        return compress(args)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
