# Copyright (c) clipbert_mm contributors.
"""Read a key table backwards, from our names to those of a format."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from .conversion_report import ConversionReport
from .key_table import KeyRule, apply_key_table, unwrap_for_table
from .resnet50_keys import conv_shapes

TASK_HEAD = 'the head of a task, which the format lacks'
NORM_COUNTER = 'a count of training batches, which affects no result'
ANSWERS = 'the answers, which the format keeps next to the checkpoint'


#: Parts of ClipBERT.
_PARTS = ('backbone.*', 'neck.*', 'head.*', 'consensus.*', 'task.*')


def unwrap_own(
    state_dict: Mapping[str, Tensor],
) -> tuple[dict[str, Tensor], list[str]]:
    """Remove what training programs put before the names of ClipBERT.

    Args:
        state_dict (Mapping[str, Tensor]): State dict of :class:`ClipBERT`.

    Returns:
        tuple[dict[str, Tensor], list[str]]: State dict with our names, and a
        note for the report if any name was changed.

    Raises:
        ConversionError: If two names become equal.

    Example:
        >>> import torch
        >>> list(unwrap_own({'module.neck.conv.weight': torch.ones(1)})[0])
        ['neck.conv.weight']
    """
    rules = drop_rules(dict.fromkeys(_PARTS, 'never dropped here'))
    return unwrap_for_table(state_dict, lambda _: rules)


def drop_rules(reasons: Mapping[str, str]) -> list[KeyRule]:
    """Make the rules of our tensors that a format lacks.

    Args:
        reasons (Mapping[str, str]): Reasons by name or by ``prefix*``.

    Returns:
        list[KeyRule]: One rule per reason.

    Example:
        >>> drop_rules({'task.*': 'no such head'})[0].required
        False
    """
    return [
        KeyRule(name, reason=reason, required=False)
        for name, reason in reasons.items()
    ]


def counter_rules() -> list[KeyRule]:
    """Make the rules that drop the counters of batch norms.

    Returns:
        list[KeyRule]: One rule per norm of a backbone with ``norm='batch'``.

    Example:
        >>> counter_rules()[0].source
        'backbone.stem.conv1.norm.num_batches_tracked'
    """
    return drop_rules(
        {
            f'backbone.{conv}.norm.num_batches_tracked': NORM_COUNTER
            for conv in conv_shapes()
        }
    )


def reverse_key_table(
    state_dict: Mapping[str, Tensor],
    rules: Sequence[KeyRule],
    dropped: Sequence[KeyRule],
    source: str,
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Rename our tensors to the names of a format by the table of the format.

    Tied tensors are written as copies of their twins. Tensors that the table
    drops for another reason cannot be made; the report lists them as absent.

    Args:
        state_dict (Mapping[str, Tensor]): State dict of :class:`ClipBERT`.
        rules (Sequence[KeyRule]): Table from the format to our names.
        dropped (Sequence[KeyRule]): Rules of our tensors that the format
            lacks.
        source (str): Description of the conversion, for messages.
        strict (bool): See :func:`apply_key_table`. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: Tensors under the names
        of the format, and a report of each tensor.

    Raises:
        ConversionError: See :func:`apply_key_table`.
        ValueError: If a rule changes values, which cannot be undone.

    Example:
        >>> import torch
        >>> rules = [KeyRule('fc.bias', 'head.bias', ('K',))]
        >>> new, _ = reverse_key_table({'head.bias': torch.zeros(2)},
        ...                            rules, [], 'a linear layer')
        >>> list(new)
        ['fc.bias']
    """
    state, report = apply_key_table(
        state_dict, [*invert_rules(rules), *dropped], source, strict
    )
    for rule in rules:
        if rule.tied_to is not None and rule.tied_to in state:
            report.copied[rule.source] = rule.tied_to
            state[rule.source] = state[rule.tied_to].clone()
        elif rule.target is None:
            report.absent[rule.source] = rule.reason
    return state, report


def invert_rules(rules: Sequence[KeyRule]) -> list[KeyRule]:
    """Swap the names of the rules that rename.

    Args:
        rules (Sequence[KeyRule]): Table from a format to our names.

    Returns:
        list[KeyRule]: Table from our names to the format, without the rules
        that drop a tensor.

    Raises:
        ValueError: If a rule changes values.

    Example:
        >>> invert_rules([KeyRule('fc.bias', 'head.bias')])[0].source
        'head.bias'
    """
    changed = [rule.source for rule in rules if rule.transform is not None]
    if changed:
        raise ValueError(
            'a table can be read backwards only if it changes no values, but '
            f'the rules of {changed} do.'
        )
    return [
        KeyRule(rule.target, rule.source, rule.shape, required=rule.required)
        for rule in rules
        if rule.target is not None
    ]
