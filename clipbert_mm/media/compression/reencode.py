# Copyright (c) clipbert_mm contributors.
"""Re-encode one video, so that a few of its frames are decoded fast."""

import shutil
from pathlib import Path
from typing import NamedTuple

from clipbert_mm.media.errors import is_media_error
from clipbert_mm.media.opening import open_video
from clipbert_mm.media.reading import open_media
from clipbert_mm.utils.error_text import describe

from .encoding import encode
from .output import write_whole
from .settings import Settings
from .source import open_frames
from .timeline import Timeline, timeline_of

ENCODED, COPIED, LARGER = 'encoded', 'copied', 'larger'


class Reencoded(NamedTuple):
    """What became of a video.

    Args:
        kind (str): ``'encoded'``; ``'copied'``, because it would have become
            larger; or ``'larger'``, encoded in spite of that.
        source_bytes (int): Size of the source in bytes.
        source_mtime_ns (int): Time of its last change, in nanoseconds.
        num_bytes (int): Size of the result in bytes.
        note (str): Reason why a result is larger than its source, or empty.
    """

    kind: str
    source_bytes: int
    source_mtime_ns: int
    num_bytes: int
    note: str = ''


def reencode(source: Path, target: Path, settings: Settings) -> Reencoded:
    """Encode a source as h264 in mp4, without sound.

    The target appears when it is complete. A source that would become larger
    is copied unchanged instead, unless the settings say otherwise.

    Args:
        source (Path): Video, GIF or animated WebP.
        target (Path): Path of the result; its folder is created.
        settings (Settings): Options of the encoder.

    Returns:
        Reencoded: What became of it.

    Raises:
        MediaError: If the source is not a video, ends early, is damaged or
            above a limit.
        WriteError: If the target cannot be written.
        OSError: If the source cannot be read.
    """
    status = source.stat()
    before = (status.st_size, status.st_mtime_ns)
    with write_whole(target) as output:
        with open_frames(
            source, settings.on_damage, settings.limits, settings.background
        ) as frames:
            timeline = timeline_of(frames, settings.fps)
            encode(frames, timeline, settings, output)
        after = output.tell()
        if after <= status.st_size:
            return Reencoded(ENCODED, *before, after)
        reason = _reason_to_keep(source, timeline, settings)
        if reason:
            return Reencoded(LARGER, *before, after, reason)
        output.clear()
        with open_media(str(source), limits=settings.limits) as file:
            shutil.copyfileobj(file, output)
        return Reencoded(COPIED, *before, output.tell())


def _reason_to_keep(
    source: Path, timeline: Timeline, settings: Settings
) -> str:
    """Return why a larger result is better than its source, or nothing."""
    if settings.keep_larger:
        return '--keep-larger'
    if settings.background is not None:
        return '--background'
    if timeline.drops:
        return 'its source has a higher frame rate than --fps'
    try:
        with open_video(source) as reader:
            reader.get_batch([0, len(reader) - 1])
    except Exception as error:
        if not is_media_error(error):
            raise
        return f'its source is not readable as it is: {describe(error)}'
    return ''
