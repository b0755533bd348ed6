"""Pictures as SVG: where samples lie on a logarithmic axis, how figures stand to their goals, and curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from ..outcome import Curve, Figure, Series
from .units import digits, duration, quantity

WIDTH, LABEL, BAND, AXIS = 860, 220, 30, 26
#: Colours that the style sheet names, one for each contestant or curve; a system has the same on the whole page.
COLOURS = 8
SYSTEMS = ("kremote", "TensorFlow remote", "local TensorFlow", "local XLA", "raw TCP", "Ray", "torch RPC", "Dask")


class Axis:
    """A logarithmic axis between two values, in pixels."""

    def __init__(self, values: Sequence[float]) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self._low, self._high = math.log10(min(positive)) - 0.06, math.log10(max(positive)) + 0.06

    def __call__(self, value: float) -> float:
        share = (math.log10(max(value, 10**self._low)) - self._low) / (self._high - self._low)
        return LABEL + share * (WIDTH - LABEL - 80)

    def ticks(self) -> list[float]:
        """Round values: 1, 2 and 5 of each decade, or the decades alone where there are many."""
        decades = range(math.floor(self._low), math.ceil(self._high) + 1)
        steps = (1, 2, 5) if self._high - self._low < 2 else (1,)
        candidates = [step * 10.0**decade for decade in decades for step in steps]
        return [value for value in candidates if self._low <= math.log10(value) <= self._high]


def samples(series: Sequence[Series]) -> str:
    """A band for each contestant: a dot for each repetition's median, a line for the median, a tick for p99."""
    axis = Axis([value for each in series for value in (*each.medians, each.p99)])
    height = BAND * len(series) + AXIS
    bands = [_band(each, index, axis) for index, each in enumerate(series)]
    return _svg(height, [*_grid(axis, height, duration), *bands])


def _band(series: Series, index: int, axis: Axis) -> str:
    middle = index * BAND + BAND / 2
    dots = "".join(f'<circle cx="{axis(each):.1f}" cy="{middle}" r="4"/>' for each in series.medians)
    median, p99 = axis(series.median), axis(series.p99)
    told = f"{series.label}: median {duration(series.median)}, p99 {duration(series.p99)}, {len(series.seconds)} calls"
    return (
        f'<g class="c{_colour(series.label, index)}"><title>{escape(told)}</title>'
        f'<rect class="hit" x="0" y="{index * BAND}" width="{WIDTH}" height="{BAND}"/>'
        f'<text x="{LABEL - 12}" y="{middle + 4}" text-anchor="end">{escape(series.label)}</text>'
        f'<line class="reach" x1="{median:.1f}" x2="{p99:.1f}" y1="{middle}" y2="{middle}"/>'
        f'<line class="high" x1="{p99:.1f}" x2="{p99:.1f}" y1="{middle - 6}" y2="{middle + 6}"/>{dots}'
        f'<line class="median" x1="{median:.1f}" x2="{median:.1f}" y1="{middle - 11}" y2="{middle + 11}"/>'
        f'<text class="value" x="{max(median, p99) + 10:.1f}" y="{middle + 4}">{duration(series.median)}</text></g>'
    )


def _colour(label: str, index: int) -> int:
    return SYSTEMS.index(label) if label in SYSTEMS else index % COLOURS


def goals(figures: Sequence[Figure]) -> str:
    """A bar for each figure, with its goal and its dream as marks."""
    bounds = [bound for each in figures for bound in (each.goal, each.dream) if bound is not None]
    axis = Axis([*(each.value for each in figures), *bounds])
    height = BAND * len(figures) + AXIS
    return _svg(height, [*_grid(axis, height, digits), *(_bar(each, i, axis) for i, each in enumerate(figures))])


def _bar(figure: Figure, index: int, axis: Axis) -> str:
    top = index * BAND + 8
    state = {True: "met", False: "unmet", None: "free"}[figure.met(figure.goal)]
    told = f"{figure.what}: {quantity(figure.value, figure.unit)}"
    marks = "".join(
        f'<line class="{name}" x1="{axis(bound):.1f}" x2="{axis(bound):.1f}" y1="{top - 5}" y2="{top + 19}">'
        f"<title>{name} ≤ {bound:g}</title></line>"
        for name, bound in (("goal", figure.goal), ("dream", figure.dream))
        if bound is not None
    )
    end = axis(figure.value)
    return (
        f"<g><title>{escape(told)}</title>"
        f'<text x="{LABEL - 12}" y="{top + 11}" text-anchor="end">{escape(figure.what)}</text>'
        f'<rect class="{state}" x="{LABEL}" y="{top}" width="{max(1.0, end - LABEL):.1f}" height="14" rx="2"/>{marks}'
        f'<text class="value" x="{end + 10:.1f}" y="{top + 11}">{quantity(figure.value, figure.unit)}</text></g>'
    )


def curves(lines: Sequence[Curve], axes: tuple[str, str]) -> str:
    """Lines over a linear axis each way, from zero."""
    right = max((max(line.x) for line in lines), default=1) or 1
    top = max((max(line.y) for line in lines), default=1) * 1.1 or 1
    height, floor = 240, 240 - AXIS - 14

    def point(x: float, y: float) -> str:
        return f"{LABEL + x / right * (WIDTH - LABEL - 80):.1f},{floor - y / top * (floor - 10):.1f}"

    parts = [*_frame(right, top, floor, axes)]
    for index, line in enumerate(lines):
        points = " ".join(point(x, y) for x, y in zip(line.x, line.y, strict=True))
        parts.append(
            f'<g class="c{index % COLOURS}"><polyline points="{points}"><title>{escape(line.label)}</title></polyline>'
            f'<text x="8" y="{24 + 20 * index}">{escape(line.label)}</text></g>'
        )
    return _svg(height, parts)


def _frame(right: float, top: float, floor: float, axes: tuple[str, str]) -> Iterator[str]:
    for step in range(5):
        y = floor - step / 4 / 1.1 * (floor - 10)
        yield f'<line class="grid" x1="{LABEL}" x2="{WIDTH - 80}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{WIDTH - 74}" y="{y + 4:.1f}">{digits(top / 1.1 * step / 4)}</text>'
        x = LABEL + step / 4 * (WIDTH - LABEL - 80)
        yield f'<text class="tick" x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{digits(right * step / 4)}</text>'
    middle = (LABEL + WIDTH - 80) / 2
    yield f'<text class="tick" x="{middle}" y="{floor + 34}" text-anchor="middle">{escape(axes[0])}</text>'
    yield f'<text class="tick" x="{WIDTH - 4}" y="{floor + 16}" text-anchor="end">{escape(axes[1])}</text>'


def _grid(axis: Axis, height: float, name: Callable[[float], str]) -> Iterator[str]:
    for value in axis.ticks():
        x = axis(value)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - AXIS + 4}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{height - 6}" text-anchor="middle">{name(value)}</text>'


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{"".join(parts)}</svg>'
