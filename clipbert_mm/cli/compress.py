# Copyright (c) clipbert_mm contributors.
r"""Re-encode a folder of videos for fast access to sparse frames.

Each video becomes h264 in mp4 under its path and stem, without sound, with a
constant frame rate, upright and with even sides. GIFs gain most, because all
frames of a GIF are decoded to get one::

    python tools/data/compress.py data/msrvtt/videos data/msrvtt/videos_448
    python tools/data/compress.py data/tgif_qa/gifs data/tgif_qa/videos \
        --long-side 768

With the defaults, compression losses are all that changes for ClipBERT:

- The frame rate stays, so the sampler picks the same frames. ``--fps`` is the
  only option that changes them: a clip of 2 frames at 2 fps spans one second,
  and its last frame is the last of that second, so the two are 0.96 s apart
  at 25 fps, 0.83 s at 6 fps and 0.67 s at 3 fps. Choose a multiple of
  ``target_fps`` to keep clips whole, and use the same videos for training and
  testing. A variable rate becomes constant: each frame is repeated until the
  next one is due.
- ``--long-side 448`` is the size that the configs for videos resize to; those
  of TGIF-QA have 768. Smaller videos keep their size.
- At least every 12th frame is a key frame: to decode a frame, a decoder goes
  back to the key frame before it. A shorter interval makes files larger and
  reading faster.

The key frames can make files larger than their sources; sizes and speed are
printed. If disk space is scarce, pass a higher ``--crf`` or a lower ``--fps``.

A stopped run resumes: ``compress.jsonl`` in the target lists the finished
files. Files that cannot be encoded, or lack more than a tenth of their frames,
are reported at the end.
"""

import argparse
import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.files import VIDEO_SUFFIXES


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('source', type=Path, help='folder of videos')
    parser.add_argument('target', type=Path, help='folder to write')
    parser.add_argument(
        '--fps',
        type=float,
        help='maximum frames per second; changes which frames are picked. '
        'Default: the rate of each source, which keeps the frames',
    )
    parser.add_argument(
        '--long-side',
        type=int,
        default=Settings.long_side,
        help='maximum length of the longer side in pixels. Default: '
        '%(default)s, to which ResizeLongSide of the video configs resizes',
    )
    parser.add_argument(
        '--keyframe-interval',
        type=int,
        default=Settings.keyframe_interval,
        help='maximum number of frames between key frames. Default: '
        '%(default)s, a compromise between reading speed and file size',
    )
    parser.add_argument(
        '--crf',
        type=int,
        default=Settings.crf,
        help='constant rate factor of x264, from 0 (lossless) to 51. Default: '
        "%(default)s, x264's own",
    )
    parser.add_argument(
        '--suffixes',
        nargs='+',
        default=VIDEO_SUFFIXES,
        help='suffixes of the files to encode. Default: '
        f'{" ".join(VIDEO_SUFFIXES)}',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=os.cpu_count(),
        help='number of processes, 0 for none. Default: one per core',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='encode everything again, in a folder of this tool',
    )
    parser.add_argument(
        '--speed-sample',
        type=int,
        default=8,
        help='number of videos to measure the reading speed with, 0 for none. '
        'Default: %(default)s',
    )
    return parser.parse_args(argv)


def compress(args: argparse.Namespace) -> int:
    """Encode the videos that are not finished yet, and report.

    Args:
        args (argparse.Namespace): Result of :func:`parse_args`.

    Returns:
        int: 0, or 1 if a video could not be encoded.

    Raises:
        ValueError: If an argument or a folder is unsuitable.
    """
    from clipbert_mm.media.compression.folder import compress_folder

    result = compress_folder(
        args.source,
        args.target,
        Settings(args.fps, args.long_side, args.keyframe_interval, args.crf),
        suffixes=args.suffixes,
        workers=args.workers,
        overwrite=args.overwrite,
        report=functools.partial(print, flush=True),
    )
    pairs = list(result.finished.items())
    if pairs:
        _print_sizes(pairs)
    if pairs and args.speed_sample > 0:
        step = max(len(pairs) // args.speed_sample, 1)
        _print_speed(pairs[::step][: args.speed_sample])
    for path, reason in sorted(result.failures.items()):
        print(f'failed: {path}: {reason}', file=sys.stderr)
    if result.failures:
        print(
            f'{len(result.failures)} of {len(pairs) + len(result.failures)} '
            'videos could not be encoded.',
            file=sys.stderr,
        )
    return int(bool(result.failures))


def _print_sizes(pairs: Sequence[tuple[Path, Path]]) -> None:
    old, new = (sum(pair[i].stat().st_size for pair in pairs) for i in (0, 1))
    print(
        f'size of {len(pairs)} videos: {old / 1e6:.1f} MB before, '
        f'{new / 1e6:.1f} MB after (a factor of {new / old:.2f})'
    )


def _print_speed(pairs: Sequence[tuple[Path, Path]]) -> None:
    from clipbert_mm.datasets.checking.decode_speed import compare

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
            f'{len(speed.unreadable)} of the {len(pairs)} sources in the '
            f'sample cannot be read, such as {speed.unreadable[0]}'
        )


def _require_pyav() -> None:
    try:
        import av

        if tuple(map(int, av.__version__.split('.')[:2])) < (14, 1):
            raise ImportError(f'found {av.__version__}')
    except ImportError as error:
        sys.exit(
            'tools/data/compress.py needs PyAV 14.1 or newer: pip install -U '
            f'av ({error})'
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None, those of the
            process.

    Returns:
        int: 0, 1 if a video could not be encoded, 2 if nothing was started.
    """
    _require_pyav()
    args = parse_args(argv)
    try:
        return compress(args)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
