# Copyright (c) clipbert_mm contributors.
"""Search the videos that come with the package with the model that does.

It needs no network, no data and no GPU.

Example:
    clipbert-mm demo
    clipbert-mm demo "a big blue cross" --top-k 5
    clipbert-mm demo --json
"""

from typing import Annotated

import typer

from . import options
from .options import check_texts
from .rank import TopK
from .ranking import RankOptions, rank_videos
from .running import Outcome, run

QUERY = 'a big red ring moves at the left of a teal room'


def demo(
    text: Annotated[
        str, typer.Argument(metavar='[TEXT]', help='Text to look for.')
    ] = QUERY,
    top_k: TopK = 5,
    min_score: options.MinScore = 0.0,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Search the videos that come with the package."""
    check_texts([text])

    def work() -> Outcome:
        from clipbert_mm.apis import demo_videos

        return rank_videos(
            demo_videos(),
            text,
            (options.DEMO, None, None, None, None),
            RankOptions(top_k, min_score),
        )

    run(work, as_json, debug)
