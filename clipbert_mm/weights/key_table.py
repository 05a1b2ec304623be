# Copyright (c) clipbert_mm contributors.
"""Explicit key tables: every tensor of a checkpoint is renamed or dropped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .conversion_report import ConversionReport

#: A dimension is a number, or the name of a size that is read from the
#: checkpoint, such as ``'hidden_size'``.
Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class KeyRule:
    """What becomes of one tensor of a checkpoint.

    Args:
        source (str): Name in the checkpoint. One that ends with ``*`` is a
            prefix, for families of tensors that are dropped.
        target (str, optional): Name in our model. None drops the tensor.
            Defaults to None.
        shape (tuple, optional): Expected shape; a string is the name of a
            size that must be the same wherever it occurs. None accepts any.
            Defaults to None.
        reason (str): Why the tensor is dropped. Defaults to ``''``.
        required (bool): Whether a checkpoint without the tensor is
            incomplete. Defaults to True.
        tied_to (str, optional): Name in the checkpoint of the tensor whose
            copy this one is. It is checked to be equal, and then dropped.
            Defaults to None.
        transform (Callable, optional): Change of the values, such as a swap
            of input channels. Defaults to None.

    Raises:
        ValueError: If a rule without target gives no reason.

    Example:
        >>> rule = KeyRule('transformer.bert.pooler.dense.bias',
        ...                'head.bert.pooler.dense.bias', ('hidden_size', ))
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
                f'a rule that drops a tensor must say why, but the rule of '
                f'{self.source!r} has no reason.'
            )


def apply_key_table(
    state_dict: Mapping[str, Tensor],
    rules: Sequence[KeyRule],
    source: str,
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Rename the tensors of a checkpoint by a table.

    Half-precision tensors become float32, the type of our parameters.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors by name.
        rules (Sequence[KeyRule]): One rule for each name that may occur.
        source (str): What the checkpoint is, for messages.
        strict (bool): Raise when a tensor is unknown, mis-shaped, untied or
            missing; otherwise leave it out and list it. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: The renamed tensors, and
        what became of each.

    Raises:
        ConversionError: If ``strict`` and the checkpoint and the table do
            not agree. The message lists every difference.
        TypeError: If a value is not a tensor.

    Example:
        >>> rules = [KeyRule('fc.bias', 'head.bias', ('K', ))]
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


def _find_family(name: str, rules: Sequence[KeyRule]) -> KeyRule | None:
    """Find the rule whose prefix a name begins with."""
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
    """Say what is wrong with the shape or the tie of a tensor, or ''."""
    if rule.shape is not None:
        expected = match_shape(tuple(value.shape), rule.shape, report.sizes)
        if expected:
            return f'expected shape {expected}, got {tuple(value.shape)}'
    if rule.tied_to is None:
        return ''
    twin = state_dict.get(rule.tied_to)
    if twin is not None and not torch.equal(value, twin):
        return f'expected the values of {rule.tied_to}, got other values'
    return ''


def match_shape(
    actual: tuple[int, ...], expected: Shape, sizes: dict[str, int]
) -> str:
    """Compare a shape with a pattern, and learn the sizes that it names.

    Args:
        actual (tuple[int, ...]): Shape of a tensor.
        expected (tuple): Numbers and names of sizes.
        sizes (dict[str, int]): Sizes known so far. Names that occur for the
            first time are added when the shape fits.

    Returns:
        str: ``''`` when the shape fits, else the expected shape in words.

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
    """Bring a tensor to float32, and apply the change of the rule."""
    if value.dtype in (torch.float16, torch.bfloat16, torch.float64):
        value = value.float()
    return value if rule.transform is None else rule.transform(value)
