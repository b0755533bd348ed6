"""The tables: one or more for each op, by family."""

from __future__ import annotations

from . import creation, elementwise, linear, reductions, shapes
from .table import Case, Table

TABLES: tuple[Table, ...] = tuple(
    table for family in (creation, elementwise, linear, reductions, shapes) for table in family.TABLES
)

__all__ = ["TABLES", "Case", "Table"]
