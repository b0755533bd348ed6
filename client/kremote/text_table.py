"""Rows of text as a table of text."""

from __future__ import annotations

from collections.abc import Container, Sequence


def table(rows: Sequence[Sequence[str]], right: Container[int] = ()) -> str:
    """Rows as lines, whose columns are as wide as their longest cell.

    >>> print(table([("a", "bytes"), ("bcd", "1")], right=[1]))
    a    bytes
    bcd      1
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
