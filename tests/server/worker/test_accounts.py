"""What sessions hold is counted as long as somebody has it, and bounded for a session, a user and the worker."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_server.engines.loading import load_engine
from kremote_server.link_messages import Request
from kremote_server.worker.limits import Limits
from kremote_server.worker.requests import Worker

from .process import OCTETS, A, B, C, D, add, begun, instruction, variable

KIB = 1 << 10


class Users:
    """Sessions of several users on one worker."""

    def __init__(self, engine: str = "numpy", **limits: int) -> None:
        self.worker = Worker(load_engine(engine), "cpu", Limits(**limits))

    def open(self, *names: str) -> None:
        for name in names:
            self.ask(name, {"route": "create"})

    def ask(self, name: str, head: dict[str, Any], body: bytes = b"") -> Any:
        """A reply decoded; the owner of a session is the part of its name before the dash."""
        about = {"session": name, "owner": name.partition("-")[0], **head}
        reply = self.worker.handle(Request(about, memoryview(bytearray(body))))
        return codec.decode(reply.body) if reply.body else reply.status  # type: ignore[arg-type]

    def run(self, name: str, *instructions: dict[str, Any], **more: Any) -> list[Any]:
        body = codec.encode({"instructions": [*instructions], "fetch": [], "free": [], **more})
        results: list[Any] = self.ask(name, {"route": "run"}, body)["results"]
        return results

    def used(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(name, {"route": "usage"})["sessions"][name]
        return found

    def bytes(self, name: str) -> int:
        held: int = self.used(name)["bytes"]
        return held


def ones(identifier: int, length: int = 256) -> dict[str, Any]:
    """A value of so many times 4 bytes."""
    return instruction(identifier, "ones", shape=[length], dtype="float32", name=None)


def sums(identifier: int, *of: int) -> dict[str, Any]:
    return instruction(identifier, "operator.add", x={"ref": of[0]}, y={"ref": of[-1]})


def error(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result["error"]
    return found


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_a_value_counts_until_nobody_has_it(engine: str) -> None:
    users = Users(engine)
    users.open("alice-1")
    users.run("alice-1", ones(A), sums(B, A), variable(C, [1.0, 2.0], name="w"))
    assert users.bytes("alice-1") == 2 * KIB + 8
    users.run("alice-1", add(D, C, [1.0, 1.0]))
    assert users.bytes("alice-1") == 2 * KIB + 8, "a result that is a variable"
    users.run("alice-1", free=[A, B, C, D])
    assert users.bytes("alice-1") == 8, "a variable that has a name"
    users.ask("alice-1", {"route": "variable", "method": "DELETE", "path": {"name": "w"}})
    assert users.bytes("alice-1") == 0
    assert users.worker.accounts.values == 0


def test_what_a_symbol_needs_counts_when_its_id_is_freed() -> None:
    users = Users()
    users.open("alice-1")
    feed = instruction(A, "placeholder", shape=[256], dtype="float32")
    users.run("alice-1", feed, ones(B), sums(C, A, B), free=[B])
    assert users.bytes("alice-1") == KIB
    users.run("alice-1", free=[C])
    assert users.bytes("alice-1") == 0


def test_results_of_several_failures_and_text_are_counted() -> None:
    users = Users("tensorflow")
    users.open("alice-1")
    text = {"dtype": "string", "shape": [2], "data": [b"abc", b"d"]}
    users.run(
        "alice-1",
        instruction(A, "constant", value=text, dtype="string"),
        instruction(B, "dot", x=[[1.0]], y={"ref": D}),
    )
    assert users.bytes("alice-1") == 4


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_a_template_that_comes_again_is_counted_and_bounded(engine: str) -> None:
    users = Users(engine, session_bytes=5 * KIB)
    users.open("alice-1")
    users.run("alice-1", ones(A, 256))
    template = codec.encode([{"op": "operator.mul", "args": {"x": {"input": 0}, "y": {"input": 0}}}])
    held = []
    for turn in range(6):
        body = {"instructions": template, "first": B + turn, "inputs": [{"ref": A}], "fetch": [{"result": 0}]}
        reply = users.ask("alice-1", {"route": "run"}, codec.encode(body))
        held.append((users.bytes("alice-1"), error(reply["results"][0])["code"] if turn > 3 else None))
    full, refused = 5 * KIB, "quota_exceeded"
    assert held == [(2 * KIB, None), (3 * KIB, None), (4 * KIB, None), (full, None), (full, refused), (full, refused)]


def test_a_session_holds_no_more_than_it_may() -> None:
    users = Users(session_bytes=3 * KIB)
    users.open("alice-1", "alice-2")
    *made, refused, dependent = users.run("alice-1", ones(A), ones(B), ones(C), ones(D), sums(D + 1, D))
    assert [one.get("error") for one in made] == [None, None, None]
    assert error(refused) == {
        "code": "quota_exceeded",
        "message": "expected at most 3072 bytes of values in the session, which has 3072; the result takes 1024 more",
        "op": "ones",
        "instruction": D,
        "hint": "let go of handles and variables that you no longer need (K.usage() shows what you hold), or ask the "
        "server's owner for a higher session_bytes",
    }
    assert error(dependent)["cause"] == D
    assert users.run("alice-2", ones(A))[0].get("error") is None
    users.run("alice-1", free=[A])
    assert users.run("alice-1", ones(D + 2))[0].get("error") is None


def test_where_all_is_taken_a_variable_changes_and_symbols_are_made() -> None:
    users = Users(session_bytes=KIB)
    users.open("alice-1")
    users.run("alice-1", variable(A, [0.0] * 256))
    feed = instruction(C, "placeholder", shape=[256], dtype="float32")
    results = users.run("alice-1", add(B, A, [1.0] * 256), feed, sums(D, C, C))
    assert [one.get("error") for one in results] == [None, None, None]


def test_a_users_sessions_hold_no_more_together_than_the_user_may() -> None:
    users = Users(user_bytes=2 * KIB)
    users.open("alice-1", "alice-2", "bob-1")
    users.run("alice-1", ones(A))
    users.run("alice-2", ones(A))
    assert "in your sessions on a worker, which has 2048" in error(users.run("alice-1", ones(B))[0])["message"]
    assert users.run("bob-1", ones(A), ones(B))[1].get("error") is None
    users.ask("alice-2", {"route": "delete"})
    assert users.run("alice-1", ones(C))[0].get("error") is None, "a session that is left gives back what it held"


def test_the_worker_is_out_of_memory_where_all_hold_what_it_may() -> None:
    users = Users(worker_bytes=2 * KIB)
    users.open("alice-1", "bob-1")
    users.run("alice-1", ones(A), ones(B))
    refused = error(users.run("bob-1", ones(A))[0])
    assert (refused["code"], "others hold less" in refused["hint"]) == ("out_of_memory", True)
    assert users.run("alice-1", add(D, A, 1.0))[0].get("error") is not None  # no variable: the session goes on
    assert users.bytes("alice-1") == 2 * KIB


def test_uploads_and_variables_are_refused_without_a_trace() -> None:
    users = Users(session_bytes=KIB)
    users.open("alice-1")
    about = {"method": "PUT", "content_type": OCTETS, "query": {"dtype": "float32", "shape": "257"}}
    for route, path in (("tensor", {"id": str(A)}), ("variable", {"name": "w"})):
        refused = users.ask("alice-1", {"route": route, "path": path, **about}, bytes(4 * 257))
        assert error(refused)["code"] == "quota_exceeded"
    assert users.ask("alice-1", {"route": "describe"}) == {"values": 0, "variables": []}
    about["query"] = {"dtype": "float32", "shape": "256"}
    assert "error" not in users.ask("alice-1", {"route": "tensor", "path": {"id": str(A)}, **about}, bytes(KIB))
    assert users.bytes("alice-1") == KIB


def test_usage_tells_of_one_owner_or_of_all() -> None:
    users = Users()
    users.open("alice-1", "bob-1")
    users.run("alice-1", ones(A), variable(B, 1.0, name="w"))
    told = users.worker.handle(Request({"route": "usage"}, memoryview(b"")))
    assert set(codec.decode(told.body)["sessions"]) == {"alice-1", "bob-1"}  # type: ignore[arg-type]
    own = users.ask("alice-1", {"route": "usage"})
    assert (list(own["sessions"]), list(own["users"])) == (["alice-1"], ["alice"])
    session = own["sessions"]["alice-1"]
    assert (session["values"], session["variables"], session["running_seconds"]) == (2, 1, None)
    assert 0 < session["compute_seconds"] <= own["users"]["alice"]["compute_seconds"]


def test_a_refusal_is_one_again_when_the_session_is_restored_and_nothing_else_is(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.worker.accounts._limits = dataclasses.replace(Limits(), session_bytes=2 * KIB)
    first.session.account.most = 2 * KIB
    assert error(first.run(ones(A), ones(B), ones(C))["results"][2])["code"] == "quota_exceeded"
    for snapshot in (False, True):
        if snapshot:
            first.snapshot()
        second = type(first)(tmp_path)
        second.worker.accounts._limits = dataclasses.replace(Limits(), session_bytes=KIB)  # less than it has
        assert second.value(C) == "quota_exceeded"
        np.testing.assert_array_equal(second.value(B), np.ones(256, "float32"))
        assert second.counts.differences == 0
        assert second.session.account.bytes == 2 * KIB
        assert error(second.run(ones(D + snapshot))["results"][0])["code"] == "quota_exceeded"
        second.keeper.close()
