# Copyright (c) clipbert_mm contributors.
"""Test pipeline of a config, from a file or frames to clips with times."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.transforms import PadFrames
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import IMAGE_LIMITS, read_limits
from clipbert_mm.media.opening import read_image
from clipbert_mm.media.options import ON_DAMAGE
from clipbert_mm.media.readers.array_reader import ArrayReader
from clipbert_mm.media.reading import is_image
from clipbert_mm.media.video_reader import VideoReader
from clipbert_mm.utils.checks import check_choice
from clipbert_mm.utils.config_settings import TOKENIZE

from .video_inputs import VideoFrames

# Texts of a call are tokenised apart from its videos.
_TEXT_STEPS = frozenset({*TOKENIZE, 'MaskTokens', 'PackActionInputs'})
_VIDEO_LOADERS = frozenset({'LoadVideo', 'DecordInit', 'PyAVInit'})
_IMAGE_LOADER = 'LoadImageClip'
# Options that say where a transform reads files from.
_BACKEND_OPTIONS = ('io_backend', 'db_path', 'backend_args')


class Clips(NamedTuple):
    """Decoded clips of a video.

    Args:
        frames (np.ndarray): uint8 ``(C, ch, T, H, W)``.
        times (tuple[tuple[float, float], ...]): Start and end of each clip
            in seconds.
        image_shape (tuple[int, int]): Height and width of the frames without
            their padding, pixels.
    """

    frames: np.ndarray
    times: tuple[tuple[float, float], ...]
    image_shape: tuple[int, int]


class ClipPipeline:
    """Test pipeline of a config up to the frames, for any video.

    It reads files of the local disk, decoded frames, and still images, which
    a model of videos sees as a video of one frame.

    Args:
        config (Config): Config with ``test_dataloader``.
        decoder (str | None): Decoder of ``LoadVideo``. Defaults to None, that
            of the config.
        on_damage (str | None): ``on_damage`` of ``LoadVideo``. Damaged images
            stay unreadable. Defaults to None, that of the config.
        limits (Mapping[str, Any] | None): Limits above which a file is
            unreadable, a still image too, such as ``dict(pixels=10**8)``.
            Defaults to None, those of the config.

    Raises:
        TypeError: If a limit is unknown.
        ValueError: If an option has no such value, or the config has no
            test pipeline, or reads no videos by ``LoadVideo``.

    Example:
        >>> pipeline = ClipPipeline(
        ...     Config.fromfile('config.py'))  # doctest: +SKIP
        >>> pipeline('a.mp4').times[0]  # doctest: +SKIP
        (0.0, 1.0)
    """

    def __init__(
        self,
        config: Config,
        decoder: str | None = None,
        on_damage: str | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        if on_damage is not None:
            check_choice('on_damage', on_damage, ON_DAMAGE)
        _check_pipeline(config)
        self._image_limits = read_limits(limits, IMAGE_LIMITS)
        init_default_scope(config.get('default_scope', 'mmaction'))
        steps = [
            {k: v for k, v in step.items() if k not in _BACKEND_OPTIONS}
            for step in config.test_dataloader.dataset.pipeline
            if step['type'] not in _TEXT_STEPS
        ]
        self.reads_images = steps[0]['type'] == _IMAGE_LOADER
        given: dict[str, Any] = dict(limits=limits)
        if not self.reads_images:
            given.update(decoder=decoder, on_damage=on_damage)
        _set_options(steps[0], given)
        self._loader, *self._rest = [TRANSFORMS.build(step) for step in steps]
        self._opens_videos = steps[0]['type'] in _VIDEO_LOADERS

    def __call__(self, video: str | VideoFrames) -> Clips:
        """Decode the clips of a video.

        Args:
            video (str | VideoFrames): File, or decoded frames.

        Returns:
            Clips: Frames and times of the clips.

        Raises:
            MediaError: If the file is unreadable, or not of the kind that
                the model reads.
            OSError: If the file cannot be read.
            ValueError: If frames have a wrong shape, type or rate.
        """
        results = self._load(video)
        times = _image_times(results)
        image_shape = None
        for transform in self._rest:
            if isinstance(transform, PadFrames):
                image_shape = results['img_shape']
            results = transform(results)
            if times is None and 'frame_inds' in results:
                times = _clip_times(results)
        frames = results['imgs']
        return Clips(frames, times or (), image_shape or frames.shape[-2:])

    def _load(self, video: str | VideoFrames) -> dict[str, Any]:
        if isinstance(video, VideoFrames):
            return self._load_frames(
                ArrayReader(video.array(), video.fps), video.video
            )
        if not self.reads_images and is_image(video):
            reader = ArrayReader(
                read_image(video, limits=self._image_limits)[None], 1.0
            )
            return self._load_frames(reader, video)
        return self._loader(_fields(video))

    def _load_frames(self, reader: ArrayReader, name: str) -> dict[str, Any]:
        results = _fields(name)
        if self._opens_videos:
            results.update(
                video_reader=reader,
                total_frames=len(reader),
                avg_fps=reader.get_avg_fps(),
                key_frame_inds=reader.get_key_indices(),
            )
            return results
        if len(reader) > 1:
            raise MediaError(
                name, f'the model reads still images, not {len(reader)} frames'
            )
        image = reader.get_batch([0]).asnumpy()[0]
        results.update(
            imgs=[image],
            num_clips=1,
            clip_len=1,
            original_shape=image.shape[:2],
            img_shape=image.shape[:2],
        )
        return results


def _check_pipeline(config: Config) -> None:
    loader = config.get('test_dataloader') or {}
    if not (loader.get('dataset') or {}).get('pipeline'):
        raise ValueError(
            'The config needs a pipeline in test_dataloader.dataset, which '
            'says how videos are read, but has none. Use a config with '
            'test_dataloader, or export the model with it.'
        )


def _set_options(step: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Write the options that are not None into the step that opens files."""
    for name, value in given.items():
        if value is None:
            continue
        if step['type'] not in ('LoadVideo', _IMAGE_LOADER):
            raise ValueError(
                f'{name}={value!r} needs a config that begins with '
                f'LoadVideo, but it begins with {step["type"]!r}.'
            )
        step[name] = value


def _fields(name: str) -> dict[str, Any]:
    return dict(filename=name, video_id=name, modality='RGB', start_index=0)


def _image_times(
    results: dict[str, Any],
) -> tuple[tuple[float, float], ...] | None:
    return ((0.0, 0.0),) if 'imgs' in results else None


def _clip_times(results: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    """Return start and end of the sampled clips in seconds."""
    reader: VideoReader = results['video_reader']
    stamps = np.asarray(reader.get_frame_timestamp(results['frame_inds']))
    stamps = stamps.reshape(results['num_clips'], -1, 2)
    return tuple(
        (_seconds(clip[0, 0]), _seconds(clip[-1, 1])) for clip in stamps
    )


def _seconds(value: float) -> float:
    """Return a time without the noise of single precision."""
    return round(float(value), 6)
