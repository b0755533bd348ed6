"""A request that computes for too long costs its own user an error, and everybody else a wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kremote


def test_only_who_asked_for_it_gets_the_error(start_server: Callable[..., Any], tmp_path: Path) -> None:
    options = ("--backend", "numpy", "--state-dir", str(tmp_path / "state"))
    with (
        start_server(*options, "--op-seconds", "2", "--op-grace-seconds", "1") as server,
        kremote.Session(server.url, server.token) as offender,
        kremote.Session(server.url, server.token) as other,
    ):
        count, kept = other.K.variable(0.0, name="count"), offender.K.variable(7.0, name="kept")
        offender.flush()
        large = offender.K.ones((3000, 3000), dtype="int32")  # numpy multiplies integers slowly, and cannot be stopped
        offender.flush()
        over, steps = threading.Event(), 0

        def offend() -> None:
            try:
                with pytest.raises(kremote.TimeExceeded, match="its worker was ended") as caught:
                    offender.K.eval(offender.K.dot(large, large))
                assert "higher op_seconds" in str(caught.value)
            finally:
                over.set()

        thread = threading.Thread(target=offend)
        thread.start()
        while not over.is_set():
            other.K.eval(other.K.update_add(count, 1.0))
            steps += 1
        thread.join()
        assert float(other.K.eval(count)) == steps, "no update was lost, or done twice"
        assert float(offender.K.eval(kept)) == 7.0
        np.testing.assert_array_equal(offender.K.eval(offender.K.ones((2,))), [1.0, 1.0])
        (worker,) = other._transport.call("GET", "/v1/status")["workers"]
        assert "computed for too long" in worker["last_death"]
        assert worker["restarts"] == 1


def test_a_long_loop_is_stopped_and_its_session_goes_on(start_server: Callable[..., Any]) -> None:
    with (
        start_server("--op-seconds", "1.5", "--op-grace-seconds", "60") as server,
        kremote.Session(server.url, server.token) as session,
    ):
        K = session.K
        kept = K.variable(3.0)
        x = K.placeholder(shape=(None, 1))

        def turn(a: Any, b: Any) -> Any:
            return K.tanh(a + b)

        loop = K.function([x], [K.foldl(turn, x)])
        with pytest.raises(kremote.TimeExceeded, match=r"at most 1\.5 s"):
            loop([np.zeros((3_000_000, 1), "float32")])
        assert float(K.eval(kept)) == 3.0
