"""The catalogue: one module a family, one declaration an op."""

from . import linear, operators

__all__ = ["linear", "operators"]
