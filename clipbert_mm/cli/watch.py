# Copyright (c) clipbert_mm contributors.
"""Follow files with an index, and report new ones that match saved queries.

The index is updated from the files, as by index, so pass all of them. A file
is read once its size and time are the same at two looks. Each match is a line,
with --json a JSON object. Ctrl-C ends it. With --once it ends after a look,
and a second one if files are new; the status is 3 if nothing matched.

Example:
    clipbert-mm watch library camera/ --queries queries.txt
    clipbert-mm watch library camera/ --queries queries.txt --every 5 --json
    clipbert-mm watch library camera/ --queries queries.txt --once
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .options import check_videos
from .running import run_lines, say
from .search import Index, OwnModel
from .tables import moment, plain_match
from .text_lines import read_lines

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.library.updating import UpdateReport


def watch(
    index: Index,
    videos: options.Videos,
    queries: Annotated[
        str,
        typer.Option(metavar='FILE', help='Saved queries, one text a line.'),
    ],
    min_score: options.MinScore = 0.5,
    every: Annotated[
        float,
        typer.Option(
            min=0.1, metavar='SECONDS', help='Time between two looks.'
        ),
    ] = 60.0,
    once: Annotated[
        bool, typer.Option('--once', help='End when nothing is waited for.')
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=0, metavar='N', help='Processes that decode; 0: this one.'
        ),
    ] = 0,
    model: OwnModel = None,
    weights: options.Weights = None,
    device: options.Device = None,
    as_json: Annotated[
        bool, typer.Option('--json', help='Print a JSON object a line.')
    ] = False,
    debug: options.Debug = False,
) -> None:
    """Report new files that match saved queries."""
    check_videos(videos)
    texts = read_lines(queries, '--queries')

    def work() -> Iterator[str]:
        from clipbert_mm.library import VideoLibrary

        library = VideoLibrary(index, model, weights, device)
        found = library.watch(
            videos, texts, min_score, every, once, workers, say_what_changed
        )
        for match in found:
            yield json_line(match) if as_json else line_of(match)

    run_lines(work, debug)


def say_what_changed(report: 'UpdateReport') -> None:
    """Print what an update has changed.

    Args:
        report (UpdateReport): The update.
    """
    names = ('added', 'changed', 'moved', 'removed')
    say(', '.join(f'{getattr(report, name)} {name}' for name in names))
    for path, reason in report.unreadable:
        say(f'unreadable: {path}: {reason}')


def json_line(match: dict[str, Any]) -> str:
    """Return a match as a line of JSON.

    Args:
        match (dict[str, Any]): Match of :meth:`VideoLibrary.watch`.

    Returns:
        str: An object, in ASCII.
    """
    return json.dumps(plain_match(match), allow_nan=False)


def line_of(match: dict[str, Any]) -> str:
    """Return a match as a line for people.

    Args:
        match (dict[str, Any]): Match of :meth:`VideoLibrary.watch`.

    Returns:
        str: Score, moment, query and file.

    Example:
        >>> line_of(dict(score=0.75, start=3.5, end=4.5, query='a dog',
        ...              video='/videos/b.mp4'))
        '0.750  3.5-4.5 s  a dog: /videos/b.mp4'
    """
    return (
        f'{match["score"]:.3f}  {moment(match)}  {match["query"]}: '
        f'{match["video"]}'
    )
