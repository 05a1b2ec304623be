# Copyright (c) clipbert_mm contributors.
"""Visual tokens of a video, which every call accepts instead of the video."""

import dataclasses

from torch import Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class VideoFeatures:
    """Visual tokens of the clips of one video, on the CPU.

    Args:
        video (str): Name of the video.
        tokens (Tensor): float32 ``(C, V, D)``.
        clips (tuple[tuple[float, float], ...]): Start and end of each clip
            in seconds.
        model (str): Digest of the model that computed them.
    """

    video: str
    tokens: Tensor
    clips: tuple[tuple[float, float], ...]
    model: str


@dataclasses.dataclass(frozen=True)
class SkippedVideo:
    """A video that was left out.

    Args:
        video (str): Name of the video.
        reason (str): Why it was left out.
    """

    video: str
    reason: str
