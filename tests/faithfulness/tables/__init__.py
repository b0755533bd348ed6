"""The tables: one or more for each op, by family."""

from __future__ import annotations

from . import control, convolution, creation, elementwise, linear, losses, random, reductions, shapes, state
from .table import Case, Table

TABLES: tuple[Table, ...] = tuple(
    table
    for family in (control, convolution, creation, elementwise, linear, losses, random, reductions, shapes, state)
    for table in family.TABLES
)

__all__ = ["TABLES", "Case", "Table"]
