# Copyright (c) clipbert_mm contributors.
"""Read the videos of a command, and report those that are unreadable."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .running import CommandError, Status, say

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.apis import (
        ClipBERTInferencer,
        SkippedVideo,
        VideoFeatures,
    )


class ReadVideos(NamedTuple):
    """Videos of a command.

    Args:
        features (list[VideoFeatures]): Those that could be read, at least
            one.
        skipped (list[SkippedVideo]): The others, with the reasons.
    """

    features: list['VideoFeatures']
    skipped: list['SkippedVideo']

    @property
    def status(self) -> Status:
        """Exit status of a command that used them."""
        return Status.UNREADABLE if self.skipped else Status.FINE

    @property
    def skipped_values(self) -> list[dict[str, str]]:
        """The unreadable ones as plain values."""
        return [dict(video=v.video, reason=v.reason) for v in self.skipped]


def read_videos(
    model: 'ClipBERTInferencer',
    videos: Sequence[str],
    call: Callable[[Any], Any],
) -> ReadVideos:
    """Encode videos, and print which ones cannot be read.

    Args:
        model (ClipBERTInferencer): The model.
        videos (Sequence[str]): Files, folders and patterns.
        call (Callable[[Any], Any]): What will be done with a video. It is
            tried on a black frame first, so that a wrong text is refused
            before everything is decoded.

    Returns:
        ReadVideos: The videos.

    Raises:
        CommandError: If none can be read.
    """
    import numpy as np

    from clipbert_mm.apis import VideoFeatures, VideoFrames

    call(VideoFrames(np.zeros((1, 32, 32, 3), np.uint8), 1.0))
    found = model.features(list(videos), on_error='skip')
    read = [video for video in found if isinstance(video, VideoFeatures)]
    skipped = [v for v in found if not isinstance(v, VideoFeatures)]
    for video in skipped:
        say(f'unreadable: {video.video}: {video.reason}')
    result = ReadVideos(read, skipped)
    if not read:
        raise CommandError(
            f'none of the {len(found)} videos can be read',
            Status.UNREADABLE,
            dict(skipped=result.skipped_values),
        )
    return result
