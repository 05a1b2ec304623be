# Copyright (c) clipbert_mm contributors.
"""What a check of a data set has found: figures, problems and notes."""

import dataclasses
import json
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

Figure = int | float | str | dict[str, float]


class Finding(NamedTuple):
    """Something to look at; ``split`` is None if it is about several."""

    split: str | None
    kind: str
    message: str


@dataclasses.dataclass
class CheckReport:
    """Figures of every split, and two lists of findings.

    Problems are what keeps a run from working or its numbers from meaning
    anything; notes are what data sets have and one should know.

    Args:
        config (str): The config.
        figures (dict): Split -> name of the figure -> figure. Defaults to
            none.
        notes (list[Finding]): Defaults to none.
    """

    config: str
    figures: dict[str, dict[str, Figure]] = dataclasses.field(
        default_factory=dict
    )
    notes: list[Finding] = dataclasses.field(default_factory=list)
    _problems: dict[Finding, None] = dataclasses.field(default_factory=dict)

    @property
    def problems(self) -> list[Finding]:
        """The problems, in the order in which they were found."""
        return list(self._problems)

    def problem(self, split: str | None, kind: str, message: str) -> None:
        """Add a problem, unless it has been."""
        self._problems[Finding(split, kind, message)] = None

    def note(self, split: str | None, kind: str, message: str) -> None:
        """Add a note."""
        self.notes.append(Finding(split, kind, message))

    def to_json(self) -> str:
        """All of it as JSON."""
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
        """A table of the figures and the first findings of each kind.

        Args:
            most (int): Findings of a kind and split to show.
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
    """The least, the median and the most of some numbers.

    Args:
        values (Sequence[float]): At least one number.

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
    """One row for each figure, one column for each split."""
    names = list(dict.fromkeys(n for own in figures.values() for n in own))
    rows = [['', *figures]]
    for name in names:
        values = [own.get(name) for own in figures.values()]
        keys = next((list(v) for v in values if isinstance(v, dict)), None)
        label = name if keys is None else f'{name} ({" / ".join(keys)})'
        rows.append([label, *map(_shown, values)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        '  '.join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        ).rstrip()
        for row in rows
    ]


def _shown(value: Any) -> str:
    if value is None:
        return '-'
    if isinstance(value, dict):
        return ' / '.join(_shown(part) for part in value.values())
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def _listed(title: str, findings: Sequence[Finding], most: int) -> list[str]:
    """The findings by split and kind."""
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
