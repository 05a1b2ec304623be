# Copyright (c) clipbert_mm contributors.
"""Rename or drop every tensor of a checkpoint by an explicit key table."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from clipbert_mm.utils.finite import find_non_finite
from clipbert_mm.utils.weight_names import (
    WeightNamesError,
    describe_removed,
    has_wrapper,
    strip_wrappers,
    unwrap_names,
)

from .conversion_report import ConversionError, ConversionReport

#: A dimension is a number or the name of a size, such as ``'hidden_size'``,
#: that is read from the checkpoint.
Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class KeyRule:
    """Rule that renames or drops one tensor of a checkpoint.

    Args:
        source (str): Name in the checkpoint. A name that ends with ``*`` is
            the prefix of a family of tensors to drop.
        target (str | None): Name in our model, or None to drop the
            tensor. Defaults to None.
        shape (Shape | None): Expected shape, or None for any shape. A
            string is the name of a size that must be the same wherever it
            occurs. Defaults to None.
        reason (str): Reason for dropping the tensor. Defaults to ``''``.
        required (bool): Whether a checkpoint without the tensor is
            incomplete. Defaults to True.
        tied_to (str | None): Name of the twin in the checkpoint. The
            tensor must equal its twin and is then dropped. Defaults to None.
        transform (Callable[[Tensor], Tensor] | None): Function that changes
            the values, such as a swap of input channels. Defaults to None.

    Raises:
        ValueError: If a rule without target gives no reason.

    Example:
        >>> rule = KeyRule('transformer.bert.pooler.dense.bias',
        ...                'head.bert.pooler.dense.bias', ('hidden_size',))
    """

    source: str
    target: str | None = None
    shape: Shape | None = None
    reason: str = ''
    required: bool = True
    tied_to: str | None = None
    transform: Callable[[Tensor], Tensor] | None = None

    def __post_init__(self) -> None:
        if self.target is None and not self.reason:
            raise ValueError(
                'a rule that drops a tensor must give a reason, but the rule '
                f'of {self.source!r} gives none.'
            )


def apply_key_table(
    state_dict: Mapping[str, Tensor],
    rules: Sequence[KeyRule],
    source: str,
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Rename the tensors of a checkpoint by a table.

    Floating-point tensors become float32, the type of our parameters.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors by name.
        rules (Sequence[KeyRule]): One rule for each possible name.
        source (str): Description of the checkpoint, for messages.
        strict (bool): Raise if a tensor is unknown, missing, of another
            shape, not finite or different from its twin. Otherwise leave the
            tensor out and list it. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: Renamed tensors, and a
        report of each tensor.

    Raises:
        ConversionError: If ``strict`` is set and the checkpoint does not
            agree with the table. The message lists every difference.
        TypeError: If a value is not a tensor.

    Example:
        >>> rules = [KeyRule('fc.bias', 'head.bias', ('K',))]
        >>> new, report = apply_key_table({'fc.bias': torch.zeros(2)},
        ...                               rules, 'a linear layer')
        >>> sorted(new), report.sizes
        (['head.bias'], {'K': 2})
    """
    report = ConversionReport(source)
    table = {rule.source: rule for rule in rules}
    converted: dict[str, Tensor] = {}
    for name, value in state_dict.items():
        if not isinstance(value, Tensor):
            raise TypeError(
                f'expected a tensor for {name!r} of {source}, '
                f'but got {type(value).__name__}.'
            )
        rule = table.get(name) or _find_family(name, rules)
        if rule is None:
            report.unknown.append(name)
            continue
        problem = _find_problem(rule, value, state_dict, report)
        if problem:
            report.mismatched[name] = problem
        elif rule.target is None:
            report.dropped[name] = rule.reason
        else:
            report.used[name] = rule.target
            converted[rule.target] = _convert_value(rule, value)
    report.missing = [
        rule.source
        for rule in rules
        if rule.required and rule.source not in state_dict
    ]
    if strict:
        report.raise_on_difference()
    return converted, report


def unwrap_for_table(
    state_dict: Mapping[str, Tensor],
    make_rules: Callable[[Collection[str]], Sequence[KeyRule]],
) -> tuple[dict[str, Tensor], list[str]]:
    """Remove what training programs put before the names of a checkpoint.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors by name.
        make_rules (Callable[[Collection[str]], Sequence[KeyRule]]): Function
            from the names of a checkpoint to the table of its format.

    Returns:
        tuple[dict[str, Tensor], list[str]]: Tensors by their names in the
        format, and a note for the report if any name was changed.

    Raises:
        ConversionError: If two names become equal.

    Example:
        >>> unwrap_for_table({'module.fc': torch.zeros(2)},
        ...                  lambda names: [KeyRule('fc', 'head')])[1]
        ["Removed from the names of the checkpoint: 'module.' (1 tensors)."]
    """
    bare = [strip_wrappers(name) for name in state_dict]
    rules = [*make_rules(state_dict), *make_rules(bare)]
    exact = {rule.source for rule in rules}
    families = tuple(name[:-1] for name in exact if name.endswith('*'))
    try:
        unwrapped, removed = unwrap_names(
            state_dict,
            lambda name: (
                name in exact
                or (name.startswith(families) and not has_wrapper(name))
            ),
        )
    except WeightNamesError as error:
        raise ConversionError(str(error)) from error
    return unwrapped, [describe_removed(removed)] if removed else []


def _find_family(name: str, rules: Sequence[KeyRule]) -> KeyRule | None:
    """Return the rule of the family that a name belongs to, if any."""
    for rule in rules:
        if rule.source.endswith('*') and name.startswith(rule.source[:-1]):
            return rule
    return None


def _find_problem(
    rule: KeyRule,
    value: Tensor,
    state_dict: Mapping[str, Tensor],
    report: ConversionReport,
) -> str:
    """Describe a wrong shape or wrong values, or return ''."""
    if rule.shape is not None:
        expected = match_shape(tuple(value.shape), rule.shape, report.sizes)
        if expected:
            return f'expected shape {expected}, but got {tuple(value.shape)}'
    if rule.target is not None and find_non_finite({rule.source: value}):
        return 'expected finite values, but some are NaN or infinite'
    if rule.tied_to is None:
        return ''
    twin = state_dict.get(rule.tied_to)
    if twin is not None and not torch.equal(value, twin):
        return f'expected the values of {rule.tied_to}, but got others'
    return ''


def match_shape(
    actual: tuple[int, ...], expected: Shape, sizes: dict[str, int]
) -> str:
    """Compare a shape with a pattern and learn the sizes that it names.

    Args:
        actual (tuple[int, ...]): Shape of a tensor.
        expected (Shape): Numbers and names of sizes.
        sizes (dict[str, int]): Known sizes by name. If the shape fits, new
            names are added.

    Returns:
        str: ``''`` if the shape fits, otherwise the expected shape.

    Example:
        >>> match_shape((4, 8), ('n', 8), {'n': 3})
        '(n=3, 8)'
    """
    learned: dict[str, int] = {}
    fits = len(actual) == len(expected)
    for got, want in zip(actual, expected, strict=False):
        if isinstance(want, str):
            want = sizes.get(want, learned.setdefault(want, got))
        fits = fits and got == want
    if fits:
        sizes.update({**learned, **sizes})
        return ''
    words = (
        f'{want}={sizes[want]}' if want in sizes else str(want)
        for want in expected
    )
    return f'({", ".join(words)})'


def _convert_value(rule: KeyRule, value: Tensor) -> Tensor:
    """Convert a tensor to float32 and apply the transform of its rule."""
    if value.dtype in (torch.float16, torch.bfloat16, torch.float64):
        value = value.float()
    return value if rule.transform is None else rule.transform(value)
