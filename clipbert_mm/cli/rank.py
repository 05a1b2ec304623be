# Copyright (c) clipbert_mm contributors.
"""Rank videos by how well they match a text, with their best moments.

Videos below --min-score are left out. With --unrelated the best video has
to stand out from videos that do not show what is looked for. If no video
matches, the status is 3.

Example:
    clipbert-mm rank videos/ "a red ring moves at the left" --top-k 3
    clipbert-mm rank "videos/*.mp4" "a dog" --model exported --min-score 0.5
    clipbert-mm rank videos/ "a dog" --model exported --unrelated cats/
    clipbert-mm rank videos/ "a dog" --html report.html --save-clips moments/
    clipbert-mm rank videos/ "a dog" --json
"""

from typing import Annotated

import typer

from . import options
from .options import check_texts, check_videos
from .ranking import RankOptions, check_outputs, rank_videos
from .running import run

TopK = Annotated[
    int, typer.Option(min=1, metavar='N', help='Maximum number of videos.')
]


def rank(
    videos: options.Videos,
    text: options.Text,
    top_k: TopK = 10,
    min_score: options.MinScore = 0.0,
    unrelated: Annotated[
        str | None,
        typer.Option(
            metavar='FOLDER',
            help='Videos that do not show what is looked for, 10 or more, to '
            'compare the best video with.',
        ),
    ] = None,
    html: options.Html = None,
    save_clips: options.SaveClips = None,
    overwrite: options.OverwriteMoments = False,
    model: options.Model = options.DEMO,
    weights: options.Weights = None,
    device: options.Device = None,
    precision: options.Precision = None,
    decoder: options.Decoder = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Rank videos by how well they match a text."""
    check_videos(videos)
    check_texts([text])
    if unrelated is not None:
        check_videos([unrelated], '--unrelated')
    wanted = RankOptions(
        top_k, min_score, html, save_clips, overwrite, unrelated
    )
    check_outputs(wanted)
    opening = (model, weights, device, precision, decoder)
    run(lambda: rank_videos(videos, text, opening, wanted), as_json, debug)
