"""What an interruption stops: all that had come when it was asked for, and nothing that came later."""

from __future__ import annotations

import pytest

from kremote_proto.errors import Interrupted
from kremote_server.engines.interruption import Interruption


def test_what_runs_and_what_waits_is_stopped_and_nothing_later() -> None:
    interruption = Interruption()
    interruption.begin(running := interruption.arrive())
    waiting = interruption.arrive()
    interruption.check()
    interruption.request()
    for number in (running, waiting):
        interruption.begin(number)
        with pytest.raises(Interrupted, match="by its user"):
            interruption.check()
    interruption.begin(interruption.arrive())
    interruption.check()


def test_where_nothing_runs_nothing_is_stopped() -> None:
    interruption = Interruption()
    interruption.request()
    interruption.check()


def test_what_can_be_cancelled_is() -> None:
    interruption, asked = Interruption(), list[bool]()
    interruption.begin(interruption.arrive())

    def runs() -> None:
        with interruption.cancelled_by(lambda: asked.append(True)):
            interruption.request()
            raise RuntimeError("cancelled")

    with pytest.raises(Interrupted):
        runs()
    interruption.request()
    assert asked == [True]


def test_an_error_of_its_own_stays_one() -> None:
    interruption = Interruption()
    interruption.begin(interruption.arrive())
    with pytest.raises(RuntimeError, match="no"), interruption.cancelled_by(lambda: None):
        raise RuntimeError("no")
