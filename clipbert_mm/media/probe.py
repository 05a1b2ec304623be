# Copyright (c) clipbert_mm contributors.
"""Find out whether media files exist and can be decoded."""

import os.path as osp
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from clipbert_mm.utils.error_text import describe

from .files import media_stem
from .readers.decord_reader import silence_decord

DECODE = ('none', 'open', 'first', 'pipeline')


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
            first frame; ``'pipeline'`` runs all steps.
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
        last = len(self.steps) if self.decode == 'pipeline' else 1
        for step in self.steps[:last]:
            results.update(step(results))
        if self.decode == 'first' and 'video_reader' in results:
            frames = results['video_reader'].get_batch([0]).asnumpy()
            results['original_shape'] = frames.shape[1:3]


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
    options = _backend(step)
    kind = options.pop('backend')
    if kind in ('disk', 'local'):
        return [file for file in files if not osp.isfile(file)]
    if kind != 'lmdb':
        return None
    # The key is the stem for our steps, the file name for MMAction2's.
    key_of = _stem if hasattr(step, 'backend_args') else _file_name
    return _missing_keys(options['db_path'], {f: key_of(f) for f in files})


def store_of(step: Any) -> str:
    """Describe the storage that a step reads from.

    Two files are the same only if their storage is, too.

    Args:
        step (Any): First step of a pipeline.

    Returns:
        str: Name and options of the file backend.
    """
    options = _backend(step)
    if options['backend'] == 'disk':
        options['backend'] = 'local'
    return repr(sorted(options.items()))


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


def _backend(step: Any) -> dict:
    """Return the options of the file backend that a step reads from."""
    if hasattr(step, 'io_backend') and not hasattr(step, 'backend_args'):
        return dict(getattr(step, 'kwargs', {}), backend=step.io_backend)
    options = getattr(step, 'backend_args', None) or {}
    return dict(dict(backend='local'), **options)


def _stem(filename: str) -> str:
    return media_stem(osp.basename(filename))


def _file_name(filename: str) -> str:
    return filename if osp.splitext(filename)[1] else filename + '.mp4'
