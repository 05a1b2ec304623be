# Copyright (c) clipbert_mm contributors.
"""Tables of scores and moments for people."""

import os.path as osp
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clipbert_mm.utils.printing import printable

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from rich.table import Table

_LEVELS = '▁▂▃▄▅▆▇█'


def make_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> 'Table':
    """Return a table whose columns of numbers are aligned.

    Args:
        title (str): Line above the table; empty for none.
        columns (Sequence[str]): Titles of the columns; those of numbers
            begin with a space.
        rows (Sequence[Sequence[str]]): Cells, in which nothing is markup.

    Returns:
        Table: The table.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(printable(title)) if title else None,
        title_justify='left',
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in columns:
        table.add_column(
            column.strip(),
            justify='right' if column.startswith(' ') else 'left',
            overflow='fold',
        )
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def moment(match: Mapping[str, Any]) -> str:
    """Return the best moment of a match in seconds.

    Args:
        match (Mapping[str, Any]): ``start`` and ``end``.

    Returns:
        str: The moment.

    Example:
        >>> moment(dict(start=3.5, end=4.52))
        '3.5-4.5 s'
    """
    return f'{match["start"]:.1f}-{match["end"]:.1f} s'


def clip_bars(clips: Sequence[tuple[float, float, float]]) -> str:
    """Return the scores of clips over time, as a row of bars.

    Args:
        clips (Sequence[tuple[float, float, float]]): Start, end and score in
            [0, 1] of each.

    Returns:
        str: A character for each clip.

    Example:
        >>> clip_bars([(0, 1, 0.0), (1, 2, 0.5), (2, 3, 1.0)])
        '▁▅█'
    """
    last = len(_LEVELS) - 1
    return ''.join(_LEVELS[round(score * last)] for _, _, score in clips)


def name_of(video: str) -> str:
    """Return the name of a video without its folders.

    Args:
        video (str): Path of a file.

    Returns:
        str: The name.

    Example:
        >>> name_of('videos/a.mp4')
        'a.mp4'
    """
    return osp.basename(video) or video


def plain_match(match: Mapping[str, Any]) -> dict[str, Any]:
    """Return a match as plain values, its clips as objects.

    Args:
        match (Mapping[str, Any]): Match of the inferencer.

    Returns:
        dict[str, Any]: Values for JSON.

    Example:
        >>> plain_match(dict(score=0.5, clips=[(0.0, 1.0, 0.5)]))['clips']
        [{'start': 0.0, 'end': 1.0, 'score': 0.5}]
    """
    clips = [
        dict(start=s, end=e, score=value) for s, e, value in match['clips']
    ]
    return {**match, 'clips': clips}
