# Copyright (c) clipbert_mm contributors.
"""Make a student of an index, which finds candidates in large libraries.

The student is a small dual encoder over the stored grids that learns from the
scores of the model. No video is decoded and no label is needed, but queries
such as those that will be asked: a log of queries, or captions, hundreds of
them, one a line. `search` uses the student in indexes of more than 4,096
clips, and `index` keeps it up to date.

Example:
    clipbert-mm distill library --queries queries.txt
    clipbert-mm search library "a red ring moves" --tier student
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .progress import progress_bar
from .running import Outcome, run
from .search import Index, OwnModel
from .text_lines import read_lines

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.library.distilling import DistillReport


def distill(
    index: Index,
    queries: Annotated[
        str,
        typer.Option(metavar='FILE', help='Queries, one a line.'),
    ],
    max_videos: Annotated[
        int,
        typer.Option(
            min=2, metavar='N', help='Maximum number of videos to learn from.'
        ),
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help='Seed of all draws.')] = 0,
    model: OwnModel = None,
    weights: options.Weights = None,
    device: options.Device = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Make a student of an index."""
    texts = read_lines(queries, '--queries')
    opening = (model, weights, device)
    run(
        lambda: distill_index(index, texts, opening, max_videos, seed),
        as_json,
        debug,
    )


def distill_index(
    index: str,
    texts: list[str],
    opening: tuple[str | None, str | None, str | None],
    max_videos: int,
    seed: int,
) -> Outcome:
    """Make a student of an index.

    Args:
        index (str): Folder of the index.
        texts (list[str]): Queries.
        opening (tuple[str | None, str | None, str | None]): Model, weights
            and device.
        max_videos (int): Maximum number of videos to learn from.
        seed (int): Seed of all draws.

    Returns:
        Outcome: What was used, and the recall of the student.
    """
    from clipbert_mm.library import VideoLibrary

    library = VideoLibrary(index, *opening)
    with progress_bar('Scoring queries') as progress:
        report = library.distill(texts, max_videos, seed, progress)
    document: dict[str, Any] = dict(index=index, **vars(report))
    if not report.held_out:
        document['recall'] = None
    return Outcome(document, _summary(index, report))


def _summary(index: str, report: 'DistillReport') -> str:
    text = (
        f'{index}: a student of {report.queries} queries and {report.videos} '
        f'videos, {report.passes} passes, {report.seconds:.0f} s'
    )
    if report.held_out:
        text += (
            f'; of {report.held_out} other queries, it keeps the best video '
            f'of {report.recall:.0%}'
        )
    return f'{text}.'
