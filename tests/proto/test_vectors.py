"""The golden requests and replies: the real server answers as recorded, the real client sends and reads as recorded."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import ml_dtypes
import numpy as np
import pytest
import scipy.sparse

from kremote.address import parse_address
from kremote.session import Session
from kremote.transport import Transport
from kremote_proto.codec import JSON, decode, encode
from kremote_proto.dtypes import DTYPES
from kremote_proto.errors import ERRORS

from ..conftest import Server
from .vectors import CASES
from .vectors.case import FIRST, MSGPACK
from .vectors.files import Reply, Vector, load, names
from .vectors.replay import disagreement, player, value_disagreement

NAMES = names()
PYTHON = [name for name in NAMES if load(name).python]


def test_the_recorded_requests_are_the_declared_ones() -> None:
    script = Path(__file__).parents[2] / "scripts" / "vectors"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(case.name for case in CASES) == NAMES


@pytest.mark.parametrize("as_json", [False, True], ids=["msgpack", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_the_server_answers_as_recorded(name: str, as_json: bool, server: Server) -> None:
    vector = load(name)
    with player(server.url, server.token) as plays:
        for number, (request, reply) in enumerate(vector.exchanges, 1):
            got = plays.play(request, as_json=as_json)
            varies = vector.notes[number - 1][1]
            found = (
                json_disagreement(reply, got, vector, varies)
                if as_json and reply.body.as_json
                else disagreement(reply, got, tolerance=vector.tolerance, varies=varies)
            )
            assert found is None, f"{name}, request {number} {request.method} {request.path}: {found}"


def json_disagreement(expected: Reply, got: Reply, vector: Vector, varies: tuple[str, ...]) -> str | None:
    """In what a reply asked for as JSON differs from the recorded one's JSON form."""
    assert expected.body.as_json is not None
    if got.status != expected.status or got.content_type != JSON or got.body.octets is None:
        return f"expected {expected.status} as JSON; got {got}"
    values = (json.loads(body) for body in (expected.body.as_json, got.body.octets))
    return value_disagreement(*values, tolerance=vector.tolerance, varies=varies)


class Recording:
    """Stands for a server: expects a vector's requests and gives its replies."""

    def __init__(self, vector: Vector) -> None:
        self.waiting = list(vector.exchanges)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The recorded reply to the next request, which must be the recorded one."""
        if request.method == "POST" and request.url.path == "/v1/sessions":
            opened = {"session": "s", "protocol": 1, "engine": "tensorflow", "server": "kremote", "limits": {}}
            return httpx.Response(201, headers={"content-type": MSGPACK}, content=encode(opened))
        if not self.waiting:  # the example is over, or went wrong: what is left may go
            left = decode(request.content).get("instructions", [])
            done = {"results": [{"id": instruction["id"], "kind": None} for instruction in left], "values": []}
            return httpx.Response(200, headers={"content-type": MSGPACK}, content=encode(done))
        (expected, reply), waiting = self.waiting[0], self.waiting[1:]
        self.waiting = []
        assert (request.method, request.url.path) == (expected.method, expected.path.replace("{session}", "s"))
        assert dict(request.url.params) == expected.query
        assert request.headers["content-type"] == expected.headers["content-type"]
        assert decode(request.content) | {"free": 0} == decode(expected.body.octets or b"") | {"free": 0}
        assert frees_sorted(request.content) == frees_sorted(expected.body.octets or b"")
        self.waiting = waiting
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body.octets)


def frees_sorted(program: bytes) -> bytes:
    """A program's bytes, as they are up to the frees, whose order is the garbage collector's."""
    read = decode(program)
    head, marker, _ = program.rpartition(b"\xa4free")
    assert marker, "expected `free` last in a program"
    return head + encode(sorted(read["free"]))


@pytest.mark.parametrize("name", PYTHON)
def test_the_client_sends_and_reads_what_is_recorded(
    name: str, settings_restored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kremote.identifiers.block", lambda: FIRST)
    monkeypatch.setattr("kremote.sender.Sender.notice", lambda self: None)
    vector = load(name)
    recording = Recording(vector)
    transport = Transport(
        parse_address("http://recorded:8000", None),
        timeout=10,
        connect_timeout=10,
        retry_seconds=0,
        handler=httpx.MockTransport(recording.answer),
    )
    from kremote import backend as K

    with Session(transport=transport):
        given = {"K": K, "np": np, "scipy": scipy, "ml_dtypes": ml_dtypes}
        report = run_doctest(vector, given)
        assert not report, report
        assert not recording.waiting, f"the client did not send {recording.waiting}"


def run_doctest(vector: Vector, given: dict[str, Any]) -> str:
    """Run a vector's Python; what went wrong."""
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.FAIL_FAST
    test = doctest.DocTestParser().get_doctest(vector.python + "\n", given, vector.name, None, None)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=options, verbose=False).run(test, out=said.append)
    return "".join(said)


# What a vector is compared by must find what is wrong.


def spoiled(change: Callable[[Any], None]) -> tuple[Reply, Reply]:
    """A recorded reply, and the same with a change."""
    _, reply = load("run-dot").exchanges[0]
    value = decode(reply.body.octets or b"")
    change(value)
    return reply, Reply(reply.status, reply.headers, type(reply.body)(encode(value)))


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["results"][0].update(id=5),
        lambda value: value["results"].pop(),
        lambda value: value["values"][0].update(dtype="float64"),
        lambda value: value["values"][0].update(data=b"\x00\x00\x40\x40\x00\x00\x90\x40\x00\x00\xc1\x40"),
        lambda value: value.update(more=1),
        lambda value: value.update(values=[]),
    ],
)
@pytest.mark.parametrize("tolerance", [0.0, 1e-6])
def test_a_changed_reply_is_found(change: Callable[[Any], None], tolerance: float) -> None:
    assert disagreement(*spoiled(change), tolerance=tolerance)


def test_a_reply_within_the_tolerance_is_accepted() -> None:
    nearly = np.array([3, 4.5, np.nextafter(np.float32(6), np.float32(7))], "<f4").tobytes()
    replies = spoiled(lambda value: value["values"][0].update(data=nearly))
    assert disagreement(*replies)
    assert disagreement(*replies, tolerance=1e-6) is None


def test_each_dtype_and_error_of_requests_has_a_vector() -> None:
    assert {f"tensor-{dtype}" for dtype in DTYPES} <= set(NAMES)
    seen = {
        decode(reply.body.octets or b"", reply.content_type)["error"]["code"]
        for name in NAMES
        for _, reply in load(name).exchanges
        if reply.status >= 400
    }
    # The others need a server that breaks, lacks something, is far away or has narrow bounds, or another token.
    never = {"error", "unsupported", "out_of_memory", "session_lost", "unavailable", "connection_failed", "internal"}
    never |= {"interrupted", "forbidden", "storage_failed"}
    never |= {"too_many_requests", "queue_full", "time_exceeded", "quota_exceeded"}
    assert seen == set(ERRORS) - never - {"limit_exceeded"}
