# Copyright (c) clipbert_mm contributors.
"""Bring an index up to date with files."""

import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Sequence

from .encoding import Engine
from .file_facts import FileFacts, compare, digest_of, reachable_files
from .shard import WHOLE, Shard
from .store import ClipRow, IndexStore, VideoRow
from .student_tables import StudentTables

#: Called with the numbers of files that are done, and of all.
Progress = Callable[[int, int], None]

# Videos that are written at a time.
_BLOCK = 16


@dataclasses.dataclass
class UpdateReport:
    """What an update has changed.

    Args:
        added (int): New files. Defaults to 0.
        changed (int): Files whose content had changed. Defaults to 0.
        moved (int): Files under another name. Defaults to 0.
        removed (int): Files that are gone. Defaults to 0.
        same (int): Files that were up to date. Defaults to 0.
        unreadable (list[tuple[str, str]]): Files that could not be read, with
            the reasons. Defaults to none.
        video_seconds (float): Duration of what was indexed, seconds.
            Defaults to 0.
        grid_bytes (int): Bytes of its grids. Defaults to 0.
        seconds (float): Time that the update took. Defaults to 0.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    same: int = 0
    unreadable: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    video_seconds: float = 0.0
    grid_bytes: int = 0
    seconds: float = 0.0

    def bytes_per_hour(self) -> float:
        """Return the bytes of the grids of an hour of video.

        Returns:
            float: Bytes; 0 if nothing was indexed.
        """
        hours = self.video_seconds / 3600
        return self.grid_bytes / hours if hours else 0.0


def update_index(
    store: IndexStore,
    engine: Engine,
    paths: Iterable[str],
    progress: Progress | None = None,
    shard: Shard = WHOLE,
) -> UpdateReport:
    """Bring an index up to date with files.

    Files that are neither new nor changed are not read; a file that was moved
    or renamed is found again by its content. Files of the index that are not
    among the paths are removed. What was written before an interruption
    stays.

    Args:
        store (IndexStore): The index.
        engine (Engine): What encodes files.
        paths (Iterable[str]): All files that the index should hold.
        progress (Progress | None): Called after each file. Defaults to None.
        shard (Shard): Files that are looked at, of the index and of the
            paths. Defaults to all.

    Returns:
        UpdateReport: What has changed.
    """
    begin = time.monotonic()
    report = UpdateReport()
    store.remove_orphans(shard.numbers)
    rows = [row for row in store.videos() if shard.owns(row.facts.path)]
    own = (path for path in map(os.path.abspath, paths) if shard.owns(path))
    found, gone = reachable_files(own)
    changes = compare(found, {row.facts.path: row.facts for row in rows})
    report.same = len(changes.same)
    report.unreadable += gone
    by_path = {row.facts.path: row for row in rows}
    lost = {path: by_path[path] for path in changes.missing}
    moved = _moved(changes.new, lost.values())
    store.replace(list(moved.values()))
    kept = {row.video for row in moved.values()}
    gone_ids = [row.video for row in lost.values() if row.video not in kept]
    outdated = [by_path[facts.path].video for facts in changes.changed]
    StudentTables(store).remove([*gone_ids, *outdated])
    store.remove([*gone_ids, *outdated])
    added = [facts for facts in changes.new if facts.path not in moved]
    report.moved, report.removed = len(moved), len(gone_ids)
    report.added, report.changed = len(added), len(outdated)
    wanted = [*added, *changes.changed]
    _index(store, engine, wanted, progress, report, shard)
    report.seconds = time.monotonic() - begin
    return report


def _moved(
    new: Iterable[FileFacts], lost: Iterable[VideoRow]
) -> dict[str, VideoRow]:
    """Return the rows of lost files that have another path now, by it."""
    by_digest = {row.digest: row for row in lost if row.digest}
    moved = {}
    for facts in new if by_digest else ():
        row = by_digest.pop(digest_of(facts.path), None)
        if row is not None:
            moved[facts.path] = row._replace(facts=facts)
    return moved


def _index(
    store: IndexStore,
    engine: Engine,
    wanted: Sequence[FileFacts],
    progress: Progress | None,
    report: UpdateReport,
    shard: Shard,
) -> None:
    """Encode and write files, a block at a time."""
    first = store.next_number(shard.numbers)
    videos: list[VideoRow] = []
    clips: list[ClipRow] = []
    for done, one in enumerate(engine(wanted) if wanted else (), 1):
        facts, number = wanted[one.position], first + one.position
        reason, rows = '', one.clips
        if isinstance(rows, str):
            report.unreadable.append((facts.path, rows))
            reason, rows = rows, []
        end = max((clip.end for clip in rows), default=0.0)
        report.video_seconds += end
        report.grid_bytes += sum(len(clip.grid) for clip in rows)
        videos.append(
            VideoRow(number, facts, one.digest, len(rows), end, reason)
        )
        clips += [clip._replace(video=number) for clip in rows]
        if len(videos) == _BLOCK or done == len(wanted):
            store.add(videos, clips)
            videos, clips = [], []
        if progress is not None:
            progress(done, len(wanted))
