# Copyright (c) clipbert_mm contributors.
"""Index videos, so that texts are searched without decoding them again.

Run it again after files were added, changed, moved or deleted: only what has
changed is read. It continues after an interruption. Needs the extra `search`.
With --shard I/N several processes index one folder at once, each a part of
the files; they need an index that exists.

Example:
    clipbert-mm index videos/ --out library
    clipbert-mm index videos/ more/ --out library --workers 4 --nice
    clipbert-mm index videos/ --out small --clips 8 --precision int8
    clipbert-mm index videos/ --out library --engine ray --address auto
    clipbert-mm index videos/ --out library --shard $SLURM_ARRAY_TASK_ID/8
"""

import os
import os.path as osp
import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from . import options
from .options import check_videos, usage_error
from .progress import progress_bar
from .running import Outcome, Status, run, say

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.library import VideoLibrary
    from clipbert_mm.library.updating import UpdateReport

Clips = Annotated[
    int | None,
    typer.Option(
        min=1, metavar='N', help='Clips of a video; default of a new index: 16'
    ),
]
GridPrecision = Annotated[
    str | None,
    typer.Option(help='float16, or int8: half the size; default: float16.'),
]


def index(
    videos: options.Videos,
    out: Annotated[
        str, typer.Option(metavar='INDEX', help='Folder of the index.')
    ],
    model: options.Model = options.DEMO,
    weights: options.Weights = None,
    device: options.Device = None,
    clips: Clips = None,
    precision: GridPrecision = None,
    workers: Annotated[
        int,
        typer.Option(
            min=0, metavar='N', help='Processes that decode; 0: this one.'
        ),
    ] = 0,
    nice: Annotated[
        bool, typer.Option('--nice', help='Let other programs go first.')
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar='I/N', help='Index a part of the files, from 1/N to N/N.'
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(help='local, or ray: through Ray Data, on a cluster.'),
    ] = 'local',
    address: Annotated[
        str | None,
        typer.Option(
            metavar='ADDRESS',
            help='Ray cluster, such as auto; default: this machine alone.',
        ),
    ] = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Index videos for searching."""
    check_videos(videos)
    part = _shard(shard)
    if osp.lexists(out) and not osp.isdir(out):
        raise usage_error(f'{out!r} is not a folder.', '--out')
    if nice:
        os.nice(10)
    made = NewIndex(model, weights, device, clips, precision)
    how: dict[str, Any] = dict(workers=workers, engine=engine, address=address)
    if part is not None:
        how['shard'] = part
    run(lambda: index_videos(videos, out, made, how), as_json, debug)


def _shard(text: str | None) -> tuple[int, int] | None:
    """Read the option of a shard."""
    if text is None:
        return None
    match = re.fullmatch(r'(\d{1,9})/(\d{1,9})', text)
    if match is None:
        raise usage_error(
            f'expected I/N, as 1/8, but got {text!r}.', '--shard'
        )
    return int(match[1]), int(match[2])


class NewIndex(NamedTuple):
    """Options of an index, which an existing one has to agree with.

    Args:
        model (str): Model.
        weights (str | None): Checkpoint.
        device (str | None): Device of the model.
        clips (int | None): Clips of a video.
        precision (str | None): Precision of the grids.
    """

    model: str
    weights: str | None
    device: str | None
    clips: int | None
    precision: str | None


def index_videos(
    videos: list[str], out: str, made: NewIndex, how: dict[str, Any]
) -> Outcome:
    """Bring an index up to date, and make it if there is none.

    Args:
        videos (list[str]): Files, folders and patterns.
        out (str): Folder of the index.
        made (NewIndex): How it is made.
        how (dict[str, Any]): Further arguments of
            :meth:`~clipbert_mm.library.VideoLibrary.update`.

    Returns:
        Outcome: What has changed.
    """
    from clipbert_mm.library.store import holds_index

    if 'shard' in how and not holds_index(out):
        raise ValueError(
            f'there is no index in {out!r} to share. Make it first: index one '
            'of the videos without --shard.'
        )
    library = _open(out, made)
    with progress_bar('Indexing videos') as progress:
        report = library.update(videos, progress=progress, **how)
    for path, reason in report.unreadable:
        say(f'unreadable: {path}: {reason}')
    document: dict[str, Any] = dict(
        index=out,
        **{name: getattr(report, name) for name in _COUNTS},
        unreadable=[dict(video=v, reason=r) for v, r in report.unreadable],
        video_seconds=report.video_seconds,
        grid_bytes=report.grid_bytes,
        bytes_per_hour=report.bytes_per_hour(),
        seconds=report.seconds,
    )
    status = Status.UNREADABLE if report.unreadable else Status.FINE
    return Outcome(document, _summary(out, report), status)


_COUNTS = ('added', 'changed', 'moved', 'removed', 'same')


def _open(out: str, made: NewIndex) -> 'VideoLibrary':
    """Open an index, or make it."""
    from clipbert_mm.library import VideoLibrary
    from clipbert_mm.library.store import holds_index

    if not holds_index(out):
        return VideoLibrary.create(
            out,
            made.model,
            made.weights,
            made.device,
            made.clips or 16,
            made.precision or 'float16',
        )
    library = VideoLibrary(out, made.model, made.weights, made.device)
    about = library.store.description
    for option, wanted, kept in (
        ('--clips', made.clips, about.num_clips),
        ('--precision', made.precision, about.precision),
    ):
        if wanted not in (None, kept):
            raise ValueError(
                f'the index {out!r} has {option} {kept}, but got {wanted}. '
                'Leave the option out, or make another index.'
            )
    return library


def _summary(out: str, report: 'UpdateReport') -> str:
    counts = ', '.join(f'{getattr(report, n)} {n}' for n in _COUNTS)
    text = f'{out}: {counts}, {len(report.unreadable)} unreadable'
    if report.video_seconds:
        text += (
            f'; {report.video_seconds / 60:.1f} minutes of video in '
            f'{report.seconds:.1f} s, {report.bytes_per_hour() / 1e6:.1f} MB '
            'an hour'
        )
    return f'{text}.'
