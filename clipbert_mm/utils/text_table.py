# Copyright (c) clipbert_mm contributors.
"""Tables in plain text."""

from collections.abc import Sequence


def text_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return aligned lines, the first column to the left, others right.

    Args:
        rows (Sequence[Sequence[str]]): Cells, equally many per row.

    Returns:
        list[str]: One line per row, without spaces at its end.

    Example:
        >>> text_table([['split', 'media'], ['train', '7'], ['val', '12']])
        ['split  media', 'train      7', 'val       12']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        '  '.join(
            [row[0].ljust(widths[0])]
            + [
                cell.rjust(width)
                for cell, width in zip(row[1:], widths[1:], strict=True)
            ]
        ).rstrip()
        for row in rows
    ]
