# Copyright (c) clipbert_mm contributors.
"""Remove what training programs put before the names of weights.

``DistributedDataParallel`` adds ``module.``, ``torch.compile`` adds
``_orig_mod.``, and a program that keeps its model in an attribute adds
``model.``, in any order and also inside a name. A part is removed only if the
name is unknown with it and known without it.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

Value = TypeVar('Value')

#: Parts of names that wrappers of models add.
WRAPPERS = frozenset(
    (
        'module',
        '_orig_mod',
        'model',
        'net',
        'network',
        'ema',
        'ema_model',
        'model_ema',
        '_forward_module',
        '_fsdp_wrapped_module',
        '_checkpoint_wrapped_module',
    )
)

# Counters that averages of models keep next to their weights.
_COUNTERS = ('n_averaged', 'steps')
_MOST_PARTS = 6


class WeightNamesError(ValueError):
    """Names of weights that become equal without their wrappers."""


def unwrap_names(
    weights: Mapping[str, Value],
    is_known: Callable[[str], bool],
    also: Iterable[str] = (),
) -> tuple[dict[str, Value], dict[str, int]]:
    """Remove the parts that wrappers have added to the names of weights.

    Args:
        weights (Mapping[str, Value]): Weights by name.
        is_known (Callable[[str], bool]): Whether a name is one of the model.
        also (Iterable[str]): Further parts that may be removed. Defaults to
            none.

    Returns:
        tuple[dict[str, Value], dict[str, int]]: Weights by their names in the
        model, and how many names had each prefix that was removed. Names that
        stay unknown lose the prefix that others have lost.

    Raises:
        WeightNamesError: If two names become equal.

    Example:
        >>> unwrap_names({'module.fc.bias': 1, '_orig_mod.fc.weight': 2},
        ...              {'fc.bias', 'fc.weight'}.__contains__)
        ({'fc.bias': 1, 'fc.weight': 2}, {'module.': 1, '_orig_mod.': 1})
    """
    if all(is_known(name) for name in weights):
        return dict(weights), {}
    wrappers = WRAPPERS.union(also)
    found = {name: _find_known(name, is_known, wrappers) for name in weights}
    removed: dict[str, int] = {}
    prefixes = set()
    for name, new in found.items():
        if new is not None and new != name:
            gone = _difference(name, new)
            removed[gone] = removed.get(gone, 0) + 1
            if name.endswith(f'.{new}'):
                prefixes.add(gone)
    names = {
        name: _without_prefix(name, prefixes) if new is None else new
        for name, new in found.items()
    }
    unwrapped: dict[str, Value] = {}
    origin: dict[str, str] = {}
    for old, new in names.items():
        if removed and new in _COUNTERS and not is_known(new):
            continue
        if new in origin:
            raise WeightNamesError(
                f'Every weight must be there once, but {origin[new]!r} and '
                f'{old!r} are both {new!r} of the model. Remove one of them.'
            )
        origin[new] = old
        unwrapped[new] = weights[old]
    return unwrapped, removed


def has_wrapper(name: str) -> bool:
    """Return whether a part of a name is one that wrappers add.

    Args:
        name (str): Name of a weight.

    Returns:
        bool: True if it has such a part before the last.

    Example:
        >>> has_wrapper('backbone._orig_mod.conv.weight')
        True
    """
    return not WRAPPERS.isdisjoint(name.split('.')[:-1])


def strip_wrappers(name: str) -> str:
    """Remove all leading parts that wrappers add.

    Args:
        name (str): Name of a weight.

    Returns:
        str: Name from its first other part on.

    Example:
        >>> strip_wrappers('module._orig_mod.fc.module.bias')
        'fc.module.bias'
    """
    parts = name.split('.')
    while len(parts) > 1 and parts[0] in WRAPPERS:
        parts.pop(0)
    return '.'.join(parts)


def _find_known(
    name: str, is_known: Callable[[str], bool], wrappers: frozenset[str]
) -> str | None:
    """Return the known name with the fewest parts removed, None if none is."""
    if is_known(name):
        return name
    parts = name.split('.')
    places = [i for i, part in enumerate(parts[:-1]) if part in wrappers]
    places = places[:_MOST_PARTS]
    for number in range(1, len(places) + 1):
        for gone in itertools.combinations(places, number):
            rest = [p for i, p in enumerate(parts) if i not in gone]
            if is_known('.'.join(rest)):
                return '.'.join(rest)
    return None


def _difference(name: str, new: str) -> str:
    """Return the removed parts, joined."""
    parts, rest = name.split('.'), new.split('.')
    gone = []
    for part in reversed(parts):  # a prefix is more likely than an infix
        if rest and part == rest[-1]:
            rest.pop()
        else:
            gone.append(part)
    return '.'.join(reversed(gone)) + '.'


def _without_prefix(name: str, prefixes: Iterable[str]) -> str:
    """Remove the longest prefix that other names have lost."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def describe_removed(removed: Mapping[str, int]) -> str:
    """Describe the prefixes that were removed, for a log.

    Args:
        removed (Mapping[str, int]): Numbers of names by prefix.

    Returns:
        str: Sentence.

    Example:
        >>> describe_removed({'module.': 127})
        "Removed from the names of the checkpoint: 'module.' (127 tensors)."
    """
    parts = ', '.join(f'{p!r} ({n} tensors)' for p, n in removed.items())
    return f'Removed from the names of the checkpoint: {parts}.'
