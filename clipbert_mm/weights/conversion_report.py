# Copyright (c) clipbert_mm contributors.
"""Report of a conversion: the fate of each tensor of a checkpoint."""

from dataclasses import dataclass, field
from typing import Any


class ConversionError(ValueError):
    """Disagreement of a checkpoint with the key table of its format."""


@dataclass
class ConversionReport:
    """Report that lists every tensor of a checkpoint exactly once.

    Args:
        source (str): Description of the checkpoint.
        used (dict[str, str]): New name of each tensor that is used.
        dropped (dict[str, str]): Reason for each tensor that is left out.
        missing (list[str]): Required tensors that the checkpoint lacks.
        unknown (list[str]): Tensors that are not in the table.
        mismatched (dict[str, str]): Problem of each tensor with an
            unexpected shape, or with other values than its twin.
        sizes (dict[str, int]): Sizes read from the shapes, such as
            ``hidden_size``.
        copied (dict[str, str]): Twin of each tensor that is written as a
            copy. Used only when converting from our names.
        absent (dict[str, str]): Reason for each tensor of the format that
            cannot be made. Used only when converting from our names.
        notes (list[str]): Advice to read before loading the result.

    Example:
        >>> report = ConversionReport('a linear layer')
        >>> report.used['fc.bias'] = 'head.bias'
        >>> print(report.summary())
        a linear layer: 1 used, 0 dropped, 0 missing, 0 unknown, 0 mismatched
    """

    source: str
    used: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    mismatched: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    copied: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return the counts in one line."""
        return (
            f'{self.source}: {len(self.used)} used, '
            f'{len(self.dropped)} dropped, {len(self.missing)} missing, '
            f'{len(self.unknown)} unknown, '
            f'{len(self.mismatched)} mismatched'
        )

    def differences(self) -> list[str]:
        """Return one line per disagreement with the table."""
        lines = [f'unknown: {name}' for name in self.unknown]
        lines += [
            f'mismatched: {name}: {problem}'
            for name, problem in self.mismatched.items()
        ]
        return lines + [f'missing: {name}' for name in self.missing]

    def raise_on_difference(self) -> None:
        """Raise unless the checkpoint agrees with the table.

        Raises:
            ConversionError: If a tensor is unknown, missing or mismatched.
                The message lists all of them.
        """
        lines = self.differences()
        if lines:
            raise ConversionError(
                f'{self.source} does not match its key table; '
                f'{len(lines)} differences:\n  '
                + '\n  '.join(lines)
                + '\nCheck that the file has this format. strict=False '
                '(--no-strict) lists these tensors and converts the others.'
            )

    def to_text(self, verbose: bool = True) -> str:
        """Return the report as text.

        Args:
            verbose (bool): List every tensor, not only the differences.
                Defaults to True.

        Returns:
            str: Lines of text. Dropped and absent tensors are grouped by
            reason.
        """
        lines = [self.summary()]
        if self.sizes:
            sizes = ', '.join(f'{k}={v}' for k, v in self.sizes.items())
            lines.append(f'sizes: {sizes}')
        if verbose:
            lines += [
                f'used: {old} -> {new}' for old, new in self.used.items()
            ]
            lines += [
                f'copied: {twin} -> {name}'
                for name, twin in self.copied.items()
            ]
        lines += _group_by_reason('dropped', self.dropped, verbose)
        lines += _group_by_reason('absent', self.absent, verbose)
        lines += self.differences()
        return '\n'.join(lines + [f'note: {note}' for note in self.notes])

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain containers, to store with the weights."""
        return dict(
            source=self.source,
            used=dict(self.used),
            dropped=dict(self.dropped),
            missing=list(self.missing),
            unknown=list(self.unknown),
            mismatched=dict(self.mismatched),
            sizes=dict(self.sizes),
            copied=dict(self.copied),
            absent=dict(self.absent),
            notes=list(self.notes),
        )


def _group_by_reason(
    word: str, reasons: dict[str, str], verbose: bool
) -> list[str]:
    """Return one line per reason, followed by its names if verbose."""
    lines = []
    for reason in dict.fromkeys(reasons.values()):
        names = [name for name, why in reasons.items() if why == reason]
        lines.append(f'{word} {len(names)}: {reason}')
        lines += [f'  {name}' for name in names if verbose]
    return lines
