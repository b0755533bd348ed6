"""What sessions and users use, told to their user and to admins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .running import Running, error, opened, value


@pytest.fixture(scope="module")
def admin(server: Running) -> Iterator[httpx.Client]:
    server.admit("chief", "admin")
    with server.client("chief") as client:
        yield client


def told(client: httpx.Client, owner: str | None = None) -> Any:
    return value(client.get("/v1/usage", params={"owner": owner} if owner else {}))


def test_a_user_is_told_of_the_own_sessions(alice: httpx.Client, bob: httpx.Client) -> None:
    ours, theirs = (opened(client).rpartition("/")[2] for client in (alice, bob))
    usage = told(alice)
    (own,) = [one for one in usage["sessions"] if one["session"] == ours]
    assert (own["owner"], own["state"], own["requests"]) == ("alice", "live", 0)
    assert (own["bytes"], own["values"], own["compute_seconds"], own["running_seconds"]) == (4, 1, 0.5, None)
    assert {one["owner"] for one in usage["sessions"]} == {"alice"}
    assert theirs not in str(usage)
    (user,) = usage["users"]
    assert user["user"] == "alice"
    assert user["requests"] == 1, "the one that asks"
    assert user["sessions"] == len(usage["sessions"])
    assert usage["limits"]["requests_per_user"] == 256


def test_only_an_admin_is_told_of_others(alice: httpx.Client, bob: httpx.Client, admin: httpx.Client) -> None:
    ours, theirs = (opened(client).rpartition("/")[2] for client in (alice, bob))
    refused = alice.get("/v1/usage", params={"owner": "*"})
    assert (refused.status_code, error(refused)["code"]) == (403, "forbidden")
    assert alice.get("/v1/usage", params={"owner": "bob"}).status_code == 403
    everybodys = told(admin, "*")
    assert {ours, theirs} <= {one["session"] for one in everybodys["sessions"]}
    assert {"alice", "bob"} <= {one["user"] for one in everybodys["users"]}
    assert {one["owner"] for one in told(admin, "bob")["sessions"]} == {"bob"}


def test_a_user_without_sessions_is_told_so(admin: httpx.Client) -> None:
    usage = told(admin)
    assert (usage["sessions"], usage["users"][0]["sessions"]) == ([], 0)
