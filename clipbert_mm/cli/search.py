# Copyright (c) clipbert_mm contributors.
"""Search an index of videos by a text, or by each line of a file.

The model is that of the index. Up to 4,096 clips every one is scored; in
larger indexes those of the videos that the student of the index finds
best, or if there is none, that are best by two clips of each.

Example:
    clipbert-mm search library "a red ring moves at the left" --top-k 3
    clipbert-mm search library "a dog" --html report.html --save-clips moments/
    clipbert-mm search library "a dog" --exact --json
    clipbert-mm search library --queries queries.txt --top-k 3
    clipbert-mm search library "a dog" --candidates found.txt
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .options import check_texts, usage_error
from .rank import TopK
from .ranking import (
    RankOptions,
    check_outputs,
    matches_table,
    write_outputs,
)
from .running import Outcome, Status, run
from .tables import plain_match
from .text_lines import read_lines

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.library import SearchResult

Index = Annotated[
    str,
    typer.Argument(
        metavar='INDEX', help='Folder of the index.', show_default=False
    ),
]
OwnModel = Annotated[
    str | None,
    typer.Option(metavar='MODEL', help='Model, if that of the index moved.'),
]
Queries = Annotated[
    str | None,
    typer.Option(
        metavar='FILE', help='Texts to look for, one a line, instead of TEXT.'
    ),
]


def search(
    index: Index,
    text: Annotated[
        str | None,
        typer.Argument(metavar='[TEXT]', help='Text to look for.'),
    ] = None,
    queries: Queries = None,
    top_k: TopK = 10,
    min_score: options.MinScore = 0.0,
    tier: Annotated[
        str | None,
        typer.Option(help='exact, cascade or student; default: by the size.'),
    ] = None,
    exact: Annotated[
        bool, typer.Option('--exact', help='Short for --tier exact.')
    ] = False,
    candidates: Annotated[
        str | None,
        typer.Option(
            metavar='FILE',
            help='Videos to score instead of all: paths, names or numbers, '
            'one a line.',
        ),
    ] = None,
    html: options.Html = None,
    save_clips: options.SaveClips = None,
    overwrite: options.OverwriteMoments = False,
    model: OwnModel = None,
    weights: options.Weights = None,
    device: options.Device = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Search an index of videos by a text."""
    wanted = RankOptions(top_k, min_score, html, save_clips, overwrite)
    way = read_way(tier, exact, candidates)
    opening = (model, weights, device)
    if queries is not None:
        _check_only_queries(text, wanted)
        texts = read_lines(queries, '--queries')
        run(
            lambda: search_for_each(index, texts, opening, wanted, way),
            as_json,
            debug,
        )
    if text is None:
        raise usage_error('is missing. Pass a text, or --queries.', 'TEXT')
    check_texts([text])
    check_outputs(wanted)
    run(
        lambda: search_index(index, text, opening, wanted, way),
        as_json,
        debug,
    )


def _check_only_queries(text: str | None, wanted: RankOptions) -> None:
    """Raise if an option of a single text comes with a file of texts."""
    for name, value in (
        ('TEXT', text),
        ('--html', wanted.html),
        ('--save-clips', wanted.clips),
    ):
        if value is not None:
            raise usage_error(
                f'{name} cannot be used with --queries. Leave one out.', name
            )


def read_way(
    tier: str | None, exact: bool, candidates: str | None
) -> dict[str, Any]:
    """Return how to search.

    Args:
        tier (str | None): Name of a tier.
        exact (bool): Search exactly.
        candidates (str | None): File with the videos to score.

    Returns:
        dict[str, Any]: Arguments of :meth:`VideoLibrary.search
        <clipbert_mm.library.VideoLibrary.search>`.

    Raises:
        typer.BadParameter: If several are given, or the file is unreadable.
    """
    if sum((tier is not None, exact, candidates is not None)) > 1:
        raise usage_error(
            'only one of --tier, --exact and --candidates can be chosen.',
            '--tier',
        )
    if candidates is None:
        return dict(tier='exact' if exact else tier)
    lines = read_lines(candidates, '--candidates')
    names = [int(line) if line.isdecimal() else line for line in lines]
    return dict(candidates=names)


def search_index(
    index: str,
    text: str,
    opening: tuple[str | None, str | None, str | None],
    wanted: RankOptions,
    way: dict[str, Any],
) -> Outcome:
    """Search an index.

    Args:
        index (str): Folder of the index.
        text (str): The text.
        opening (tuple[str | None, str | None, str | None]): Model, weights
            and device.
        wanted (RankOptions): What to show.
        way (dict[str, Any]): Result of :func:`read_way`.

    Returns:
        Outcome: The matches.
    """
    from clipbert_mm.library import VideoLibrary

    library = VideoLibrary(index, *opening)
    found = library.search(text, wanted.top_k, wanted.min_score, **way)
    document = _document(text, found)
    write_outputs(document, text, found, wanted)
    status = Status.FINE if found else Status.NOTHING_MATCHED
    return Outcome(document, _shown(text, found), status)


def search_for_each(
    index: str,
    texts: list[str],
    opening: tuple[str | None, str | None, str | None],
    wanted: RankOptions,
    way: dict[str, Any],
) -> Outcome:
    """Search an index by each of several texts.

    Args:
        index (str): Folder of the index.
        texts (list[str]): The texts.
        opening (tuple[str | None, str | None, str | None]): Model, weights
            and device.
        wanted (RankOptions): What to show.
        way (dict[str, Any]): How to search.

    Returns:
        Outcome: The matches of each text.
    """
    from rich.console import Group

    from clipbert_mm.library import VideoLibrary

    library = VideoLibrary(index, *opening)
    found = library.search_many(texts, wanted.top_k, wanted.min_score, **way)
    return Outcome(
        dict(queries=[_document(*pair) for pair in zip(texts, found)]),
        Group(*(_shown(*pair) for pair in zip(texts, found))),
        Status.FINE if any(found) else Status.NOTHING_MATCHED,
    )


def _document(text: str, found: 'SearchResult') -> dict[str, Any]:
    return dict(
        text=text,
        tier=found.tier,
        passes=found.passes,
        matches=[plain_match(match) for match in found],
    )


def _shown(text: str, found: 'SearchResult') -> Any:
    """Return the matches of a text for people."""
    if not found:
        return f'No video of the index matches {text!r}.'
    title = f'{text} ({found.tier}, {found.passes} passes)'
    return matches_table(title, found)
