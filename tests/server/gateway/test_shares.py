"""Variables shared with other users: read by those named and nobody else, never written, until they are taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .running import Running, error, opened, value
from .test_registry import restarted, started


def share(client: httpx.Client, path: str, name: str, *users: str, **more: Any) -> httpx.Response:
    return client.put(f"{path}/shares/{name}", json={"users": list(users), **more})


def shared(client: httpx.Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = value(client.get("/v1/shared"))["shared"]
    return listed


@pytest.fixture(scope="module")
def dave(server: Running) -> Iterator[httpx.Client]:
    server.admit("dave")
    with server.client("dave") as client:
        yield client


@pytest.fixture
def path(alice: httpx.Client) -> Iterator[str]:
    """A session of alice's, which ends with the test."""
    made = opened(alice)
    yield made
    alice.delete(made)


def test_a_shared_variable_is_read_by_those_named_alone(
    alice: httpx.Client, bob: httpx.Client, dave: httpx.Client, path: str
) -> None:
    made = share(alice, path, "weights/1", "bob", "bob", variable="w")
    assert made.status_code == 200
    told = {"owner": "alice", "name": "weights/1"}
    whole = {**told, "session": path.rpartition("/")[2], "variable": "w", "users": ["bob"]}
    assert value(made) == whole
    assert (shared(alice), shared(bob), shared(dave)) == ([whole], [told], [])
    for client in (alice, bob):
        copied = client.post(f"{opened(client)}/shared/alice/weights/1")
        assert copied.status_code == 201
        assert value(copied)["tensors"] == [{"name": f"{path.rpartition('/')[2]} w"}]
    session = opened(dave)
    refused, missing = dave.post(f"{session}/shared/alice/weights/1"), dave.post(f"{session}/shared/alice/weights/2")
    assert (refused.status_code, error(refused)["code"]) == (404, "not_found")
    assert error(refused)["message"].replace("weights/1", "") == error(missing)["message"].replace("weights/2", "")
    assert error(bob.post(f"{opened(bob)}/shared/bob/weights/1"))["code"] == "not_found"


def test_nobody_writes_what_is_shared(alice: httpx.Client, bob: httpx.Client, path: str) -> None:
    assert share(alice, path, "w", "bob").status_code == 200
    for method, address in [
        ("PUT", f"{path}/variables/w"),
        ("DELETE", f"{path}/variables/w"),
        ("PUT", f"{path}/shares/w"),
        ("DELETE", f"{path}/shares/w"),
        ("GET", f"{path}/variables/w"),
        ("POST", f"{path}/shared/alice/w"),
    ]:
        refused = bob.request(method, address, json={})
        assert (refused.status_code, error(refused)["code"]) == (404, "unknown_session")
    for method in ("GET", "PUT", "DELETE"):
        assert bob.request(method, f"{opened(bob)}/shared/alice/w").status_code in (404, 405)


def test_what_is_taken_back_is_gone(alice: httpx.Client, bob: httpx.Client, dave: httpx.Client, path: str) -> None:
    share(alice, path, "w", "bob", "dave")
    bobs, daves = opened(bob), opened(dave)
    assert bob.post(f"{bobs}/shared/alice/w").status_code == 201
    share(alice, path, "w", "dave")
    assert bob.post(f"{bobs}/shared/alice/w").status_code == 404
    assert dave.post(f"{daves}/shared/alice/w").status_code == 201
    assert alice.delete(f"{path}/shares/w").status_code == 204
    assert dave.post(f"{daves}/shared/alice/w").status_code == 404
    assert (shared(alice), shared(dave)) == ([], [])
    assert error(alice.delete(f"{path}/shares/w"))["code"] == "not_found"


def test_what_is_shared_ends_with_its_session(alice: httpx.Client, bob: httpx.Client) -> None:
    path = opened(alice)
    share(alice, path, "w", "bob")
    assert alice.delete(path).status_code == 204
    assert bob.post(f"{opened(bob)}/shared/alice/w").status_code == 404
    assert (shared(alice), shared(bob)) == ([], [])
    again = opened(alice)
    assert share(alice, again, "w", "bob").status_code == 200
    alice.delete(again)


def test_two_sessions_do_not_share_under_one_name(alice: httpx.Client, path: str) -> None:
    share(alice, path, "w", "bob")
    other = opened(alice)
    refused = share(alice, other, "w", "bob")
    assert (refused.status_code, error(refused)["code"]) == (400, "invalid_value")
    assert "no other session of yours shares something" in error(refused)["message"]
    assert error(alice.delete(f"{other}/shares/w"))["code"] == "not_found"
    assert share(alice, other, "other", "bob", variable="w").status_code == 200
    alice.delete(other)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "malformed_request"),
        ({}, "invalid_type"),
        ({"users": "bob"}, "invalid_type"),
        ({"users": [7]}, "invalid_type"),
        ({"users": []}, "invalid_value"),
        ({"users": ["bob"], "variable": 7}, "invalid_type"),
        ({"users": ["bob"], "variable": "no such"}, "unknown_variable"),
        ({"users": [f"u{n}" for n in range(1001)]}, "invalid_value"),
    ],
)
def test_a_share_that_cannot_be_is_refused(alice: httpx.Client, path: str, body: Any, code: str) -> None:
    assert error(alice.put(f"{path}/shares/w", json=body))["code"] == code
    long = alice.put(f"{path}/shares/{'x' * 201}", json={"users": ["bob"], "variable": "w"})
    assert error(long)["code"] == "invalid_value"
    assert shared(alice) == []


def test_shares_outlive_the_server_and_are_audited(tmp_path: Path) -> None:
    running = started(tmp_path, "--audit-log", str(tmp_path / "audit"))
    with running.client() as alice:
        path, other = opened(alice), opened(alice)
        share(alice, path, "kept", "bob", variable="w")
        share(alice, other, "taken-back", "bob", variable="w")
        alice.delete(f"{other}/shares/taken-back")
        share(alice, other, "ended", "bob", variable="w")
        alice.delete(other)
    lines = [json.loads(line) for line in (tmp_path / "audit").read_text().splitlines()]
    told = [(line["event"], line["name"], line["users"]) for line in lines if "shared" in line["event"]]
    assert told == [
        ("variable shared", "kept", ["bob"]),
        ("variable shared", "taken-back", ["bob"]),
        ("variable not shared", "taken-back", []),
        ("variable shared", "ended", ["bob"]),
    ]
    running.stop()
    again = restarted(running)
    try:
        with again.client() as alice, again.client("bob") as bob:
            assert [one["name"] for one in shared(alice)] == ["kept"]
            assert bob.post(f"{opened(bob)}/shared/alice/kept").status_code == 201
    finally:
        again.stop()
