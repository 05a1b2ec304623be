# Copyright (c) clipbert_mm contributors.
"""Look after an index of videos.

`stats` counts what is in it, its student included, `verify` checks that it is
complete and fits the files, `compact` merges small files and removes old
versions, `export` writes its tables as Parquet, and `eval` searches it by the
queries of a CSV file with the columns query and video: recall and cost of
every tier.

Example:
    clipbert-mm library stats library
    clipbert-mm library verify library --json
    clipbert-mm library compact library --keep-days 0
    clipbert-mm library export library --out tables/
    clipbert-mm library eval library --queries queries.csv
"""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .options import usage_error
from .running import Outcome, Status, run
from .search import Index
from .tables import make_table

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.library.store import IndexStore


class Action(str, enum.Enum):
    """What to do with an index."""

    STATS = 'stats'
    VERIFY = 'verify'
    COMPACT = 'compact'
    EXPORT = 'export'
    EVAL = 'eval'


def library(
    action: Annotated[
        Action,
        typer.Argument(
            metavar='ACTION',
            help='stats, verify, compact, export or eval.',
            show_default=False,
        ),
    ],
    index: Index,
    keep_days: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar='DAYS',
            help='Age up to which compact keeps old versions, which other '
            'processes may be reading.',
        ),
    ] = 7.0,
    out: Annotated[
        str | None,
        typer.Option(metavar='DIR', help='Folder for the tables of export.'),
    ] = None,
    queries: Annotated[
        str | None,
        typer.Option(metavar='FILE', help='Queries of eval, a CSV file.'),
    ] = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Look after an index of videos."""
    if action is Action.EVAL:
        if queries is None:
            raise usage_error('eval needs a file.', '--queries')
        run(lambda: evaluate(index, queries), as_json, debug)
    if action is Action.EXPORT and out is None:
        raise usage_error('export needs a folder.', '--out')
    run(lambda: care(action, index, keep_days, out), as_json, debug)


def care(
    action: Action, index: str, keep_days: float, out: str | None
) -> Outcome:
    """Look after an index.

    Args:
        action (Action): What to do.
        index (str): Folder of the index.
        keep_days (float): Age up to which old versions stay.
        out (str | None): Folder for an export.

    Returns:
        Outcome: What was found.
    """
    from clipbert_mm.library.store import IndexStore
    from clipbert_mm.library.verifying import verify

    store = IndexStore(index)
    document: dict[str, Any] = dict(index=index)
    if action is Action.VERIFY:
        problems = verify(store)
        document['problems'] = problems
        shown = '\n'.join(problems) or f'{index}: no problems.'
        return Outcome(
            document, shown, Status.FAILED if problems else Status.FINE
        )
    if action is Action.EXPORT and out is not None:
        document['files'] = [str(path) for path in store.export(out)]
        return Outcome(document, '\n'.join(document['files']))
    if action is Action.COMPACT:
        store.compact(keep_days)
    document.update(count(store))
    lines = [f'{name}: {value}' for name, value in document.items()]
    return Outcome(document, '\n'.join(lines))


def evaluate(index: str, queries: str) -> Outcome:
    """Search an index by the queries of a file.

    Args:
        index (str): Folder of the index.
        queries (str): CSV file.

    Returns:
        Outcome: Recall and cost of every tier.
    """
    from clipbert_mm.library import VideoLibrary

    found = VideoLibrary(index).evaluate(queries)
    columns = [f' {name}' for name in next(iter(found.values()))]
    rows = [
        [tier, *(f'{value:.4g}' for value in values.values())]
        for tier, values in found.items()
    ]
    document = dict(index=index, queries=queries, tiers=found)
    return Outcome(document, make_table('', ['tier', *columns], rows))


def count(store: 'IndexStore') -> dict[str, Any]:
    """Count what is in an index.

    Args:
        store (IndexStore): The index.

    Returns:
        dict[str, Any]: Model, numbers of videos and clips, hours and bytes;
        of the student, whether there is one, videos that have vectors, and
        bytes.
    """
    from clipbert_mm.library.student_rows import (
        VECTORS,
        WEIGHTS,
        count_vectors,
        has_student,
    )

    rows = store.videos()
    about = store.description
    folder = Path(store.location)
    return dict(
        model=about.model,
        precision=about.precision,
        videos=sum(row.clips > 0 for row in rows),
        unreadable=sum(row.clips == 0 for row in rows),
        clips=sum(row.clips for row in rows),
        hours=round(sum(row.seconds for row in rows) / 3600, 3),
        bytes=_bytes_in(folder),
        student=has_student(store),
        student_videos=len(count_vectors(store)),
        student_bytes=sum(
            _bytes_in(folder / f'{t}.lance') for t in (WEIGHTS, VECTORS)
        ),
    )


def _bytes_in(folder: Path) -> int:
    files = (file for file in folder.rglob('*') if file.is_file())
    return sum(file.stat().st_size for file in files)
