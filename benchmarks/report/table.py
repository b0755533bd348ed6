"""The table of ratios, for a terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..outcome import Figure, Outcome
from ..rows.row import Row
from .units import digits, duration, quantity

HEADINGS = ("row", "figure", "measured", "goal", "dream", "met")


def table(about: Mapping[str, str], outcomes: Mapping[Row, Outcome]) -> str:
    """The table, then what each system took."""
    lines = [HEADINGS, *_lines(outcomes)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    cells = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in ruled]
    heading = ", ".join(f"{name} {value}" for name, value in about.items() if value)
    return "\n".join([heading, "", *cells, "", *_times(outcomes)])


def _lines(outcomes: Mapping[Row, Outcome]) -> Iterator[tuple[str, ...]]:
    for row, outcome in outcomes.items():
        title = row.title
        if outcome.error is not None:
            yield title, "failed: " + outcome.error.strip().splitlines()[-1], "", "", "", "no"
        for figure in outcome.figures:
            yield title, figure.what, measured(figure), _bound(figure.goal), _bound(figure.dream), met(figure)
            title = ""


def measured(figure: Figure) -> str:
    """A figure with its unit and its spread."""
    spread = "" if figure.spread is None else f" ({digits(figure.spread[0])} to {digits(figure.spread[1])})"
    return quantity(figure.value, figure.unit) + spread


def met(figure: Figure) -> str:
    """Which bounds are met, in a word."""
    if figure.met(figure.dream):
        return "dream"
    goal = figure.met(figure.goal)
    return "" if goal is None else "yes" if goal else "no"


def _bound(bound: float | None) -> str:
    return "" if bound is None else f"≤ {bound:g}"


def _times(outcomes: Mapping[Row, Outcome]) -> Iterator[str]:
    for row, outcome in outcomes.items():
        if outcome.series or outcome.notes:
            yield f"{row.title}:"
        for series in outcome.series:
            yield f"  {series.label:28} median {duration(series.median):>8}   p99 {duration(series.p99):>8}"
        yield from (f"  {note}" for note in outcome.notes)
