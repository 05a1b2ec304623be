# Copyright (c) clipbert_mm contributors.
"""Comparison of a checkpoint's weights with those of a model."""

import logging
from collections.abc import Collection, Mapping, Sequence

from mmengine.logging import print_log
from torch import Tensor

from clipbert_mm.utils.weight_names import describe_removed, unwrap_names


def rename_weights(
    state_dict: dict[str, Tensor], own: Collection[str]
) -> None:
    """Give weights the names of a model, and log the prefixes removed.

    Args:
        state_dict (dict[str, Tensor]): Tensors of the checkpoint, by name; it
            is changed.
        own (Collection[str]): Names of the model.

    Raises:
        WeightNamesError: If two names become equal.

    Example:
        >>> state = {'a': 0, 'b': 1}
        >>> rename_weights(state, {'a'})
        >>> state
        {'a': 0, 'b': 1}
    """
    named, removed = unwrap_names(state_dict, own.__contains__)
    if removed:
        print_log(describe_removed(removed), 'current')
        state_dict.clear()
        state_dict.update(named)


def compare_weights(
    loaded: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
    task_prefixes: tuple[str, ...],
) -> list[str]:
    """Raise unless only tensors of the task differ, and log these.

    MMEngine leaves out what does not fit, and prints the names outside the
    log of a run. Here only the tensors of a task may differ, since a model is
    fine-tuned from one of another task.

    Args:
        loaded (Mapping[str, Tensor]): Tensors of the checkpoint, by name.
        own (Mapping[str, Tensor]): Tensors of the model, by name.
        task_prefixes (tuple[str, ...]): Prefixes of the names that may
            differ.

    Returns:
        list[str]: Names of tensors that have another shape in the model and
        must not be loaded.

    Raises:
        ValueError: If any other tensor is missing or has another shape.

    Example:
        >>> import torch
        >>> compare_weights({'a': torch.zeros(2)}, {'a': torch.ones(2)}, ())
        []
    """
    other_shape = {
        name: f'{tuple(loaded[name].shape)} in the checkpoint, '
        f'{tuple(value.shape)} in the model'
        for name, value in own.items()
        if name in loaded and loaded[name].shape != value.shape
    }
    missing = [name for name in own if name not in loaded]
    wrong = [f'{name}: {text}' for name, text in other_shape.items()]
    wrong += [f'{name}: not in the checkpoint' for name in missing]
    wrong = [text for text in wrong if not text.startswith(task_prefixes)]
    if wrong:
        raise ValueError(
            f'The checkpoint does not fit this ClipBERT; {len(wrong)} of '
            f'{len(own)} tensors differ, the first of them: '
            f'{"; ".join(wrong[:3])}. Set hidden_size, vocab_size and the '
            'backbone as in training, and load parts of a model through '
            'init_cfg of the backbone or head.bert.'
        )
    _report(
        'of the checkpoint are not loaded, because the task has another '
        'output',
        [f'{name}: {text}' for name, text in other_shape.items()],
    )
    _report(
        'of the model are not in the checkpoint and start from scratch',
        missing,
    )
    _report(
        'of the checkpoint are not used, because the model lacks them',
        [name for name in loaded if name not in own],
    )
    return list(other_shape)


def _report(what: str, names: Sequence[str]) -> None:
    if names:
        print_log(
            f'{len(names)} tensors {what}: {"; ".join(names)}',
            'current',
            logging.WARNING,
        )
