"""What the interpretation of a program says to the engine that compiles it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class NotCompiled(Exception):
    """A program that must be interpreted, and why."""


@dataclass
class Outcome:
    """What a program gives, and the inputs (variables) that it changes, with their new values."""

    outputs: list[Any]
    changed: dict[int, Any] = field(default_factory=dict)
