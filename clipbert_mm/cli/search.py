# Copyright (c) clipbert_mm contributors.
"""Search an index of videos by a text.

The model is that of the index. Up to 4,096 clips every one is scored; in
larger indexes two clips of each video, and all clips of the 50 best.

Example:
    clipbert-mm search library "a red ring moves at the left" --top-k 3
    clipbert-mm search library "a dog" --html report.html --save-clips moments/
    clipbert-mm search library "a dog" --tier exact --json
"""

from typing import Annotated, Any

import typer

from . import options
from .options import check_texts
from .rank import TopK
from .ranking import (
    RankOptions,
    check_outputs,
    matches_table,
    write_outputs,
)
from .running import Outcome, Status, run
from .tables import plain_match

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


def search(
    index: Index,
    text: options.Text,
    top_k: TopK = 10,
    min_score: options.MinScore = 0.0,
    tier: Annotated[
        str | None,
        typer.Option(help='exact or cascade; default: by the size.'),
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
    check_texts([text])
    wanted = RankOptions(top_k, min_score, html, save_clips, overwrite)
    check_outputs(wanted)
    opening = (model, weights, device)
    run(
        lambda: search_index(index, text, opening, wanted, tier),
        as_json,
        debug,
    )


def search_index(
    index: str,
    text: str,
    opening: tuple[str | None, str | None, str | None],
    wanted: RankOptions,
    tier: str | None,
) -> Outcome:
    """Search an index.

    Args:
        index (str): Folder of the index.
        text (str): The text.
        opening (tuple[str | None, str | None, str | None]): Model, weights
            and device.
        wanted (RankOptions): What to show.
        tier (str | None): How to search.

    Returns:
        Outcome: The matches.
    """
    from clipbert_mm.library import VideoLibrary

    library = VideoLibrary(index, *opening)
    found = library.search(text, wanted.top_k, wanted.min_score, tier)
    document: dict[str, Any] = dict(
        text=text,
        tier=found.tier,
        passes=found.passes,
        matches=[plain_match(match) for match in found],
    )
    write_outputs(document, text, found, wanted)
    title = f'{text} ({found.tier}, {found.passes} passes)'
    shown = matches_table(title, found) if found else _nothing(text)
    status = Status.FINE if found else Status.NOTHING_MATCHED
    return Outcome(document, shown, status)


def _nothing(text: str) -> str:
    return f'No video of the index matches {text!r}.'
