"""Who may do what: every address of the gateway, tried by all who may not ask it, and by those who may only read."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

import kremote
from kremote import __main__ as command
from kremote_server.app import ROUTERS
from kremote_server.guard import OPEN
from kremote_server.routes.forward import ADDRESSES, PREFIX
from kremote_server.token_line import Token

from .running import Running, error, opened, value

#: What each name in an address is tried with; a new name in an address must be added.
NAMES = {"op": "dot", "name": "w", "id": "1", "owner": "alice"}


def addresses() -> Iterator[tuple[str, str]]:
    """Method and path of everything the gateway answers, as its routers have it."""
    for route in itertools.chain.from_iterable(router.routes for router in ROUTERS):
        assert isinstance(route, APIRoute)
        for method in sorted(route.methods or ()):
            yield method, route.path_format
    for address in ADDRESSES:
        yield address.method, PREFIX + address.path.replace(":path", "")


EVERY = sorted(set(addresses()))
CLOSED = [(method, path) for method, path in EVERY if path not in OPEN]
INSIDE = [(method, path) for method, path in CLOSED if "{session}" in path]
#: What an admin may do with the sessions of others.
FOR_ADMINS = {("GET", "/v1/sessions/{session}"), ("DELETE", "/v1/sessions/{session}")}


def filled(path: str, session: str) -> str:
    return re.sub(r"{(\w+)}", lambda name: {**NAMES, "session": session}[name[1]], path)


def identifier(client: httpx.Client) -> str:
    """The id of a new session."""
    return opened(client).rpartition("/")[2]


def asked(client: httpx.Client, method: str, path: str, session: str = "nobody", **headers: str) -> httpx.Response:
    return client.request(method, filled(path, session), headers=headers)


@pytest.fixture(scope="module")
def reader(server: Running) -> Iterator[httpx.Client]:
    """Who may read what is alice's."""
    server.admit("alice", "read-only", under="reader")
    with server.client("reader") as client:
        yield client


@pytest.fixture(scope="module")
def admin(server: Running) -> Iterator[httpx.Client]:
    server.admit("root", "admin")
    with server.client("root") as client:
        yield client


@pytest.fixture(scope="module")
def expired(server: Running) -> str:
    """A token that was alice's until a moment ago."""
    token = server.admit("carol", expires=int(time.time()) + 2)
    until = time.monotonic() + 10
    with server.client("carol") as client:
        while client.get("/v1/status").status_code != 401:
            assert time.monotonic() < until
            time.sleep(0.05)
    return token


def test_the_table_is_whole() -> None:
    assert len(EVERY) > 15
    assert {"{session}", "{op}", "{name}", "{id}", "{owner}"} == {
        found for _, path in EVERY for found in re.findall(r"{\w+}", path)
    }
    assert {path for _, path in EVERY} >= OPEN, "an address that is not there must not be open"
    assert {"/", "/healthz", "/readyz"} == OPEN


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_strangers_are_told_nothing(
    server: Running, stranger: httpx.Client, alice: httpx.Client, expired: str, method: str, path: str
) -> None:
    session = identifier(alice)
    for given in (
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": f"Bearer {server.tokens['alice'][:-1]}"},
        {"authorization": f"Bearer {server.tokens['alice']}x"},
        {"authorization": f"Basic {server.tokens['alice']}"},
        {"authorization": server.tokens["alice"]},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {expired}"},
        {"cookie": f"kremote={server.tokens['alice']}"},
        {"kremote-token": server.tokens["alice"], "x-forwarded-user": "alice", "x-forwarded-for": "127.0.0.1"},
    ):
        response = asked(stranger, method, path, session, **given)
        assert (response.status_code, error(response)["code"]) == (401, "unauthorized")
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert "set-cookie" not in response.headers
        assert server.tokens["alice"] not in response.text
        assert session not in response.text
    assert alice.get(f"/v1/sessions/{session}").status_code == 200


@pytest.mark.parametrize(("method", "path"), INSIDE)
def test_anothers_session_is_as_one_that_is_not_there(
    alice: httpx.Client, bob: httpx.Client, method: str, path: str
) -> None:
    session = identifier(alice)
    guess = session[:6] + "x" * (len(session) - 6)
    theirs, nobodys = asked(bob, method, path, session), asked(bob, method, path, guess)
    assert (theirs.status_code, error(theirs)["code"]) == (404, "unknown_session")
    assert theirs.content == nobodys.content
    once = {"kremote-request-id", "date"}
    assert {k: v for k, v in theirs.headers.items() if k not in once} == {
        k: v for k, v in nobodys.headers.items() if k not in once
    }
    assert alice.get(f"/v1/sessions/{session}").status_code == 200


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_who_may_only_read_changes_nothing(alice: httpx.Client, reader: httpx.Client, method: str, path: str) -> None:
    session = identifier(alice)
    response = asked(reader, method, path, session)
    if method == "GET":
        assert response.is_success, response.text
    else:
        assert (response.status_code, error(response)["code"]) == (403, "forbidden")
        assert f"got {method}" in error(response)["message"]
    assert alice.get(f"/v1/sessions/{session}").status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PROPFIND"])
def test_who_may_only_read_has_no_other_method(reader: httpx.Client, method: str) -> None:
    response = reader.request(method, "/v1/sessions")
    assert response.status_code in (400, 403, 405)
    assert not response.is_success


@pytest.mark.parametrize(("method", "path"), INSIDE)
def test_an_admin_sees_and_ends_sessions_and_reads_no_values(
    alice: httpx.Client, admin: httpx.Client, method: str, path: str
) -> None:
    session = identifier(alice)
    response = asked(admin, method, path, session)
    if (method, path) in FOR_ADMINS:
        assert response.is_success
        assert alice.get(f"/v1/sessions/{session}").is_success is (method == "GET")
    else:
        assert (response.status_code, error(response)["code"]) == (404, "unknown_session")


def listed(client: httpx.Client, owner: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = value(client.get("/v1/sessions", params={"owner": owner} if owner else {}))[
        "sessions"
    ]
    return found


def test_only_an_admin_lists_the_sessions_of_others(
    alice: httpx.Client, bob: httpx.Client, reader: httpx.Client, admin: httpx.Client
) -> None:
    ours, theirs = identifier(alice), identifier(bob)
    assert {one["owner"] for one in listed(alice)} == {"alice"}
    assert listed(admin) == []
    assert {ours, theirs} <= {one["session"] for one in listed(admin, "*")}
    assert {one["owner"] for one in listed(admin, "bob")} == {"bob"}
    assert ours in [one["session"] for one in listed(alice, "alice")]
    for client in (alice, reader):
        for owner in ("*", "bob"):
            response = client.get("/v1/sessions", params={"owner": owner})
            assert (response.status_code, error(response)["code"]) == (403, "forbidden")
            assert theirs not in response.text


def test_a_new_token_of_a_name_has_its_sessions(alice: httpx.Client, reader: httpx.Client) -> None:
    session = identifier(alice)
    assert session in [one["session"] for one in listed(reader)]
    assert value(reader.get(f"/v1/sessions/{session}/variables"))["head"]["session"] == session


def test_a_client_is_told_what_its_token_may(server: Running, reader: httpx.Client) -> None:
    with pytest.raises(kremote.Forbidden, match="expected GET with a token that may only read; got POST") as caught:
        kremote.Session(server.url, server.tokens["reader"])
    assert "the server's owner gives you another" in str(caught.value)


def test_the_command_of_an_admin(
    server: Running,
    alice: httpx.Client,
    admin: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = identifier(alice)
    monkeypatch.setenv("KREMOTE_URL", server.url)
    for user, code in (("alice", 1), ("root", 0)):
        monkeypatch.setenv("KREMOTE_TOKEN", server.tokens[user])
        assert command.main(["sessions", "--all"]) == code
    said = capsys.readouterr()
    assert "expected a token of scope admin" in said.err
    assert ["alice", session] in [line.split()[:2] for line in said.out.splitlines()]
    assert command.main(["sessions", "--delete", session]) == 0
    assert alice.get(f"/v1/sessions/{session}").status_code == 404


def test_a_tokens_id_says_nothing_of_it() -> None:
    token = Token("alice", "0123456789abcdef" * 4)
    assert token.id == "01234567"
    assert token.digest not in repr(token)
