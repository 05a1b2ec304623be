# Copyright (c) clipbert_mm contributors.
"""Find out whether media are there and can be decoded."""

import os.path as osp
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import decord
import numpy as np

# before the host packages: it checks and repairs them
from .errors import describe
from .files import media_stem

DECODE = ('none', 'open', 'first', 'pipeline')


class Probe(NamedTuple):
    """What is known of a medium; ``error`` is why it cannot be decoded."""

    error: str | None = None
    frames: int | None = None
    fps: float | None = None
    size: tuple[int, int] | None = None


class MediaProbe:
    """Decode a medium by the first steps of a pipeline.

    Args:
        steps (Sequence[Callable]): The transforms, without those of texts;
            the first opens a file.
        decode (str): ``'open'``; ``'first'``, its first frame; or
            ``'pipeline'``, all that the steps do.
    """

    def __init__(self, steps: Sequence[Callable], decode: str) -> None:
        self.steps = list(steps)
        self.decode = decode

    def __call__(self, filename: str) -> Probe:
        """Decode a medium.

        Args:
            filename (str): As the dataset names it.

        Returns:
            Probe: What is known of it.
        """
        decord.logging.set_level(decord.logging.QUIET)  # errors are listed
        results: dict[str, Any] = dict(
            filename=filename,
            rng=np.random.default_rng(0),
            modality='RGB',
            start_index=0,
        )
        error = None
        try:
            self._read(results)
        except Exception as raised:  # whatever it is, it is to be listed
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
    """The media that are not where a pipeline looks for them.

    Args:
        step (Any): Its first step.
        files (Sequence[str]): The media as the dataset names them.

    Returns:
        list[str] | None: Those that are not there; None if the step reads
        neither from a disk nor from an LMDB.

    Raises:
        OSError: If the LMDB cannot be opened.
    """
    options = _backend(step)
    kind = options.pop('backend')
    if kind in ('disk', 'local'):
        return [file for file in files if not osp.isfile(file)]
    if kind != 'lmdb':
        return None
    # The stem is the key for our steps, the name of a file for MMAction2's.
    key_of = _stem if hasattr(step, 'backend_args') else _file_name
    return _missing_keys(options['db_path'], {f: key_of(f) for f in files})


def _missing_keys(path: str, keys: dict[str, str]) -> list[str]:
    import lmdb  # late: an option of MMEngine, which not all need

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
    """The options of MMEngine's file backend that a step reads from."""
    if hasattr(step, 'io_backend') and not hasattr(step, 'backend_args'):
        return dict(getattr(step, 'kwargs', {}), backend=step.io_backend)
    options = getattr(step, 'backend_args', None) or {}
    return dict(dict(backend='local'), **options)


def store_of(step: Any) -> str:
    """Where a step reads from, to tell equal names of two places apart.

    Args:
        step (Any): The first step of a pipeline.

    Returns:
        str: The backend and its options.
    """
    options = _backend(step)
    if options['backend'] == 'disk':
        options['backend'] = 'local'
    return repr(sorted(options.items()))


def _stem(filename: str) -> str:
    return media_stem(osp.basename(filename))


def _file_name(filename: str) -> str:
    return filename if osp.splitext(filename)[1] else filename + '.mp4'
