# Copyright (c) clipbert_mm contributors.
"""Let MMEngine load checkpoints of any training program, or say why not.

MMEngine removes ``module.`` from names without a word, and no other prefix.
What does not fit a part of a model it only logs, so that a CNN whose file has
other names stays random. It finds weights under ``state_dict`` alone, hands
NaN on to the model, and prints PyTorch's advice to run the code of a file
that it cannot read.
"""

import os.path as osp
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.runner import runner as mmengine_runner
from torch import Tensor, nn

from clipbert_mm.utils.checkpoint_file import find_weights, read_checkpoint
from clipbert_mm.utils.finite import check_finite
from clipbert_mm.utils.weight_names import describe_removed, unwrap_names

#: MMEngine's patterns of the prefix ``module.``; the second is its runner's.
_MODULE = ((r'^module\.', ''), (r'^module.', ''))

_load_state_dict = mmengine_checkpoint.load_state_dict
_load_to_model = mmengine_checkpoint._load_checkpoint_to_model


def load_any_names() -> str:
    """Let MMEngine remove the prefixes of wrappers and refuse what is wrong.

    Returns:
        str: Reason of the repair.

    Example:
        >>> load_any_names()  # doctest: +SKIP
        'MMEngine loads nothing, or NaN, without an error'
    """
    CheckpointLoader.register_scheme('', load_from_local, force=True)
    mmengine_checkpoint.load_state_dict = load_state_dict
    mmengine_checkpoint._load_checkpoint_with_prefix = load_with_prefix
    for module in (mmengine_checkpoint, mmengine_runner):
        module._load_checkpoint_to_model = load_to_model
    return 'MMEngine loads nothing, or NaN, without an error'


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Load a local checkpoint, whatever program has written it.

    Args:
        filename (str): Path of the file.
        map_location (Any): Device of the tensors. Defaults to None.

    Returns:
        Any: Content of the file, with its weights under ``state_dict``.

    Raises:
        FileNotFoundError: If the file does not exist.
        CheckpointFileError: If it cannot be read.
    """
    filename = osp.expanduser(filename)
    if not osp.isfile(filename):
        raise FileNotFoundError(f'{filename} can not be found.')
    content = read_checkpoint(filename, map_location)
    weights = find_weights(content)
    if weights is content or not isinstance(weights, Mapping):
        return content
    return {**content, 'state_dict': weights}


def load_state_dict(
    module: nn.Module,
    state_dict: Mapping[str, Any],
    strict: bool = False,
    logger: Any = None,
) -> None:
    """Load weights by MMEngine's function, under the names of the module.

    Args:
        module (nn.Module): Module that receives the weights.
        state_dict (Mapping[str, Any]): Weights by name.
        strict (bool): Raise if a name is missing or unexpected. Defaults to
            False.
        logger (Any): Logger of what differs. Defaults to None.

    Raises:
        ValueError: If none of the weights is one of the module.
        NonFiniteError: If a weight of the module is NaN or infinite.
        WeightNamesError: If two names become equal.
    """
    own = mmengine_checkpoint.get_state_dict(module)  # without wrappers
    weights, removed = unwrap_names(state_dict, own.__contains__)
    if removed:
        print_log(describe_removed(removed), logger)
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and isinstance(value, Tensor)
    }
    if own and not fitting:
        raise ValueError(
            f'None of the {len(weights)} weights of the checkpoint is one of '
            f'{type(module).__name__}. It names {_first(weights)}; the model '
            f'needs {_first(own)}. Convert the file with '
            'tools/convert_weights.py, or give init_cfg the prefix of the '
            'part to load.'
        )
    check_finite(fitting, 'A checkpoint')
    named = mmengine_checkpoint.OrderedDict(weights)
    if hasattr(state_dict, '_metadata'):
        named._metadata = state_dict._metadata
    _load_state_dict(module, named, strict, logger)


def load_with_prefix(
    prefix: str, filename: str, map_location: Any = None
) -> dict[str, Any]:
    """Load the weights whose names begin with a prefix, without it.

    Args:
        prefix (str): Prefix of a part of a model, such as ``'backbone.'``.
        filename (str): Path or URL of the checkpoint.
        map_location (Any): Device of the tensors. Defaults to None.

    Returns:
        dict[str, Any]: Weights of the part.

    Raises:
        ValueError: If no name begins with the prefix.
    """
    content = mmengine_checkpoint._load_checkpoint(filename, map_location)
    weights = find_weights(content)
    prefix = prefix.removesuffix('.') + '.'
    named, removed = unwrap_names(
        weights, lambda name: name.startswith(prefix)
    )
    if removed:
        print_log(describe_removed(removed), 'current')
    part = {
        name.removeprefix(prefix): value
        for name, value in named.items()
        if name.startswith(prefix)
    }
    if not part:
        raise ValueError(
            f'None of the {len(weights)} weights of {filename} begins with '
            f'{prefix!r}. It names {_first(weights)}. Change the prefix of '
            'init_cfg, or convert the file with tools/convert_weights.py.'
        )
    return part


def load_to_model(
    model: nn.Module,
    checkpoint: dict,
    strict: bool = False,
    logger: Any = None,
    revise_keys: Sequence[tuple[str, str]] = _MODULE[:1],
) -> dict:
    """Load a checkpoint by MMEngine's function, which renames by patterns.

    ``module.`` is left to :func:`load_state_dict`, which knows the names of
    the model.

    Args:
        model (nn.Module): Model that receives the weights.
        checkpoint (dict): Content of a checkpoint.
        strict (bool): See :func:`load_state_dict`. Defaults to False.
        logger (Any): See :func:`load_state_dict`. Defaults to None.
        revise_keys (Sequence[tuple[str, str]]): Patterns and replacements.
            Defaults to the removal of ``module.``.

    Returns:
        dict: The checkpoint.
    """
    others = [pair for pair in revise_keys if tuple(pair) not in _MODULE]
    # MMEngine needs a pattern: it makes an ordered copy with each of them.
    keep_all = [(r'(?!)', '')]
    return _load_to_model(
        model, checkpoint, strict, logger, others or keep_all
    )


def _first(names: Mapping[str, Any]) -> str:
    """Quote the first names."""
    shown = ', '.join(map(repr, list(names)[:3]))
    return f'{shown}, …' if len(names) > 3 else shown or 'none'
