# Copyright (c) clipbert_mm contributors.
"""Key tables read backwards: from our names to those of a format."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from .conversion_report import ConversionReport
from .key_table import KeyRule, apply_key_table
from .resnet50_keys import conv_shapes

TASK_HEAD = 'the head of a task, which the format does not have'
NORM_COUNTER = 'counts training batches; it has no effect on a result'
ANSWERS = 'the answers, which the format keeps beside the checkpoint'


def drop_rules(reasons: Mapping[str, str]) -> list[KeyRule]:
    """Make the rules of tensors of ours that a format has no place for.

    Args:
        reasons (Mapping[str, str]): Why, by name or by ``prefix*``.

    Returns:
        list[KeyRule]: One rule for each.

    Example:
        >>> drop_rules({'task.*': 'no such head'})[0].required
        False
    """
    return [
        KeyRule(name, reason=reason, required=False)
        for name, reason in reasons.items()
    ]


def counter_rules() -> list[KeyRule]:
    """Make the rules of the counters of a backbone with ``norm='batch'``.

    Returns:
        list[KeyRule]: They drop each.

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
    """Rename our tensors to the names of a format, by its own table.

    Tied tensors are written as copies. Tensors that the table drops for
    another reason cannot be made again: the report lists them as absent.

    Args:
        state_dict (Mapping[str, Tensor]): State dict of :class:`ClipBERT`.
        rules (Sequence[KeyRule]): The table from the format to ours.
        dropped (Sequence[KeyRule]): What becomes of tensors of ours that the
            format has no place for.
        source (str): What is made, for messages.
        strict (bool): See :func:`apply_key_table`. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: The tensors under the
        names of the format, and what became of each.

    Raises:
        ConversionError: See :func:`apply_key_table`.
        ValueError: If a rule changes values, which cannot be undone.

    Example:
        >>> rules = [KeyRule('fc.bias', 'head.bias', ('K', ))]
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
        rules (Sequence[KeyRule]): From a format to ours.

    Returns:
        list[KeyRule]: From ours to the format; rules that drop are left out.

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
