# Copyright (c) clipbert_mm contributors.
"""Find out whether media files exist and can be decoded."""

import os.path as osp
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from clipbert_mm.utils.error_text import describe

from .backends import backend_of
from .files import media_stem
from .limits import VIDEO_LIMITS
from .opening import open_video
from .readers.decord_reader import silence_decord
from .reading import is_image


class Probe(NamedTuple):
    """Properties of a media file.

    Args:
        error (str | None): Reason why it cannot be decoded.
        frames (int | None): Number of frames, if it is a video.
        fps (float | None): Frames per second, if it is a video.
        size (tuple[int, int] | None): Width and height in pixels.
    """

    error: str | None = None
    frames: int | None = None
    fps: float | None = None
    size: tuple[int, int] | None = None


class MediaProbe:
    """Decoder of media files by the first steps of a pipeline.

    Args:
        steps (Sequence[Callable]): Transforms without those of texts; the
            first one opens a file.
        decode (str): ``'open'`` opens the file; ``'first'`` also decodes its
            first frame; ``'pipeline'`` runs all steps; ``'all'`` also decodes
            every frame of a video, and fails if FFmpeg reports damage.
    """

    def __init__(self, steps: Sequence[Callable], decode: str) -> None:
        self.steps = list(steps)
        self.decode = decode

    def __call__(self, filename: str) -> Probe:
        """Decode a media file.

        Args:
            filename (str): Path of the file, as the dataset names it.

        Returns:
            Probe: Properties of the file, or the reason why it cannot be
            decoded.
        """
        silence_decord()  # the probe returns its errors
        results: dict[str, Any] = dict(
            filename=filename,
            rng=np.random.default_rng(0),
            modality='RGB',
            start_index=0,
        )
        error = None
        try:
            self._read(results)
        except Exception as raised:  # of any kind: the check lists it
            error = describe(raised)
        height, width = results.get('original_shape', (None, None))
        return Probe(
            error,
            results.get('total_frames'),
            results.get('avg_fps'),
            None if width is None else (int(width), int(height)),
        )

    def _read(self, results: dict) -> None:
        if self.decode == 'all':
            self._decode_whole(results['filename'])
        last = len(self.steps) if self.decode in ('pipeline', 'all') else 1
        for step in self.steps[:last]:
            results.update(step(results))
        if self.decode == 'first' and 'video_reader' in results:
            frames = results['video_reader'].get_batch([0]).asnumpy()
            results['original_shape'] = frames.shape[1:3]

    def _decode_whole(self, filename: str) -> None:
        step = self.steps[0]
        options = backend_of(step)
        limits = getattr(step, 'limits', VIDEO_LIMITS)
        if is_image(filename, options, limits):
            return  # the pipeline decodes the whole image
        open_video(
            filename, on_damage='scan', limits=limits, backend_args=options
        ).close()


def find_missing(step: Any, files: Sequence[str]) -> list[str] | None:
    """Return the media files that a pipeline will not find.

    Args:
        step (Any): First step of the pipeline.
        files (Sequence[str]): Paths of the media, as the dataset names them.

    Returns:
        list[str] | None: The missing files; None if the step reads neither
        from a disk nor from an LMDB.

    Raises:
        OSError: If the LMDB cannot be opened.
    """
    options = backend_of(step)
    kind = options.pop('backend')
    if kind in ('disk', 'local'):
        return [file for file in files if not osp.isfile(file)]
    if kind != 'lmdb':
        return None
    # The key is the stem for our steps, the file name for MMAction2's.
    key_of = _stem if hasattr(step, 'backend_args') else _file_name
    return _missing_keys(options['db_path'], {f: key_of(f) for f in files})


def _missing_keys(path: str, keys: dict[str, str]) -> list[str]:
    """Return the files of ``keys`` (file: key) that an LMDB lacks."""
    import lmdb  # optional

    try:
        with (
            lmdb.open(
                path, readonly=True, lock=False, readahead=False, create=False
            ) as environment,
            environment.begin() as view,
        ):
            return [f for f, k in keys.items() if view.get(k.encode()) is None]
    except lmdb.Error as error:
        raise OSError(
            f'The LMDB {path!r} cannot be opened: {error}. Check '
            'db_path of the first step of the pipeline.'
        ) from error


def _stem(filename: str) -> str:
    return media_stem(osp.basename(filename))


def _file_name(filename: str) -> str:
    return filename if osp.splitext(filename)[1] else filename + '.mp4'
