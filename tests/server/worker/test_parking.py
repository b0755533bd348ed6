"""Idle sessions leave memory for who needs it, and come back whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.op import find_op
from kremote_server.engines.loading import load_engine
from kremote_server.worker import parking
from kremote_server.worker.keeper import StateSettings
from kremote_server.worker.limits import Limits
from kremote_server.worker.requests import Worker
from kremote_server.worker.store import Store

from .process import A, B, C, noise
from .test_accounts import KIB, Users, error, ones


@pytest.fixture(autouse=True)
def idle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "_IDLE_SECONDS", 0.0)


def kept(directory: Path, engine: str = "numpy", **limits: int) -> Users:
    """Users of a worker with a state directory."""
    users = Users(engine)
    users.worker = Worker(load_engine(engine), "cpu", Limits(**limits), Store(StateSettings(str(directory))))
    return users


def test_who_needs_memory_gets_that_of_idle_sessions(tmp_path: Path) -> None:
    users = kept(tmp_path, worker_bytes=4 * KIB)
    users.open("alice-1", "bob-1", "carol-1")
    users.run("alice-1", ones(A), ones(B))
    users.run("bob-1", ones(A), ones(B))
    assert users.run("carol-1", ones(A))[0].get("error") is None
    assert set(users.worker.sessions) == {"bob-1", "carol-1"}, "the one used longest ago, and no more than is needed"
    value = users.ask("alice-1", {"route": "run"}, codec.encode({"fetch": [{"ref": B}]}))["values"][0]
    np.testing.assert_array_equal(np.frombuffer(value["data"], "float32"), np.ones(256))
    assert users.worker.store is not None
    assert (users.worker.store.counts.parked, users.worker.store.counts.restored) == (1, 1)


def test_where_all_is_ones_own_nobody_is_parked(tmp_path: Path) -> None:
    users = kept(tmp_path, worker_bytes=2 * KIB)
    users.open("alice-1", "bob-1")
    assert error(users.run("alice-1", ones(A), ones(B), ones(C))[2])["code"] == "out_of_memory"
    assert set(users.worker.sessions) == {"alice-1", "bob-1"}, "who holds nothing has nothing to give"


def test_who_works_is_not_parked(tmp_path: Path) -> None:
    users = kept(tmp_path, worker_bytes=2 * KIB)
    users.open("alice-1", "bob-1")
    users.run("alice-1", ones(A), ones(B))
    with users.worker.sessions["alice-1"].lock:
        assert error(users.run("bob-1", ones(A))[0])["code"] == "out_of_memory"
    assert users.run("bob-1", ones(B))[0].get("error") is None


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_an_op_without_memory_is_done_once_more_with_the_same_numbers(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = kept(tmp_path, engine)
    users.open("alice-1", "bob-1")
    users.run("alice-1", ones(A))
    users.run("bob-1", noise(A))
    op = find_op("random_normal")
    found, full = users.worker.engine.find(op), MemoryError("full")
    fails = [full, None, full, full, full]

    def scarce(**arguments: Any) -> Any:
        result, error_ = found(**arguments), fails.pop(0) if fails else None
        if error_ is not None:
            raise error_
        return result

    find = users.worker.engine.find
    monkeypatch.setattr(users.worker.engine, "find", lambda one: scarce if one is op else find(one))
    assert users.run("bob-1", noise(B))[0].get("error") is None
    assert "alice-1" not in users.worker.sessions
    assert error(users.run("bob-1", noise(C))[0])["code"] == "out_of_memory", "there is nobody left to be parked"
    users.run("alice-1", ones(B))
    assert error(users.run("bob-1", noise(C + 1))[0])["code"] == "out_of_memory", "more than once it is not tried"
    drawn = users.run("bob-1", noise(C + 2))
    values = [_value(users, identifier) for identifier in (A, B, C + 2)]
    monkeypatch.undo()
    keeper = users.worker.sessions["bob-1"].keeper
    assert keeper is not None
    keeper.close()
    again = kept(tmp_path, engine)
    assert drawn
    for identifier, value in zip((A, B, C + 2), values, strict=True):
        np.testing.assert_array_equal(_value(again, identifier), value)
    assert again.worker.store is not None
    assert again.worker.store.counts.differences == 0


def _value(users: Users, identifier: int) -> Any:
    reply = users.ask("bob-1", {"route": "run"}, codec.encode({"fetch": [{"ref": identifier}]}))
    assert "values" in reply, reply
    told = reply["values"][0]
    return np.frombuffer(told["data"], told["dtype"])
