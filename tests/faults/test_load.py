"""Some clients at once for some seconds; `python -m tests.faults.load --seconds 600` is the long version."""

from __future__ import annotations

from ..conftest import Server
from .load import run


def test_clients_at_once_are_told_what_is_right(server: Server) -> None:
    found = run(server, clients=12, seconds=6)
    assert found["errors"] == {}
    assert found["the same worker"]
    assert found["things done"] > 12
