# Copyright (c) clipbert_mm contributors.
"""Score how well texts match videos.

Prints a score in [0, 1] for every pair of a video and a text.

Example:
    clipbert-mm score a.mp4 b.mp4 --text "a red ring" "a blue cross"
    clipbert-mm score videos/ --text "a dog runs" --model exported --json
"""

from typing import Annotated

import typer

from . import options
from .options import check_texts, check_videos, open_model
from .running import Outcome, run
from .tables import make_table, name_of
from .videos import read_videos


def score(
    videos: options.Videos,
    text: Annotated[
        list[str],
        typer.Option(metavar='TEXT...', help='One or more texts.'),
    ],
    model: options.Model = options.DEMO,
    weights: options.Weights = None,
    device: options.Device = None,
    precision: options.Precision = None,
    decoder: options.Decoder = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Score how well texts match videos."""
    check_videos(videos)
    check_texts(text, '--text')

    def work() -> Outcome:
        inferencer = open_model(model, weights, device, precision, decoder)
        found = read_videos(
            inferencer, videos, lambda video: inferencer.score(video, text)
        )
        scores = inferencer.score(found.features, text).tolist()
        names = [features.video for features in found.features]
        document = dict(
            texts=text,
            scores=[
                dict(video=name, scores=row)
                for name, row in zip(names, scores)
            ],
            skipped=found.skipped_values,
        )
        rows = [
            [name_of(name), *(f'{value:.3f}' for value in row)]
            for name, row in zip(names, scores)
        ]
        table = make_table('', ['video', *(f' {t}' for t in text)], rows)
        return Outcome(document, table, found.status)

    run(work, as_json, debug)
