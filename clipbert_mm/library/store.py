# Copyright (c) clipbert_mm contributors.
"""Tables of an index in LanceDB: the videos, and the grids of their clips."""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from clipbert_mm.utils.extras import import_extra

from .description import Description
from .errors import LibraryError
from .file_facts import FileFacts
from .shard import NUMBERS

EXTRA = 'search'
_KEY = b'clipbert_mm'
# Table of the highest numbers of removed videos, one or more of each shard.
_REMOVED = 'removed_numbers'
_CLIP_COLUMNS = ('video', 'clip', 'start', 'end', 'grid')


class VideoRow(NamedTuple):
    """A file in an index.

    Args:
        video (int): Number of the video.
        facts (FileFacts): State of the file when it was indexed.
        digest (str): Digest of its content.
        clips (int): Number of clips; 0 for an unreadable file.
        seconds (float): End of its last clip, seconds.
        reason (str): Why it is unreadable; empty for others.
    """

    video: int
    facts: FileFacts
    digest: str
    clips: int
    seconds: float
    reason: str


class ClipRow(NamedTuple):
    """A clip in an index.

    Args:
        video (int): Number of its video.
        clip (int): Position in the video.
        start (float): Start, seconds.
        end (float): End, seconds.
        grid (bytes): Visual tokens, packed.
        vector (Sequence[float]): Mean token of length 1, ``(D, )``.
        thumbnail (bytes): JPEG.
    """

    video: int
    clip: int
    start: float
    end: float
    grid: bytes
    vector: Sequence[float]
    thumbnail: bytes


class IndexStore:
    """Index of videos in LanceDB.

    A video counts once its row is written, after the rows of its clips:
    clips without a video, which a killed run has left, are skipped by readers
    and removed by :meth:`remove_orphans`. A number names one video for ever:
    that of a removed one is not given again.

    Args:
        location (str | os.PathLike[str]): Folder of the index, or an address
            that LanceDB takes, such as ``'s3://bucket/index'``.

    Raises:
        ImportError: If LanceDB is not installed.
        LibraryError: If there is no index, or one of another version.

    Example:
        >>> store = IndexStore('index')  # doctest: +SKIP
        >>> store.count_clips()  # doctest: +SKIP
        1600
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self.location = os.fspath(location)
        if not holds_index(self.location):
            raise LibraryError(
                f'there is no index in {self.location!r}. Make one with '
                f'`clipbert-mm index FOLDER --out {self.location}`.'
            )
        database = _connect(self.location)
        self._videos = database.open_table('videos')
        self._clips = database.open_table('clips')
        metadata = self._videos.schema.metadata or {}
        self.description = Description.from_json(metadata.get(_KEY, b''))

    @classmethod
    def create(
        cls, location: str | os.PathLike[str], description: Description
    ) -> 'IndexStore':
        """Create an index without videos.

        Args:
            location (str | os.PathLike[str]): Folder, which may not hold an
                index.
            description (Description): Model and form of its grids.

        Returns:
            IndexStore: The index.

        Raises:
            LibraryError: If there is an index.
        """
        arrow = import_extra('pyarrow', EXTRA)
        name = os.fspath(location)
        if holds_index(name):
            raise LibraryError(f'{name!r} holds an index already.')
        clips = arrow.schema(
            [
                ('video', arrow.int64()),
                ('clip', arrow.int32()),
                ('start', arrow.float64()),
                ('end', arrow.float64()),
                ('grid', arrow.binary()),
                ('vector', arrow.list_(arrow.float32(), description.width)),
                ('thumbnail', arrow.binary()),
            ]
        )
        videos = arrow.schema(
            [
                ('video', arrow.int64()),
                ('path', arrow.binary()),  # names may be no Unicode
                ('size', arrow.int64()),
                ('mtime_ns', arrow.int64()),
                ('digest', arrow.string()),
                ('clips', arrow.int32()),
                ('seconds', arrow.float64()),
                ('reason', arrow.string()),
            ],
            metadata={_KEY: description.to_json().encode()},
        )
        database = _connect(name)
        if 'clips' in _tables(database):
            database.drop_table('clips')  # its maker was killed in between
        database.create_table('clips', schema=clips)
        # Now, because shards that made it at once would lose rows.
        database.create_table(
            _REMOVED, schema=_removed_schema(), exist_ok=True
        )
        database.create_table('videos', schema=videos)
        return cls(location)

    def videos(self) -> list[VideoRow]:
        """Return all files of the index, in the order of their numbers.

        Returns:
            list[VideoRow]: Readable and unreadable ones.
        """
        rows = self._videos.search().to_arrow().to_pylist()
        return sorted(_video_row(row) for row in rows)

    def find(self, video: int) -> VideoRow | None:
        """Return a file of the index.

        Args:
            video (int): Number of a video.

        Returns:
            VideoRow | None: None if there is no such video.
        """
        if not _storable([video]):
            return None
        query = self._videos.search().where(is_in([video]))
        rows = query.to_arrow().to_pylist()
        return _video_row(rows[0]) if rows else None

    def count_clips(self) -> int:
        """Return the number of clips of all videos.

        Returns:
            int: Their number.
        """
        return sum(self._numbers_of_clips())

    def count_videos(self) -> int:
        """Return the number of readable videos.

        Returns:
            int: Their number.
        """
        return sum(clips > 0 for clips in self._numbers_of_clips())

    def _numbers_of_clips(self) -> list[int]:
        """Return how many clips each file has, without its other columns."""
        rows = self._videos.search().select(['clips']).to_arrow()
        return rows['clips'].to_pylist()

    def add(
        self, videos: Sequence[VideoRow], clips: Sequence[ClipRow]
    ) -> None:
        """Add videos with their clips.

        Args:
            videos (Sequence[VideoRow]): The videos.
            clips (Sequence[ClipRow]): All of their clips.
        """
        if clips:
            self._clips.add([clip._asdict() for clip in clips])
        if videos:
            self._videos.add(_video_values(videos))

    def replace(self, videos: Sequence[VideoRow]) -> None:
        """Replace the rows of videos whose clips stay.

        Args:
            videos (Sequence[VideoRow]): Videos of the index.
        """
        if videos:
            merge = self._videos.merge_insert('video')
            merge.when_matched_update_all().execute(_video_values(videos))

    def remove(self, videos: Iterable[int]) -> None:
        """Remove videos and their clips.

        Args:
            videos (Iterable[int]): Numbers of the videos.
        """
        numbers = list(videos)
        if numbers:
            self._remember(numbers)  # before a kill can lose them
            self._videos.delete(is_in(numbers))
            self._clips.delete(is_in(numbers))

    def _remember(self, videos: Iterable[int]) -> None:
        """Record the highest numbers of videos that are to be removed."""
        highest: dict[int, int] = {}
        for video in videos:
            part = video // NUMBERS
            highest[part] = max(video, highest.get(part, -1))
        known = self._removed()
        rows = [
            dict(video=video)
            for part, video in sorted(highest.items())
            if not any(video <= one < (part + 1) * NUMBERS for one in known)
        ]
        if rows:
            self.open_or_create(_REMOVED, _removed_schema()).add(rows)

    def _removed(self) -> list[int]:
        table = self.find_table(_REMOVED)
        if table is None:
            return []
        return table.search().to_arrow()['video'].to_pylist()

    def next_number(self, among: range = range(2**63)) -> int:
        """Return a number that neither a video nor a removed one has.

        Args:
            among (range): Numbers to choose from. Defaults to all.

        Returns:
            int: A number above all that were given, as all after it are.
        """
        given = [*(row.video for row in self.videos()), *self._removed()]
        own = (video for video in given if video in among)
        return max(own, default=among.start - 1) + 1

    def remove_orphans(self, among: range = range(2**63)) -> int:
        """Remove clips that belong to no video.

        Args:
            among (range): Numbers that are looked at: others may be those
                that another process is about to write. Defaults to all.

        Returns:
            int: Number of removed clips.
        """
        known = {row.video for row in self.videos()}
        found = self._clips.search().select(['video']).to_arrow()
        numbers = set(found['video'].to_pylist()) - known
        orphans = sorted(video for video in numbers if video in among)
        if not orphans:
            return 0
        number = self._clips.count_rows(is_in(orphans))
        self._clips.delete(is_in(orphans))
        return int(number)

    def scan(
        self, clips: Sequence[int] | None = None, rows: int = 1024
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the clips of all videos, a block at a time.

        Args:
            clips (Sequence[int] | None): Positions of the clips that are
                wanted. Defaults to None: all.
            rows (int): Number of clips of a block. Defaults to 1024.

        Yields:
            list[dict[str, Any]]: ``video``, ``clip``, ``start``, ``end`` and
            ``grid`` of each clip, in the order of the table.
        """
        query = self._clips.search().select(list(_CLIP_COLUMNS))
        if clips is not None:
            query = query.where(f'clip IN ({", ".join(map(str, clips))})')
        for batch in query.to_batches(rows):
            yield batch.to_pylist()

    def take(
        self, videos: Sequence[int], columns: Sequence[str] = _CLIP_COLUMNS
    ) -> list[dict[str, Any]]:
        """Return the clips of some videos.

        Args:
            videos (Sequence[int]): Numbers of the videos.
            columns (Sequence[str]): Members. Defaults to those of
                :meth:`scan`.

        Returns:
            list[dict[str, Any]]: The clips, by video and position.
        """
        known = _storable(videos)
        if not known:
            return []
        query = self._clips.search().where(is_in(known))
        found = query.select(list(columns)).to_arrow().to_pylist()
        return sorted(found, key=lambda row: (row['video'], row['clip']))

    def nearest(
        self, vector: Sequence[float], number: int
    ) -> list[tuple[int, float]]:
        """Return the videos with the clips nearest to a vector.

        Args:
            vector (Sequence[float]): Vector of length 1, ``(D, )``.
            number (int): Number of clips that are looked up.

        Returns:
            list[tuple[int, float]]: Number of a video and cosine of each
            clip, the nearest first.
        """
        return nearest_videos(self._clips, vector, number)

    def thumbnail(self, video: int, clip: int) -> bytes:
        """Return a small image of a clip.

        Args:
            video (int): Number of the video.
            clip (int): Position of the clip.

        Returns:
            bytes: JPEG; empty if there is no such clip.
        """
        query = self._clips.search().where(
            f'video = {video} AND clip = {clip}'
        )
        rows = query.select(['thumbnail']).to_arrow().to_pylist()
        return rows[0]['thumbnail'] if rows else b''

    def find_table(self, name: str) -> Any | None:
        """Return another table of the database.

        Args:
            name (str): Its name.

        Returns:
            Any | None: Table of LanceDB; None if there is none.
        """
        database = _connect(self.location)
        return database.open_table(name) if name in _tables(database) else None

    def open_or_create(self, name: str, schema: Any) -> Any:
        """Return another table of the database.

        Args:
            name (str): Its name.
            schema (Any): ``pyarrow.Schema`` of a new one.

        Returns:
            Any: Table of LanceDB.
        """
        table = self.find_table(name)
        return self.replace_table(name, schema) if table is None else table

    def replace_table(
        self, name: str, schema: Any, rows: list[dict[str, Any]] | None = None
    ) -> Any:
        """Make another table of the database, in one step.

        Args:
            name (str): Its name; a table of that name is replaced.
            schema (Any): ``pyarrow.Schema``.
            rows (list[dict[str, Any]] | None): Its rows. Defaults to None.

        Returns:
            Any: Table of LanceDB.
        """
        database = _connect(self.location)
        mode = 'overwrite' if name in _tables(database) else 'create'
        return database.create_table(name, rows, schema=schema, mode=mode)

    def compact(self, keep_days: float = 7.0) -> None:
        """Merge small files, and remove old versions of the tables.

        Args:
            keep_days (float): Age up to which versions stay, which other
                processes may be reading. Defaults to 7.
        """
        age = timedelta(days=keep_days)
        database = _connect(self.location)
        for name in sorted(_tables(database)):
            database.open_table(name).optimize(cleanup_older_than=age)

    def export(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the tables as Parquet.

        Args:
            folder (str | os.PathLike[str]): Folder, created if missing.

        Returns:
            list[Path]: ``videos.parquet`` and ``clips.parquet``.
        """
        parquet = import_extra('pyarrow.parquet', EXTRA)
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        files = []
        for name, table in (('videos', self._videos), ('clips', self._clips)):
            files.append(target / f'{name}.parquet')
            batches = table.search().to_batches(1024)
            with parquet.ParquetWriter(files[-1], table.schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
        return files


def nearest_videos(
    table: Any, vector: Sequence[float], number: int, parts: int = 1
) -> list[tuple[int, float]]:
    """Return the videos of the rows nearest to a vector.

    Args:
        table (Any): Table of LanceDB with ``video`` and ``vector``.
        vector (Sequence[float]): Vector of length 1, ``(D, )``.
        number (int): Number of rows that are looked up.
        parts (int): Parts of the index of the table that are searched, if it
            has one; newer rows are searched in any case. Defaults to 1.

    Returns:
        list[tuple[int, float]]: Number of a video and cosine of each row, the
        nearest first.
    """
    if not table.count_rows():
        return []
    query = table.search(list(vector)).distance_type('cosine').nprobes(parts)
    found = query.select(['video', '_distance']).limit(number).to_list()
    return [(row['video'], 1 - row['_distance']) for row in found]


def holds_index(location: str | os.PathLike[str]) -> bool:
    """Return whether there is an index.

    Args:
        location (str | os.PathLike[str]): Folder, or an address that LanceDB
            takes.

    Returns:
        bool: Whether it has all tables.

    Raises:
        ImportError: If LanceDB is not installed.
    """
    name = os.fspath(location)
    if '://' not in name and not os.path.isdir(name):
        return False  # connecting would create the folder
    return {'videos', 'clips'} <= _tables(_connect(name))


def _connect(location: str) -> Any:
    lancedb = import_extra('lancedb', EXTRA)
    # Every read sees what other processes have written, a compaction too.
    return lancedb.connect(location, read_consistency_interval=timedelta(0))


def _tables(database: Any) -> set[str]:
    return set(database.list_tables().tables)


def _removed_schema() -> Any:
    arrow = import_extra('pyarrow', EXTRA)
    return arrow.schema([('video', arrow.int64())])


def _video_values(videos: Iterable[VideoRow]) -> list[dict[str, Any]]:
    return [
        dict(
            video=row.video,
            path=os.fsencode(row.facts.path),
            size=row.facts.size,
            mtime_ns=row.facts.mtime_ns,
            digest=row.digest,
            clips=row.clips,
            seconds=row.seconds,
            reason=row.reason,
        )
        for row in videos
    ]


def _video_row(values: dict[str, Any]) -> VideoRow:
    path = os.fsdecode(values['path'])
    return VideoRow(
        values['video'],
        FileFacts(path, values['size'], values['mtime_ns']),
        values['digest'],
        values['clips'],
        values['seconds'],
        values['reason'],
    )


def _storable(videos: Iterable[int]) -> list[int]:
    """Return the numbers that a table can hold; LanceDB fails at others."""
    return [video for video in videos if -(2**63) <= video < 2**63]


def is_in(videos: Iterable[int]) -> str:
    """Return the condition of SQL for the rows of some videos.

    Args:
        videos (Iterable[int]): Numbers of the videos, at least one.

    Returns:
        str: The condition.

    Example:
        >>> is_in([3, 5])
        'video IN (3, 5)'
    """
    return f'video IN ({", ".join(map(str, videos))})'
