# Copyright (c) clipbert_mm contributors.
"""Encode files for an index on a Ray cluster."""

import copy
import math
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from clipbert_mm.apis.clip_pipeline import ClipPipeline
from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.utils.extras import import_extra

from .decoding import decode_file
from .encoding import EncodedVideo, Engine, encode_clips
from .file_facts import FileFacts, digest_of

EXTRA = 'ray'
# Files of a block, which Ray repeats as a whole if its worker dies.
_BLOCK = 8


def ray_engine(
    model: VideoTextModel,
    precision: str,
    workers: int = 0,
    address: str | None = None,
) -> Engine:
    """Return an engine that decodes and encodes through Ray Data.

    Actors of one CPU each decode files, and others encode them: one for each
    GPU of the cluster, or one with a CPU where there is none. All nodes have
    the package, and reach the files under the same paths. Ray repeats the
    work of processes and nodes that die.

    Args:
        model (VideoTextModel): Model of the index.
        precision (str): Precision of the grids.
        workers (int): Number of actors that decode. Defaults to 0: as many
            as there are CPUs left.
        address (str | None): Address of the cluster, such as ``'auto'``.
            Defaults to None: a cluster of this machine, for this run alone,
            unless one is connected already.

    Returns:
        Engine: The engine, which yields files as they are finished.

    Raises:
        ImportError: If Ray is not installed.
        ValueError: When it runs, if the cluster has too few CPUs.
    """
    ray = import_extra('ray', EXTRA)
    import_extra('ray.data', EXTRA)

    def encode(files: Sequence[FileFacts]) -> Iterator[EncodedVideo]:
        with connected(ray, address):
            rows = _encoded_rows(ray, model, precision, workers, files)
            for row in rows.iter_rows():
                clips = pickle.loads(row['clips'])
                yield EncodedVideo(row['position'], row['digest'], clips)

    return encode


class Actors(NamedTuple):
    """Actors of a run.

    Args:
        decoders (int): Number of those that decode.
        encoders (int): Number of those that encode.
        unit (str): What an encoder has one of: ``'num_cpus'`` or
            ``'num_gpus'``.
    """

    decoders: int
    encoders: int
    unit: str


def plan_actors(cpus: int, gpus: int, workers: int = 0) -> Actors:
    """Divide a cluster among actors, so that none waits for ever.

    Args:
        cpus (int): CPUs of the cluster.
        gpus (int): GPUs of the cluster.
        workers (int): Number of actors that decode. Defaults to 0: all CPUs
            that are left.

    Returns:
        Actors: The actors.

    Raises:
        ValueError: If the cluster has too few CPUs.

    Example:
        >>> plan_actors(16, 2)
        Actors(decoders=16, encoders=2, unit='num_gpus')
        >>> plan_actors(2, 0)
        Actors(decoders=1, encoders=1, unit='num_cpus')
    """
    left = cpus if gpus else cpus - 1
    if left < max(1, workers):
        also = '' if gpus else ' and one that encodes'
        raise ValueError(
            f'{max(1, workers)} actors that decode{also} need a CPU each, '
            f'but the cluster has {cpus}. Lower workers, or use '
            "engine='local'."
        )
    unit = 'num_gpus' if gpus else 'num_cpus'
    return Actors(workers or left, gpus or 1, unit)


@contextmanager
def connected(ray: Any, address: str | None) -> Iterator[None]:
    """Connect to a cluster, and leave it, unless it is connected already.

    Args:
        ray (Any): The module.
        address (str | None): Address of the cluster; None for one of this
            machine, which ends with the connection.

    Yields:
        None: While the cluster is connected.
    """
    if ray.is_initialized():
        yield
        return
    ray.init(address, include_dashboard=False, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()


def _encoded_rows(
    ray: Any,
    model: VideoTextModel,
    precision: str,
    workers: int,
    files: Sequence[FileFacts],
) -> Any:
    """Return the dataset of encoded files, which is not computed yet."""
    there = ray.cluster_resources()
    actors = plan_actors(
        int(there.get('CPU', 0)), int(there.get('GPU', 0)), workers
    )
    sent = copy.deepcopy(model)  # other nodes may have no GPU
    sent.model.cpu()
    data = ray.data
    data.DataContext.get_current().enable_progress_bars = False
    rows = [dict(position=i, path=one.path) for i, one in enumerate(files)]
    blocks = math.ceil(len(rows) / _BLOCK)
    return (
        data.from_items(rows, override_num_blocks=blocks)
        .map(
            _Decoder,
            fn_constructor_args=(model.pipeline,),
            compute=data.ActorPoolStrategy(size=actors.decoders),
            num_cpus=1,
        )
        .map(
            _Encoder,
            fn_constructor_args=(sent, precision),
            compute=data.ActorPoolStrategy(size=actors.encoders),
            **{actors.unit: 1},
        )
    )


class _Decoder:
    """Decodes files, in a process of its own."""

    def __init__(self, pipeline: ClipPipeline) -> None:
        self._pipeline = pipeline

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        clips = decode_file(self._pipeline, row['path'])
        return dict(
            position=row['position'],
            digest=digest_of(row['path']),
            clips=pickle.dumps(clips),  # clips of files differ in shape
        )


class _Encoder:
    """Encodes the clips of files, in a process of its own."""

    def __init__(self, model: VideoTextModel, precision: str) -> None:
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        model.model.to(device)
        self._model, self._precision = model, precision

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        clips = pickle.loads(row['clips'])
        rows = encode_clips(self._model, self._precision, clips)
        return {**row, 'clips': pickle.dumps(rows)}
