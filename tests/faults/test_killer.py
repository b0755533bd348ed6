"""The killer, for some seconds; `python -m tests.faults.killer --kills 200` is the long version."""

from __future__ import annotations

from .killer import run


def test_nothing_is_lost_and_nothing_done_twice_however_processes_end() -> None:
    found = run(8, 2, "numpy", 5)
    assert found["kills"] == 8
    assert found["updates acknowledged"] > 20
    assert found["answered otherwise"] == 0
