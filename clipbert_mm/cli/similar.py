# Copyright (c) clipbert_mm contributors.
"""Find the videos of an index that are like one of them.

Stored grids are compared, so no video is decoded and no model is loaded: what
looks alike is found. With --captions, the model scores the other videos with
the captions that the file has of this one: what shows the same is found.

Example:
    clipbert-mm similar library videos/a.mp4
    clipbert-mm similar library videos/a.mp4 --top-k 3 --json
    clipbert-mm similar library videos/a.mp4 --captions test.jsonl
"""

from typing import Annotated, Any

import typer

from clipbert_mm.annotations.errors import AnnotationError

from . import options
from .options import OneVideo, usage_error
from .rank import TopK
from .ranking import matches_table
from .running import Outcome, Status, run
from .search import Index, OwnModel
from .tables import make_table, name_of, plain_match


def similar(
    index: Index,
    video: OneVideo,
    top_k: TopK = 10,
    captions: Annotated[
        str | None,
        typer.Option(
            metavar='FILE',
            help='Caption file, which describes the video; default: compare '
            'grids.',
        ),
    ] = None,
    tier: Annotated[
        str | None,
        typer.Option(
            help='exact, cascade or student, for captions; default: by the '
            'size.'
        ),
    ] = None,
    model: OwnModel = None,
    weights: options.Weights = None,
    device: options.Device = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Find the videos of an index that are like one."""
    opening = (model, weights, device)
    if captions is None:
        _check_only_grids(tier, opening)
        run(lambda: find(index, video, top_k), as_json, debug)
    texts = _captions(captions, video)
    run(
        lambda: find_by_captions(index, opening, video, top_k, texts, tier),
        as_json,
        debug,
    )


def _check_only_grids(tier: str | None, opening: tuple) -> None:
    """Raise if an option of captions comes without them."""
    names = ('--tier', '--model', '--weights', '--device')
    for name, value in zip(names, (tier, *opening)):
        if value is not None:
            raise usage_error(
                'is for --captions: grids are compared without a model.', name
            )


def _captions(file: str | None, video: str) -> list[str]:
    from clipbert_mm.annotations.video_captions import read_captions_of

    try:
        return read_captions_of(file or '', video)
    except (OSError, AnnotationError) as error:
        raise usage_error(str(error), '--captions') from None


def find(index: str, video: str, top_k: int) -> Outcome:
    """Find videos that look alike.

    Args:
        index (str): Folder of the index.
        video (str): A video of the index, whose file may be gone.
        top_k (int): Maximum number of videos.

    Returns:
        Outcome: The videos, the nearest first.
    """
    from clipbert_mm.library.similar_videos import find_similar
    from clipbert_mm.library.store import IndexStore

    matches = find_similar(IndexStore(index), video, top_k)
    document = dict(video=video, by='grids', matches=matches)
    if not matches:
        return _no_other(document)
    rows = [
        [str(place), f'{match["cosine"]:.3f}', name_of(match['video'])]
        for place, match in enumerate(matches, 1)
    ]
    title = f'like {name_of(video)}, by grids'
    return Outcome(
        document, make_table(title, [' #', ' cosine', 'video'], rows)
    )


def find_by_captions(
    index: str,
    opening: tuple[str | None, str | None, str | None],
    video: str,
    top_k: int,
    captions: list[str],
    tier: str | None,
) -> Outcome:
    """Find videos that the captions of one describe, too.

    Args:
        index (str): Folder of the index.
        opening (tuple[str | None, str | None, str | None]): Model, weights
            and device.
        video (str): A video of the index, whose file may be gone.
        top_k (int): Maximum number of videos.
        captions (list[str]): Captions of the video.
        tier (str | None): How to search.

    Returns:
        Outcome: The videos, best first.
    """
    from clipbert_mm.library import SearchResult, VideoLibrary

    library = VideoLibrary(index, *opening)
    found = library.similar(video, top_k, captions, tier)
    assert isinstance(found, SearchResult)  # as by captions
    document = dict(
        video=video,
        by='captions',
        captions=captions,
        tier=found.tier,
        passes=found.passes,
        matches=[plain_match(match) for match in found],
    )
    if not found:
        return _no_other(document)
    number = f'{len(captions)} caption{"s" * (len(captions) != 1)}'
    title = (
        f'like {name_of(video)}, by {number} ({found.tier}, '
        f'{found.passes} passes)'
    )
    return Outcome(document, matches_table(title, found))


def _no_other(document: dict[str, Any]) -> Outcome:
    return Outcome(
        document, 'The index holds no other video.', Status.NOTHING_MATCHED
    )
