# Copyright (c) clipbert_mm contributors.
"""What became of each tensor of a converted checkpoint."""

from dataclasses import dataclass, field
from typing import Any


class ConversionError(ValueError):
    """A checkpoint does not agree with the key table of its format."""


@dataclass
class ConversionReport:
    """Lists every tensor of a checkpoint once, with what became of it.

    Args:
        source (str): What was converted, in words.
        used (dict[str, str]): Our name of each tensor that is used.
        dropped (dict[str, str]): Reason for each tensor that is left out.
        missing (list[str]): Tensors that the format has and the checkpoint
            lacks.
        unknown (list[str]): Tensors that the table does not know.
        mismatched (dict[str, str]): What is wrong with each tensor whose
            shape or tie is not as expected.
        sizes (dict[str, int]): Sizes read from the shapes, such as
            ``hidden_size``.
        copied (dict[str, str]): Tensors that are written as a copy of
            another, which they are tied to. Only in the direction from ours.
        absent (dict[str, str]): Reason for each tensor of the format that
            cannot be made. Only in the direction from ours.
        notes (list[str]): What a user should know before loading the result.

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
        """Return one line for each disagreement with the table."""
        lines = [f'unknown: {name}' for name in self.unknown]
        lines += [
            f'mismatched: {name}: {problem}'
            for name, problem in self.mismatched.items()
        ]
        return lines + [f'missing: {name}' for name in self.missing]

    def raise_on_difference(self) -> None:
        """Raise when the checkpoint and the table do not agree.

        Raises:
            ConversionError: With every unknown, mis-shaped or missing
                tensor.
        """
        lines = self.differences()
        if lines:
            raise ConversionError(
                f'{self.source} is not what the key table expects; '
                f'{len(lines)} differences:\n  '
                + '\n  '.join(lines)
                + '\nCheck that the file is of this format. strict=False '
                '(--no-strict) converts the rest and lists these.'
            )

    def to_text(self, verbose: bool = True) -> str:
        """Return the report for a reader.

        Args:
            verbose (bool): List every tensor, not only those that differ
                from the table. Defaults to True.

        Returns:
            str: Lines of text; dropped and absent tensors are grouped by
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
        """Return plain containers, to be stored with the weights."""
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
    """Return a line for each reason, with the names below if asked."""
    lines = []
    for reason in dict.fromkeys(reasons.values()):
        names = [name for name, why in reasons.items() if why == reason]
        lines.append(f'{word} {len(names)}: {reason}')
        lines += [f'  {name}' for name in names if verbose]
    return lines
