# Copyright (c) clipbert_mm contributors.
"""ONNX graphs of CNN and head in the folder of an exported model."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from torch import Tensor

from clipbert_mm.gallery.fingerprint import tensors_digest
from clipbert_mm.models.clipbert import ClipBERT
from clipbert_mm.models.onnx.activation_ranges import activation_ranges
from clipbert_mm.models.onnx.grid_graph import grid_graph, has_grid_graph
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.onnx.onnx_matcher import open_session
from clipbert_mm.utils.error_text import first_line
from clipbert_mm.utils.whole_files import write_whole

from .exported_model import load_exported
from .exported_settings import check_folder

HEAD_FILES = {'float32': 'head.onnx', 'int8': 'head.int8.onnx'}
GRID_FILES = {'float32': 'grid.onnx', 'int8': 'grid.int8.onnx'}
ONNX_FILES = (*HEAD_FILES.values(), *GRID_FILES.values())


class StaleGraphError(ValueError):
    """ONNX graph that is damaged or was made of other weights."""


def write_graphs(folder: str | Path, *precisions: str) -> list[Path]:
    """Write an exported model to its folder once more, as ONNX graphs.

    Args:
        folder (str | Path): Folder that :func:`export_model` wrote, with its
            task.
        *precisions (str): Those of the head, see :data:`HEAD_FILES`.

    Returns:
        list[Path]: A file of the head for each precision, and ``grid.onnx``,
        the CNN in single precision, unless :func:`has_grid_graph` says that
        it must run in PyTorch.

    Raises:
        ImportError: If ``onnx`` is not installed.
        ValueError: If ONNX lacks BERT's activation.

    Example:
        >>> write_graphs('exported', 'int8')  # doctest: +SKIP
        [PosixPath('exported/head.int8.onnx'), PosixPath('exported/grid.onnx')]
    """
    config, state = load_exported(folder)
    init_default_scope(config.get('default_scope', 'mmaction'))
    model = MODELS.build(config.model)
    model.load_state_dict(state)
    graphs = {
        HEAD_FILES[precision]: _head(model, precision == 'int8')
        for precision in precisions
    }
    if has_grid_graph(model):
        graphs[GRID_FILES['float32']] = _grid(model)
    for name, graph in graphs.items():
        write_whole(Path(folder) / name, graph)
    return [Path(folder) / name for name in graphs]


def write_int8_grid(
    folder: str | Path, model: ClipBERT, videos: Iterable[Tensor]
) -> Path | None:
    """Quantise the CNN of an exported model, and write it to its folder.

    Args:
        folder (str | Path): Folder of the exported model.
        model (ClipBERT): The model, in evaluation mode on the CPU.
        videos (Iterable[Tensor]): Videos that set the ranges of the
            activations; see :func:`activation_ranges`.

    Returns:
        Path | None: ``grid.int8.onnx``. None if the CNN must run in PyTorch.

    Raises:
        ImportError: If ``onnx`` or ``onnxruntime`` is not installed.
        ValueError: If there are no videos.

    Example:
        >>> write_int8_grid('exported', model, videos)  # doctest: +SKIP
        PosixPath('exported/grid.int8.onnx')
    """
    if not has_grid_graph(model):
        return None
    path = Path(folder) / GRID_FILES['int8']
    write_whole(path, _grid(model, activation_ranges(model, videos)))
    return path


def read_int8_graphs(
    folder: str | Path | None, model: ClipBERT
) -> tuple[bytes, bytes | None]:
    """Return the graphs of ``precision='int8'``.

    Those that the folder lacks are made here; a CNN without
    ``grid.int8.onnx`` stays in single precision.

    Args:
        folder (str | Path | None): Folder of an exported model. None if the
            model is of another place.
        model (ClipBERT): The model.

    Returns:
        tuple[bytes, bytes | None]: ONNX models of the head and of the CNN;
        None for a CNN that must run in PyTorch.

    Raises:
        ImportError: If ``onnxruntime`` is not installed, or ``onnx`` and
            there is no file.
        StaleGraphError: If a file is damaged or of other weights.
        UnsafeSettingsError: If a file is a link out of the folder.

    Example:
        >>> head, grid = read_int8_graphs('exported', model)  # doctest: +SKIP
    """
    head = _read(folder, HEAD_FILES['int8'], _head_digest(model))
    head = head or _head(model, True)
    if not has_grid_graph(model):
        return head, None
    digest = _grid_digest(model)
    for precision in ('int8', 'float32'):
        grid = _read(folder, GRID_FILES[precision], digest)
        if grid is not None:
            return head, grid
    return head, _grid(model)


def copy_graphs(folder: str | Path, target: str | Path) -> None:
    """Copy the graphs of an exported model to a folder with its weights.

    Args:
        folder (str | Path): Folder of the exported model.
        target (str | Path): Existing folder, which may be the same.

    Raises:
        FileNotWrittenError: If a graph cannot be written.
        UnsafeSettingsError: If a graph is a link out of the folder.

    Example:
        >>> copy_graphs('exported', 'copy')  # doctest: +SKIP
    """
    source = Path(folder)
    names = tuple(name for name in ONNX_FILES if (source / name).is_file())
    check_folder(source, names)
    if not source.samefile(target):
        for name in names:
            write_whole(Path(target) / name, (source / name).read_bytes())


def _read(folder: str | Path | None, name: str, digest: str) -> bytes | None:
    """Return a graph of a folder, checked, or None if it has none."""
    path = None if folder is None else Path(folder) / name
    if path is None or not path.is_file():
        return None
    check_folder(path.parent, (name,))
    graph = path.read_bytes()
    remedy = 'Delete it, or export the model again with --int8.'
    try:
        meta = open_session(graph).get_modelmeta().custom_metadata_map
    except ImportError:
        raise
    except Exception as error:  # the runtime has types of its own
        raise StaleGraphError(
            f'{path} cannot be read as ONNX ({first_line(error)}). {remedy}'
        ) from error
    if meta.get('weights') != digest:
        raise StaleGraphError(
            f'{path} was made of other weights than those of the model. '
            f'{remedy}'
        )
    return graph


def _head(model: ClipBERT, int8: bool) -> bytes:
    return head_graph(model.head, int8, _head_digest(model))


def _head_digest(model: ClipBERT) -> str:
    return tensors_digest(model.head.state_dict())


def _grid(model: ClipBERT, ranges: np.ndarray | None = None) -> bytes:
    return grid_graph(model, _grid_digest(model), ranges)


def _grid_digest(model: ClipBERT) -> str:
    parts = dict(backbone=model.backbone, neck=model.neck)
    return tensors_digest(
        {
            f'{part}.{name}': value
            for part, module in parts.items()
            for name, value in module.state_dict().items()
        }
    )
