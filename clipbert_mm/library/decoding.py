# Copyright (c) clipbert_mm contributors.
"""Decode the clips of many files, in worker processes if wanted."""

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from mmengine.config import Config

from clipbert_mm.apis.clip_pipeline import ClipPipeline, Clips
from clipbert_mm.media.errors import is_media_error
from clipbert_mm.utils.error_text import first_line

# Decoded videos that wait for the model, for each worker.
_WAITING = 2
_pipeline: ClipPipeline | None = None


def decode_files(
    config: Config, paths: Sequence[str], workers: int = 0
) -> Iterator[Clips | str]:
    """Yield the clips of files, in their order.

    Args:
        config (Config): Config with ``test_dataloader``.
        paths (Sequence[str]): The files.
        workers (int): Number of processes that decode. Defaults to 0: this
            one does.

    Yields:
        Clips | str: The clips of each file, or why it is unreadable.

    Raises:
        RuntimeError: If a worker process was killed.
    """
    if not workers:
        pipeline = ClipPipeline(config)
        for path in paths:
            yield decode_file(pipeline, path)
        return
    with ProcessPoolExecutor(
        workers,
        multiprocessing.get_context('forkserver'),
        _start_worker,
        (config.to_dict(),),
    ) as pool:
        waiting: deque[Future] = deque()
        try:
            for path in paths:
                waiting.append(pool.submit(_decode_in_worker, path))
                if len(waiting) > _WAITING * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise RuntimeError(
                'a process that decodes videos was killed, perhaps for want '
                'of memory. Run the command again, with fewer --workers: it '
                'continues after the videos that are indexed.'
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def decode_file(pipeline: ClipPipeline, path: str) -> Clips | str:
    """Decode the clips of a file.

    Args:
        pipeline (ClipPipeline): Test pipeline of the model.
        path (str): The file.

    Returns:
        Clips | str: The clips, or why the file is unreadable.
    """
    try:
        return pipeline(path)
    except Exception as error:
        if not is_media_error(error):
            raise
        return getattr(error, 'reason', None) or first_line(error)


def _start_worker(config: dict[str, Any]) -> None:
    global _pipeline
    _pipeline = ClipPipeline(Config(config))


def _decode_in_worker(path: str) -> Clips | str:
    assert _pipeline is not None  # _start_worker has run
    return decode_file(_pipeline, path)
