# Copyright (c) clipbert_mm contributors.
"""Find the videos of an index that look like one of them.

Stored grids are compared, so no video is decoded and no model is loaded.

Example:
    clipbert-mm similar library videos/a.mp4
    clipbert-mm similar library videos/a.mp4 --top-k 3 --json
"""

from . import options
from .options import OneVideo
from .rank import TopK
from .running import Outcome, Status, run
from .search import Index
from .tables import make_table, name_of


def similar(
    index: Index,
    video: OneVideo,
    top_k: TopK = 10,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Find the videos of an index that look like one."""
    run(lambda: find(index, video, top_k), as_json, debug)


def find(index: str, video: str, top_k: int) -> Outcome:
    """Find similar videos.

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
    if not matches:
        return Outcome(
            dict(video=video, matches=[]),
            'The index holds no other video.',
            Status.NOTHING_MATCHED,
        )
    rows = [
        [str(place), f'{match["cosine"]:.3f}', name_of(match['video'])]
        for place, match in enumerate(matches, 1)
    ]
    table = make_table(
        f'like {name_of(video)}', [' #', ' cosine', 'video'], rows
    )
    return Outcome(dict(video=video, matches=matches), table)
