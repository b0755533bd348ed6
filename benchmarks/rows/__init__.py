"""The rows of the benchmark, in the order of the table."""

from __future__ import annotations

from .comparisons import COMPARISONS
from .link import FarBuild, FarStep
from .row import Row

ROWS: dict[str, Row] = {row.name: row for row in (*COMPARISONS, FarStep(), FarBuild())}
