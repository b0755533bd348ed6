"""The rows of the benchmark, in the order of the table."""

from __future__ import annotations

from .clients import Clients
from .comparisons import COMPARISONS
from .durability import Durability
from .link import FarBuild, FarStep
from .memory import GatewayMemory, Handles
from .neighbours import Neighbours
from .row import Row

_SCENARIOS = (Durability(), FarStep(), FarBuild(), Clients(), Neighbours(), GatewayMemory(), Handles())
ROWS: dict[str, Row] = {row.name: row for row in (*COMPARISONS, *_SCENARIOS)}
