"""Keras 2.3.1 with a worker in its own process: no gateway, no HTTP, no socket."""

from __future__ import annotations

from .in_process import connect_in_process
from .keras import Keras
from .system import System


def start() -> System:
    """The system."""
    return Keras(connect_in_process())
