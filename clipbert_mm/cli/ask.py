# Copyright (c) clipbert_mm contributors.
r"""Answer a question about videos.

A model of open questions chooses among the answers that it knows. Other
models choose among --options; a retrieval model takes captions as options,
with an empty question.

Example:
    clipbert-mm ask a.mp4 "what colour is the ring"
    clipbert-mm ask videos/ "what does the cat do" --model exported \
        --options "it jumps" "it sleeps"
    clipbert-mm ask a.mp4 "" --model demo --options "a ring" "a cross"
"""

from typing import Annotated, Any

import typer

from . import options
from .options import check_texts, check_videos, open_model, usage_error
from .running import Outcome, run
from .tables import make_table, name_of
from .videos import ReadVideos, read_videos


def ask(
    videos: options.Videos,
    question: Annotated[
        str,
        typer.Argument(
            metavar='QUESTION',
            help='Question about each video.',
            show_default=False,
        ),
    ],
    choices: Annotated[
        list[str] | None,
        typer.Option(
            '--options', metavar='TEXT...', help='Answers to choose from.'
        ),
    ] = None,
    top_k: Annotated[
        int, typer.Option(min=1, metavar='N', help='Number of answers.')
    ] = 3,
    model: options.Model = options.DEMO_QA,
    weights: options.Weights = None,
    device: options.Device = None,
    precision: options.Precision = None,
    decoder: options.Decoder = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Answer a question about videos."""
    check_videos(videos)
    if choices:
        check_texts(choices, '--options')
        if len(choices) < 2:
            raise usage_error(
                f'needs two or more, but got {choices}.', '--options'
            )
    else:
        check_texts([question], 'QUESTION')

    def work() -> Outcome:
        inferencer = open_model(model, weights, device, precision, decoder)

        def answer(frames: Any) -> list:
            return _answers(inferencer, frames, question, choices, top_k)

        found = read_videos(inferencer, videos, answer)
        best = [answer(features) for features in found.features]
        return _outcome(question, found, best)

    run(work, as_json, debug)


def _outcome(question: str, found: ReadVideos, best: list[list]) -> Outcome:
    """Return the best answers about each video, to be shown."""
    names = [features.video for features in found.features]
    document = dict(
        question=question,
        videos=[
            dict(
                video=name,
                answers=[dict(answer=a, score=score) for a, score in answers],
            )
            for name, answers in zip(names, best)
        ],
        skipped=found.skipped_values,
    )
    rows = [
        [name_of(name) if place == 0 else '', text, _shown(score)]
        for name, answers in zip(names, best)
        for place, (text, score) in enumerate(answers)
    ]
    table = make_table(question, ['video', 'answer', ' score'], rows)
    return Outcome(document, table, found.status)


def _answers(
    model: Any, video: Any, question: str, choices: Any, top_k: int
) -> list[tuple[str, float | None]]:
    """Return the best answers with their scores; a count has none."""
    if model.model.task.answered_by == 'count':
        return [(str(model.count(video, question)), None)]
    return model.answer(video, question, choices or None, top_k)


def _shown(score: float | None) -> str:
    return '' if score is None else f'{score:.3f}'
