# Copyright (c) clipbert_mm contributors.
r"""Re-encode a folder of videos for fast access to sparse frames.

Each video becomes h264 in mp4 under its path and stem, without sound, upright
and with even sides. GIFs gain most, because all frames of a GIF are decoded to
get one::

    clipbert-mm compress data/msrvtt/videos data/msrvtt/videos_448
    clipbert-mm compress data/tgif_qa/gifs data/tgif_qa/videos \
        --long-side 768

With the defaults, compression losses are all that changes for ClipBERT:

- Frames and their times stay, so the sampler picks the same frames. ``--fps``
  is the only option that changes them: a clip of 2 frames at 2 fps spans one
  second, and its last frame is the last of that second, so the two are 0.96 s
  apart at 25 fps, 0.83 s at 6 fps and 0.67 s at 3 fps. Choose a multiple of
  ``target_fps`` to keep clips whole, and use the same videos for training and
  testing.
- ``--long-side 448`` is the size that the configs for videos resize to; those
  of TGIF-QA have 768. Smaller videos keep their size.
- At least every 12th frame is a key frame: to decode a frame, a decoder goes
  back to the key frame before it. A shorter interval makes files larger and
  reading faster.

A video that would become larger is copied unchanged to the path of its result:
readers, like FFmpeg, decide by the first bytes what a file is. With
``--keep-larger`` or ``--background`` the result is kept. If disk space is
scarce, pass a higher ``--crf`` or a lower ``--fps``.

Whether a file is a video is decided by its suffix or, without a known one, by
its first bytes; links are followed. All files that are left out are listed
with the reason, and so are videos that cannot be encoded: damaged ones, those
that lack more than a tenth of their frames, those above a limit of
``--limits``, and those whose results would have the same name. A stopped run
resumes: ``compress.jsonl`` in the target lists the finished files. Equal
videos and options give equal files with any number of workers, on the same
machine with the same versions of the libraries.
"""

import argparse
import dataclasses
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from clipbert_mm.media.background import check_background
from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.limits import VIDEO_LIMITS, MediaLimits
from clipbert_mm.utils.locks import FolderInUseError
from clipbert_mm.utils.printing import (
    only_json,
    print_json,
    print_text,
    printable,
)

if TYPE_CHECKING:
    from clipbert_mm.media.compression.folder import CompressedFolder

_LIMIT = re.compile('[0-9]{1,18}')
_LIMITS = dataclasses.asdict(VIDEO_LIMITS)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('source', type=Path, help='folder of videos')
    parser.add_argument('target', type=Path, help='folder to write')
    _add_encoder_options(parser)
    parser.add_argument(
        '--keep-larger',
        action='store_true',
        help='keep results that are larger than their sources, for fast '
        'reading, instead of copies of the sources',
    )
    parser.add_argument(
        '--on-damage',
        choices=('raise', 'use'),
        default=Settings.on_damage,
        help="'use' encodes damaged videos with the frames that FFmpeg "
        'conceals. Default: %(default)s, which leaves them out',
    )
    parser.add_argument(
        '--limits',
        nargs='+',
        default=[],
        metavar='NAME=NUMBER',
        help='limits above which a video is refused. Default: '
        + ' '.join(f'{n}={v}' for n, v in _LIMITS.items()),
    )
    parser.add_argument(
        '--suffixes',
        nargs='+',
        help='suffixes of the files to encode. Default: all videos and GIFs, '
        'whatever their suffix',
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
    parser.add_argument(
        '--json',
        action='store_true',
        help='print one JSON document instead of lines',
    )
    return parser.parse_args(argv)


def _add_encoder_options(parser: argparse.ArgumentParser) -> None:
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
        '--background',
        type=int,
        nargs=3,
        metavar=('RED', 'GREEN', 'BLUE'),
        help='colour behind the transparent pixels of GIFs and WebPs, such '
        'as 255 255 255. Default: what the file stores there, often black',
    )


def compress(args: argparse.Namespace) -> int:
    """Encode the videos that are not finished yet, and report.

    Args:
        args (argparse.Namespace): Result of :func:`parse_args`.

    Returns:
        int: 0, or 1 if a video could not be encoded.

    Raises:
        ValueError: If an argument or a folder is unsuitable.
    """
    with only_json(args.json):
        result = _encode(args)
    if args.json:
        print_json(_document(result))
    else:
        _print_result(result, args.speed_sample)
    _list('failed', result.failures, sys.stderr)
    if result.failures:
        total = len(result.finished) + len(result.failures)
        print_text(
            f'{len(result.failures)} of {total} videos could not be encoded.',
            sys.stderr,
        )
    return int(bool(result.failures))


def _encode(args: argparse.Namespace) -> 'CompressedFolder':
    from clipbert_mm.media.compression.folder import compress_folder

    return compress_folder(
        args.source,
        args.target,
        Settings(
            args.fps,
            args.long_side,
            args.keyframe_interval,
            args.crf,
            args.keep_larger,
            args.on_damage,
            _read_limits(args.limits),
            check_background('--background', args.background),
        ),
        suffixes=args.suffixes,
        workers=args.workers,
        overwrite=args.overwrite,
        report=print_text,
    )


def _document(result: 'CompressedFolder') -> dict:
    outcomes = result.outcomes
    return dict(
        finished=[
            dict(
                source=str(source),
                target=str(target),
                kind=outcomes[source].kind,
                source_bytes=outcomes[source].source_bytes,
                bytes=outcomes[source].num_bytes,
            )
            for source, target in result.finished.items()
        ],
        left_out={str(p): why for p, why in result.left_out.items()},
        failed={str(p): why for p, why in result.failures.items()},
    )


def _print_result(result: 'CompressedFolder', speed_sample: int) -> None:
    _list('left out', result.left_out, sys.stdout)
    larger = {p: o.note for p, o in result.outcomes.items() if o.note}
    _list('larger than before', larger, sys.stdout)
    pairs = list(result.finished.items())
    if pairs:
        _print_sizes(result)
    if pairs and speed_sample > 0:
        step = max(len(pairs) // speed_sample, 1)
        _print_speed(pairs[::step][:speed_sample])


def _read_limits(pairs: Sequence[str]) -> MediaLimits:
    given = {}
    for pair in pairs:
        name, _, number = pair.partition('=')
        if name not in _LIMITS or not _LIMIT.fullmatch(number):
            raise ValueError(
                '--limits must be a name and a number, such as '
                f'pixels=100000000, with a name among {list(_LIMITS)}, but '
                f'got {pair!r:.80}.'
            )
        given[name] = int(number)
    return dataclasses.replace(VIDEO_LIMITS, **given)


def _list(title: str, reasons: Mapping[Path, str], file: TextIO) -> None:
    for path, reason in sorted(reasons.items()):
        print_text(printable(f'{title}: {path}: {reason}'), file)


def _print_sizes(result: 'CompressedFolder') -> None:
    outcomes = result.outcomes.values()
    old = sum(outcome.source_bytes for outcome in outcomes)
    new = sum(outcome.num_bytes for outcome in outcomes)
    print_text(
        f'size of {len(outcomes)} videos: {old / 1e6:.1f} MB before, '
        f'{new / 1e6:.1f} MB after (a factor of {new / old:.2f})'
    )
    copied = sum(outcome.kind == 'copied' for outcome in outcomes)
    if copied:
        print_text(
            f'{copied} of them were copied unchanged, because re-encoding '
            'makes them larger; compress.jsonl lists them'
        )


def _print_speed(pairs: Sequence[tuple[Path, Path]]) -> None:
    from clipbert_mm.datasets.checking.decode_speed import compare

    speed = compare(pairs)
    if speed.files:
        print_text(
            f'reading 16 sparse frames of a video ({speed.files} videos, '
            f'median of 5 runs): {speed.before / speed.files * 1e3:.1f} ms '
            f'before, {speed.after / speed.files * 1e3:.1f} ms after '
            f'({speed.before / speed.after:.1f} times as fast)'
        )
    if speed.unreadable:
        print_text(
            f'{len(speed.unreadable)} of the {len(pairs)} sources in the '
            f'sample cannot be read, such as {printable(speed.unreadable[0])}'
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
        int: 0; 1 if a video could not be encoded, or if nothing more could
        be written; 2 if nothing was started; 130 after Ctrl-C.
    """
    _require_pyav()
    from clipbert_mm.media.compression.output import WriteError

    args = parse_args(argv)
    try:
        return compress(args)
    except (ValueError, FolderInUseError) as error:
        print_text(printable(str(error)), sys.stderr)
        return 2
    except WriteError as error:
        print_text(
            printable(f'{error}. Run the same command again to resume.'),
            sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print_text(
            'Stopped. Run the same command again to resume.', sys.stderr
        )
        return 130


if __name__ == '__main__':
    sys.exit(main())
