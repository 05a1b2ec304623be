# Copyright (c) clipbert_mm contributors.
"""Rank texts by how well they match a video.

Texts below --min-score are left out; if none is left, the status is 3.

Example:
    clipbert-mm describe a.mp4 "a red ring" "a blue cross" "nothing moves"
    clipbert-mm describe a.mp4 "a dog" "a cat" --model exported --json
"""

from typing import Annotated

import typer

from . import options
from .options import check_one_video, check_texts, open_model
from .running import Outcome, Status, run
from .tables import clip_bars, make_table, moment, name_of, plain_match
from .videos import read_videos


def describe(
    video: options.OneVideo,
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar='TEXT...',
            help='Texts to choose from.',
            show_default=False,
        ),
    ],
    min_score: options.MinScore = 0.0,
    model: options.Model = options.DEMO,
    weights: options.Weights = None,
    device: options.Device = None,
    precision: options.Precision = None,
    decoder: options.Decoder = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Rank texts by how well they match a video."""
    check_one_video(video)
    check_texts(texts)

    def work() -> Outcome:
        inferencer = open_model(model, weights, device, precision, decoder)
        found = read_videos(
            inferencer,
            [video],
            lambda frames: inferencer.describe(frames, texts),
        )
        matches = inferencer.describe(
            found.features[0], texts, min_score=min_score
        )
        rows = [
            [
                f'{match["score"]:.3f}',
                match['text'],
                moment(match),
                clip_bars(match['clips']),
            ]
            for match in matches
        ]
        name = found.features[0].video
        document = dict(
            video=name, texts=[plain_match(match) for match in matches]
        )
        if not matches:
            shown = f'No text matches {name_of(name)!r}.'
            return Outcome(document, shown, Status.NOTHING_MATCHED)
        columns = [' score', 'text', ' best moment', 'clips']
        return Outcome(document, make_table('', columns, rows), found.status)

    run(work, as_json, debug)
