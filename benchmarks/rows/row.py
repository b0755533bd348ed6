"""A row of the benchmark."""

from __future__ import annotations

from typing import Protocol

from ..outcome import Outcome
from ..stage import Stage


class Row(Protocol):
    """Something to measure, by name."""

    @property
    def name(self) -> str:
        """What `--rows` calls it."""

    @property
    def title(self) -> str:
        """What is measured, in a few words."""

    def measure(self, stage: Stage) -> Outcome:
        """Measure it."""
