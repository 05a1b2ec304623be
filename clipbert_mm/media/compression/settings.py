# Copyright (c) clipbert_mm contributors.
"""Settings of the re-encoding of videos."""

import dataclasses
from typing import Any

from clipbert_mm.media.background import Background, check_background
from clipbert_mm.media.limits import VIDEO_LIMITS, MediaLimits
from clipbert_mm.utils.checks import check_choice


@dataclasses.dataclass(frozen=True)
class Settings:
    """Options of the encoder.

    Args:
        fps (float | None): Maximum frames per second. Defaults to None,
            the rate of the source.
        long_side (int): Maximum length of the longer side in pixels.
            Defaults to 448.
        keyframe_interval (int): Maximum number of frames from one key frame
            to the next. Defaults to 12.
        crf (int): Constant rate factor of x264, from 0 (lossless) to 51.
            Defaults to 23.
        keep_larger (bool): Keep results that are larger than their sources,
            instead of copies of the sources. Defaults to False.
        on_damage (str): ``'raise'`` refuses files of which FFmpeg reports
            damage; ``'use'`` encodes the frames that FFmpeg conceals.
            Defaults to ``'raise'``.
        limits (MediaLimits): Limits above which a source is refused.
        background (Background | None): Colour behind the transparent pixels
            of GIFs and WebPs. Defaults to None, what the file stores there.

    Raises:
        ValueError: If an option is out of range.

    Example:
        >>> Settings(fps=6).keyframe_interval
        12
    """

    fps: float | None = None
    long_side: int = 448
    keyframe_interval: int = 12
    crf: int = 23
    keep_larger: bool = False
    on_damage: str = 'raise'
    limits: MediaLimits = VIDEO_LIMITS
    background: Background | None = None

    def __post_init__(self) -> None:
        check_background('background', self.background)
        check_choice('on_damage', self.on_damage, ('raise', 'use'))
        limits: dict[str, tuple[float, float]] = dict(
            long_side=(16, 8192), keyframe_interval=(1, 1000), crf=(0, 51)
        )
        if self.fps is not None:
            limits['fps'] = (0.1, 240)
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(
                    f'{name} must be in [{least}, {most}], but got {value}.'
                )

    def of_results(self) -> dict[str, Any]:
        """Return the settings that results depend on.

        Returns:
            dict[str, Any]: All settings that are set, without the limits:
            they decide whether a source is encoded, not how.

        Example:
            >>> Settings(crf=30).of_results()['crf']
            30
        """
        own = dataclasses.asdict(self)
        del own['limits']
        if self.background is None:
            del own['background']
        else:
            own['background'] = list(self.background)  # as in JSON
        return own
