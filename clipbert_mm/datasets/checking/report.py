# Copyright (c) clipbert_mm contributors.
"""Report of a check of datasets: figures, problems and notes."""

import dataclasses
import json
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from clipbert_mm.utils.text_table import text_table

Figure = int | float | str | dict[str, float]


class Finding(NamedTuple):
    """Problem or note; ``split`` is None if it concerns several splits."""

    split: str | None
    kind: str
    message: str


@dataclasses.dataclass
class CheckReport:
    """Figures of every split, and two lists of findings.

    Problems stop a run or make its numbers meaningless; notes are properties
    of the data that are worth knowing.

    Args:
        config (str): Path or name of the config.
        figures (dict): Figures by split and name. Defaults to none.
        notes (list[Finding]): Notes. Defaults to none.
    """

    config: str
    figures: dict[str, dict[str, Figure]] = dataclasses.field(
        default_factory=dict
    )
    notes: list[Finding] = dataclasses.field(default_factory=list)
    _problems: dict[Finding, None] = dataclasses.field(default_factory=dict)

    @property
    def problems(self) -> list[Finding]:
        """Problems in the order in which they were found."""
        return list(self._problems)

    def problem(self, split: str | None, kind: str, message: str) -> None:
        """Add a problem, once."""
        self._problems[Finding(split, kind, message)] = None

    def note(self, split: str | None, kind: str, message: str) -> None:
        """Add a note."""
        self.notes.append(Finding(split, kind, message))

    def to_json(self) -> str:
        """Return everything as JSON."""
        return json.dumps(
            dict(
                config=self.config,
                splits=self.figures,
                problems=[found._asdict() for found in self.problems],
                notes=[found._asdict() for found in self.notes],
            ),
            indent=2,
            ensure_ascii=False,
        )

    def to_text(self, most: int) -> str:
        """Return a table of the figures and the first findings of each kind.

        Args:
            most (int): Maximum number of findings per kind and split.

        Returns:
            str: Text of several lines.
        """
        return '\n'.join(
            [
                *_table(self.figures),
                '',
                *_listed('problems', self.problems, most),
                '',
                *_listed('notes', self.notes, most),
            ]
        )


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return minimum, median and maximum of some numbers.

    Args:
        values (Sequence[float]): One or more numbers.

    Returns:
        dict[str, float]: ``least``, ``median`` and ``most``.

    Example:
        >>> spread([3, 1, 2])
        {'least': 1, 'median': 2, 'most': 3}
    """
    return dict(
        least=min(values), median=statistics.median(values), most=max(values)
    )


def _table(figures: dict[str, dict[str, Figure]]) -> list[str]:
    """Return lines with one row per figure and one column per split."""
    names = list(dict.fromkeys(n for own in figures.values() for n in own))
    rows = [['', *figures]]
    for name in names:
        values = [own.get(name) for own in figures.values()]
        keys = next((list(v) for v in values if isinstance(v, dict)), None)
        label = name if keys is None else f'{name} ({" / ".join(keys)})'
        rows.append([label, *map(_shown, values)])
    return text_table(rows)


def _shown(value: Any) -> str:
    if value is None:
        return '-'
    if isinstance(value, dict):
        return ' / '.join(_shown(part) for part in value.values())
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def _listed(title: str, findings: Sequence[Finding], most: int) -> list[str]:
    """Return lines with the findings by split and kind."""
    groups: dict[tuple[str | None, str], list[str]] = {}
    for found in findings:
        groups.setdefault((found.split, found.kind), []).append(found.message)
    lines = [f'{title}: {len(findings)}']
    for (split, kind), messages in groups.items():
        where = kind if split is None else f'{split}: {kind}'
        lines.append(f'  {where} ({len(messages)})')
        lines += [f'    {message}' for message in messages[:most]]
        if len(messages) > most:
            lines.append(
                f'    ... and {len(messages) - most} more, see --json'
            )
    return lines
