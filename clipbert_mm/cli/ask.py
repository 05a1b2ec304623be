# Copyright (c) clipbert_mm contributors.
r"""Answer a question about videos, or about the best matches of an index.

A model of open questions chooses among the answers that it knows. Other
models choose among --options; a retrieval model takes captions as options,
with an empty question. Of an index, the videos that match the question best
are asked, or those that match --about.

Example:
    clipbert-mm ask a.mp4 "what colour is the ring"
    clipbert-mm ask videos/ "what does the cat do" --model exported \
        --options "it jumps" "it sleeps"
    clipbert-mm ask a.mp4 "" --model demo --options "a ring" "a cross"
    clipbert-mm ask library "what colour is the ring" --about "a big ring"
"""

import os.path as osp
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .options import check_texts, check_videos, open_model, usage_error
from .running import Outcome, Status, run, say
from .tables import make_table, moment, name_of
from .videos import read_videos

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.apis import ClipBERTInferencer

About = Annotated[
    str | None,
    typer.Option(
        metavar='TEXT',
        help='Text that the videos of an index are to match; default: the '
        'question.',
    ),
]
Matches = Annotated[
    int, typer.Option(min=1, metavar='N', help='Number of videos of an index.')
]


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
    about: About = None,
    matches: Matches = 3,
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

    of_index = _is_index(videos)
    if about is not None:
        if not of_index:
            raise usage_error(
                'needs the folder of an index instead of videos.', '--about'
            )
        check_texts([about], '--about')

    def work() -> Outcome:
        inferencer = open_model(model, weights, device, precision, decoder)
        if not of_index:
            return _ask_videos(inferencer, videos, question, choices, top_k)
        from clipbert_mm.library import VideoLibrary

        library = VideoLibrary(videos[0], device=device)
        return _of_matches(
            question,
            library.ask(question, inferencer, matches, about, choices, top_k),
        )

    run(work, as_json, debug)


def _is_index(videos: Sequence[str]) -> bool:
    """Return whether an argument is an index, without importing LanceDB."""
    return len(videos) == 1 and osp.isdir(osp.join(videos[0], 'videos.lance'))


def _ask_videos(
    model: 'ClipBERTInferencer',
    videos: Sequence[str],
    question: str,
    choices: Sequence[str] | None,
    top_k: int,
) -> Outcome:
    from clipbert_mm.apis.best_answers import best_answers

    def answer(video: Any) -> list[tuple[str, float | None]]:
        return best_answers(model, video, question, choices, top_k)

    found = read_videos(model, videos, answer)
    asked = [
        dict(video=features.video, answers=answer(features))
        for features in found.features
    ]
    return _outcome(question, asked, found.skipped_values)


def _of_matches(question: str, found: Sequence[dict[str, Any]]) -> Outcome:
    """Return the answers about the matches of an index, to be shown."""
    if not found:
        return Outcome(
            dict(question=question, videos=[], skipped=[]),
            'The index holds no readable video.',
            Status.NOTHING_MATCHED,
        )
    members = ('id', 'video', 'score', 'start', 'end', 'answers')
    skipped = [
        dict(video=match['video'], reason=match['reason'])
        for match in found
        if 'reason' in match
    ]
    for one in skipped:
        say(f'unreadable: {one["video"]}: {one["reason"]}')
    asked = [
        {name: match[name] for name in members}
        for match in found
        if 'reason' not in match
    ]
    return _outcome(question, asked, skipped)


def _outcome(
    question: str,
    asked: Sequence[dict[str, Any]],
    skipped: Sequence[dict[str, str]],
) -> Outcome:
    """Return the best answers about each video, to be shown."""
    columns = ['video', 'answer', ' score']
    if asked and 'start' in asked[0]:
        columns.insert(1, ' best moment')
    rows = []
    for one in asked:
        names = [name_of(one['video'])]
        names += [moment(one)] if 'start' in one else []
        for text, score in one['answers']:
            shown = '' if score is None else f'{score:.3f}'
            rows.append([*names, text, shown])
            names = [''] * len(names)  # named in the first row alone
    videos = [
        dict(
            one,
            answers=[
                dict(answer=a, score=score) for a, score in one['answers']
            ],
        )
        for one in asked
    ]
    return Outcome(
        dict(question=question, videos=videos, skipped=list(skipped)),
        make_table(question, columns, rows),
        Status.UNREADABLE if skipped else Status.FINE,
    )
