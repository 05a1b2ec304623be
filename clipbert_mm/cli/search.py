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
from .options import check_new_file, check_new_folder, check_texts
from .rank import TopK
from .ranking import RankOptions, matches_table, save_moments
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
    html: Annotated[
        str | None,
        typer.Option(
            metavar='FILE', help='Write a page with the best moments.'
        ),
    ] = None,
    save_clips: Annotated[
        str | None,
        typer.Option(metavar='DIR', help='Cut the best moments out.'),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            '--overwrite',
            help='Allow --html and --save-clips to replace files.',
        ),
    ] = False,
    model: OwnModel = None,
    weights: options.Weights = None,
    device: options.Device = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Search an index of videos by a text."""
    check_texts([text])
    check_new_file(html, '--html', ('.html', '.htm'), overwrite)
    check_new_folder(save_clips, '--save-clips', overwrite)
    wanted = RankOptions(top_k, min_score, html, save_clips, overwrite)
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
    if wanted.html is not None:
        from clipbert_mm.visualization.html_report import save_html_report

        save_html_report(wanted.html, text, found, [])
        document['html'] = wanted.html
    if wanted.clips is not None:
        saved = save_moments(found, wanted.clips, wanted.overwrite)
        for match, file in zip(document['matches'], saved):
            match['clip'] = file
    title = f'{text} ({found.tier}, {found.passes} passes)'
    shown = matches_table(title, found) if found else _nothing(text)
    status = Status.FINE if found else Status.NOTHING_MATCHED
    return Outcome(document, shown, status)


def _nothing(text: str) -> str:
    return f'No video of the index matches {text!r}.'
