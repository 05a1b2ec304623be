# Copyright (c) clipbert_mm contributors.
"""ONNX graphs of the head in the folder of an exported model."""

from pathlib import Path

from mmaction.registry import MODELS
from mmengine.registry import init_default_scope

from clipbert_mm.gallery.fingerprint import tensors_digest
from clipbert_mm.models.clipbert import ClipBERT
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.onnx.onnx_matcher import open_session
from clipbert_mm.utils.error_text import first_line
from clipbert_mm.utils.whole_files import write_whole

from .exported_model import load_exported
from .exported_settings import check_folder

ONNX_FILE = 'head.onnx'
INT8_FILE = 'head.int8.onnx'


class StaleGraphError(ValueError):
    """ONNX graph that is damaged or was made of other weights."""


def write_graph(folder: str | Path, int8: bool = False) -> Path:
    """Write the head of an exported model to its folder, as an ONNX graph.

    Args:
        folder (str | Path): Folder that :func:`export_model` wrote, with its
            task.
        int8 (bool): Quantise, see :func:`head_graph`. Defaults to False.

    Returns:
        Path: ``head.onnx`` or ``head.int8.onnx``.

    Raises:
        ImportError: If ``onnx`` is not installed.
        ValueError: If ONNX lacks BERT's activation.

    Example:
        >>> write_graph('exported', int8=True)  # doctest: +SKIP
        PosixPath('exported/head.int8.onnx')
    """
    config, state = load_exported(folder)
    init_default_scope(config.get('default_scope', 'mmaction'))
    model = MODELS.build(config.model)
    model.load_state_dict(state)
    path = Path(folder) / (INT8_FILE if int8 else ONNX_FILE)
    write_whole(path, head_graph(model.head, int8, _digest(model)))
    return path


def read_int8_graph(folder: str | Path | None, model: ClipBERT) -> bytes:
    """Return the int8 graph of a model, made here if its folder has none.

    Args:
        folder (str | Path | None): Folder of an exported model. None if the
            model is of another place.
        model (ClipBERT): The model.

    Returns:
        bytes: ONNX model.

    Raises:
        ImportError: If ``onnxruntime`` is not installed, or ``onnx`` and
            there is no file.
        StaleGraphError: If the file is damaged or of other weights.
        UnsafeSettingsError: If the file is a link out of the folder.

    Example:
        >>> graph = read_int8_graph('exported', model)  # doctest: +SKIP
    """
    digest = _digest(model)
    path = None if folder is None else Path(folder) / INT8_FILE
    if path is None or not path.is_file():
        return head_graph(model.head, True, digest)
    check_folder(path.parent, (INT8_FILE,))
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
    if meta.get('head') != digest:
        raise StaleGraphError(
            f'{path} was made of other weights than those of the model. '
            f'{remedy}'
        )
    return graph


def _digest(model: ClipBERT) -> str:
    return tensors_digest(model.head.state_dict())
