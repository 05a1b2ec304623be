# Copyright (c) clipbert_mm contributors.
"""Work of the commands that rank videos."""

import os.path as osp
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clipbert_mm.utils.printing import printable

from .options import check_new_file, check_new_folder, open_model
from .running import Outcome, Status
from .tables import clip_bars, make_table, moment, name_of, plain_match
from .videos import ReadVideos, read_videos

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.apis import ClipBERTInferencer, Ranking


class RankOptions(NamedTuple):
    """Options of a ranking.

    Args:
        top_k (int): Maximum number of videos.
        min_score (float): Smallest score of a video that matches.
        html (str | None): Page to write. Defaults to None.
        clips (str | None): Folder for the best moments. Defaults to None.
        overwrite (bool): Replace files there. Defaults to False.
        unrelated (str | None): Videos to compare the best one with. Defaults
            to None.
    """

    top_k: int = 10
    min_score: float = 0.0
    html: str | None = None
    clips: str | None = None
    overwrite: bool = False
    unrelated: str | None = None


def rank_videos(
    videos: Sequence[str],
    text: str,
    opening: tuple[str, str | None, str | None, str | None, str | None],
    options: RankOptions,
) -> Outcome:
    """Rank videos by how well they match a text.

    Args:
        videos (Sequence[str]): Files, folders and patterns.
        text (str): The text.
        opening (tuple[str, str | None, str | None, str | None, str | None]):
            Arguments of :func:`~.options.open_model`.
        options (RankOptions): What to show.

    Returns:
        Outcome: The matches.
    """
    model = open_model(*opening)
    others = _read_unrelated(model, options.unrelated, text)
    found = _read(model, videos, text)
    if others is not None:
        found.skipped.extend(others.skipped)
    matches = model.rank(
        text,
        found.features,
        options.top_k,
        min_score=options.min_score,
        unrelated=others and others.features,
    )
    document: dict[str, Any] = dict(
        text=text,
        matches=[plain_match(match) for match in matches],
        nothing_matches=matches.nothing_matches,
        skipped=found.skipped_values,
    )
    if matches.background is not None:
        document['chance'] = matches.background.chance
    skipped = [(v.video, v.reason) for v in found.skipped]
    note = _note(text, matches)
    write_outputs(document, text, matches, options, skipped, note)
    status = found.status
    if matches.nothing_matches and status == Status.FINE:
        status = Status.NOTHING_MATCHED
    return Outcome(document, _shown(text, matches), status)


def _read(
    model: 'ClipBERTInferencer', videos: Sequence[str], text: str
) -> ReadVideos:
    return read_videos(model, videos, lambda video: model.rank(text, [video]))


def _read_unrelated(
    model: 'ClipBERTInferencer', videos: str | None, text: str
) -> ReadVideos | None:
    """Read the unrelated videos first: too few are an error."""
    from clipbert_mm.apis.background import check_unrelated

    if videos is None:
        return None
    found = _read(model, [videos], text)
    check_unrelated(len(found.features))
    return found


def check_outputs(options: RankOptions) -> None:
    """Raise unless the page and the moments can be written, before work.

    Args:
        options (RankOptions): What to show.

    Raises:
        typer.BadParameter: If a file or a folder is in the way.
    """
    kinds = ('.html', '.htm')
    check_new_file(options.html, '--html', kinds, options.overwrite)
    check_new_folder(options.clips, '--save-clips', options.overwrite)


def write_outputs(
    document: dict[str, Any],
    text: str,
    matches: Sequence[dict[str, Any]],
    options: RankOptions,
    skipped: Sequence[tuple[str, str]] = (),
    note: str = '',
) -> None:
    """Write the page and the moments that are asked for.

    Args:
        document (dict[str, Any]): Result, which gets the names of the files.
        text (str): The text.
        matches (Sequence[dict[str, Any]]): Matches, best first.
        options (RankOptions): What to show.
        skipped (Sequence[tuple[str, str]]): Unreadable videos and why.
            Defaults to none.
        note (str): Sentence for the page. Defaults to none.
    """
    if options.html is not None:
        from clipbert_mm.visualization.html_report import save_html_report

        save_html_report(options.html, text, matches, skipped, note)
        document['html'] = options.html
    if options.clips is not None:
        saved = save_moments(matches, options.clips, options.overwrite)
        for match, file in zip(document['matches'], saved):
            match['clip'] = file


def save_moments(
    matches: Sequence[dict[str, Any]], folder: str, overwrite: bool
) -> list[str]:
    """Cut the best moment of each match out of its video.

    Args:
        matches (Sequence[dict[str, Any]]): Matches, best first.
        folder (str): Folder to write to.
        overwrite (bool): Replace files there.

    Returns:
        list[str]: The files.
    """
    from clipbert_mm.media.cutting import cut_moment

    files = []
    for place, match in enumerate(matches, 1):
        target = Path(folder) / moment_name(place, match)
        cut_moment(
            Path(match['video']),
            target,
            match['start'],
            match['end'],
            overwrite,
        )
        files.append(str(target))
    return files


def moment_name(place: int, match: Mapping[str, Any]) -> str:
    """Return a file name that is safe everywhere.

    Args:
        place (int): Rank of the match.
        match (Mapping[str, Any]): ``video``, ``start`` and ``end``.

    Returns:
        str: Name with the rank, the name of the video and the moment.

    Example:
        >>> moment_name(2, dict(video='v/a "b".mp4', start=3.5, end=4.5))
        '002_a_b_3.5-4.5s.mp4'
    """
    words = re.findall(r'[\w-]+', osp.splitext(name_of(match['video']))[0])
    stem = '_'.join(words).encode('utf-8', 'ignore')[:100]
    name = stem.decode('utf-8', 'ignore').strip('_') or 'video'
    return f'{place:03d}_{name}_{match["start"]:.1f}-{match["end"]:.1f}s.mp4'


def _note(text: str, matches: 'Ranking') -> str:
    """Return a sentence if nothing matches, else an empty one."""
    background = matches.background
    if background is not None and background.explains_best:
        return (
            f'No video matches {text!r}: the best of as many unrelated videos '
            f'scores as high in {100 * background.chance:.0f} % of cases.'
        )
    return '' if matches else f'No video matches {text!r}.'


def _shown(text: str, matches: 'Ranking') -> Any:
    from rich.console import Group
    from rich.text import Text

    note = Text(printable(_note(text, matches)))
    if not matches:
        return note
    table = matches_table(text, matches)
    return Group(table, note) if note else table


def matches_table(text: str, matches: Sequence[dict[str, Any]]) -> Any:
    """Return a table of matches for people.

    Args:
        text (str): Line above the table.
        matches (Sequence[dict[str, Any]]): Matches, best first.

    Returns:
        Any: The table.
    """
    columns = [' #', ' score', 'video', ' best moment', 'clips']
    rows = [
        [
            str(place),
            f'{match["score"]:.3f}',
            name_of(match['video']),
            moment(match),
            clip_bars(match['clips']),
        ]
        for place, match in enumerate(matches, 1)
    ]
    return make_table(text, columns, rows)
