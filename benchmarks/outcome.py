"""What a row came to: the samples of every contestant, and figures that are compared with goals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from .system_process import Repetition


@dataclass(frozen=True)
class Series:
    """What one contestant took, repetition by repetition."""

    label: str
    repetitions: list[Repetition]

    @property
    def seconds(self) -> list[float]:
        """Seconds of all calls."""
        return [each for repetition in self.repetitions for each in repetition.seconds]

    @property
    def median(self) -> float:
        """Seconds of the middle call."""
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        """Seconds that 99 of 100 calls stay within."""
        return percentile(self.seconds, 0.99)

    @property
    def medians(self) -> list[float]:
        """The median of each repetition."""
        return [statistics.median(repetition.seconds) for repetition in self.repetitions]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values do not exceed.

    >>> percentile([1, 2, 3, 4], 0.5)
    2
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@dataclass(frozen=True)
class Figure:
    """One line of the table: smaller is better."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    dream: float | None = None
    #: The lowest and the highest of the repetitions.
    spread: tuple[float, float] | None = None

    def met(self, bound: float | None) -> bool | None:
        """Whether the value is within a bound; None without one."""
        return None if bound is None else self.value <= bound


@dataclass(frozen=True)
class Curve:
    """Samples over something that grows, for a plot."""

    label: str
    x: list[float]
    y: list[float]


@dataclass(frozen=True)
class Outcome:
    """All of one row."""

    series: list[Series] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    #: What the curves' axes are.
    axes: tuple[str, str] = ("", "")
    notes: list[str] = field(default_factory=list)
    #: Why there is nothing: the row could not be measured.
    error: str | None = None


def ratio(series: Series, other: Series, goal: float | None = None, dream: float | None = None) -> Figure:
    """Medians compared, with the spread over repetitions that were measured side by side."""
    pairs = [mine / theirs for mine, theirs in zip(series.medians, other.medians, strict=True)]
    value = series.median / other.median
    return Figure(f"of {other.label}", value, "×", goal, dream, (min(pairs), max(pairs)))
