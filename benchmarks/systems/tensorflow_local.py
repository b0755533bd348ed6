"""TensorFlow in the process that asks, on the first device of this machine: no network at all."""

from __future__ import annotations

from .system import System
from .tensorflow_works import TensorFlowWorks


def start() -> System:
    """The system."""
    return TensorFlowWorks("/CPU:0")
