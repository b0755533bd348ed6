"""Every address: who may ask it, and what it answers."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from kremote_proto.codec import JSON, MSGPACK
from kremote_server.content import NPY, OCTETS

from .running import Running, error, opened, value

S = "/v1/sessions/{session}"
INSIDE = [
    ("GET", ""),
    ("POST", "/ops/dot"),
    ("POST", "/run"),
    ("GET", "/variables"),
    ("GET", "/variables/w"),
    ("PUT", "/variables/w"),
    ("DELETE", "/variables/w"),
    ("GET", "/tensors/1"),
    ("PUT", "/tensors/1"),
    ("DELETE", "/tensors/1"),
    ("DELETE", ""),
]
OUTSIDE = [
    ("POST", "/v1/sessions"),
    ("GET", "/v1/sessions"),
    ("GET", "/v1/ops"),
    ("GET", "/v1/ops/dot"),
    ("GET", "/v1/status"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
]


@pytest.mark.parametrize(("method", "path"), [*OUTSIDE, *((m, S.format(session="x") + p) for m, p in INSIDE)])
@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic YWxpY2U6eA==", "Bearer"])
def test_nothing_is_told_without_a_token(
    stranger: httpx.Client, method: str, path: str, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    response = stranger.request(method, path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert error(response)["code"] == "unauthorized"


@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/sessions/x/nope"])
def test_an_address_that_is_not_there_is_not_told_to_strangers(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_open(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 200


@pytest.mark.parametrize(("method", "path"), OUTSIDE)
def test_a_token_opens_the_rest(alice: httpx.Client, method: str, path: str) -> None:
    assert alice.request(method, path).status_code in (200, 201)


@pytest.mark.parametrize(("method", "path"), INSIDE)
def test_an_address_inside_a_session_reaches_its_worker(alice: httpx.Client, method: str, path: str) -> None:
    session = opened(alice)
    response = alice.request(method, session + path)
    assert response.status_code == (204 if (method, path) == ("DELETE", "") else 200)


@pytest.mark.parametrize(("method", "path"), INSIDE)
def test_another_users_session_is_as_unknown_as_none(
    alice: httpx.Client, bob: httpx.Client, method: str, path: str
) -> None:
    session = opened(alice)
    theirs, nobodys = bob.request(method, session + path), bob.request(method, S.format(session="nobody") + path)
    assert theirs.status_code == nobodys.status_code == 404
    assert error(theirs)["code"] == error(nobodys)["code"] == "unknown_session"
    assert alice.get(session).status_code == 200


def test_a_session_is_made_listed_described_and_left(alice: httpx.Client, bob: httpx.Client) -> None:
    response = alice.post("/v1/sessions", json={"protocol": [1, 1], "engine": None, "client": "test"})
    made = value(response)
    assert response.status_code == 201
    assert made["protocol"] == 1
    assert made["engine"] == "fake"
    assert made["server"].startswith("kremote ")
    assert made["limits"]["tensor_bytes"] == 4 << 30
    assert len(made["session"]) >= 22
    session = f"/v1/sessions/{made['session']}"
    assert made["session"] in [one["session"] for one in value(alice.get("/v1/sessions"))["sessions"]]
    assert made["session"] not in [one["session"] for one in value(bob.get("/v1/sessions"))["sessions"]]
    described = value(alice.get(session))
    assert {name: described[name] for name in made} == made
    assert described["client"] == "test"
    assert described["values"] == 0, "what the worker says of it is part of it"
    assert alice.delete(session).status_code == 204
    assert alice.get(session).status_code == 404


def test_an_empty_body_makes_a_session(alice: httpx.Client) -> None:
    assert alice.post("/v1/sessions").status_code == 201


@pytest.mark.parametrize("spoken", [[0, 0], [2, 9], [5, 3]])
def test_without_a_common_version_no_session_is_made(alice: httpx.Client, spoken: list[int]) -> None:
    before = value(alice.get("/v1/sessions"))
    response = alice.post("/v1/sessions", json={"protocol": spoken})
    assert response.status_code == 426
    assert error(response)["code"] == "version_mismatch"
    assert value(alice.get("/v1/sessions")) == before


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"protocol": 1},
        {"protocol": [1, "1"]},
        {"protocol": [1]},
        {"engine": 3},
        {"client": "x" * 201},
        {"client": 1},
    ],
)
def test_a_malformed_wish_for_a_session_is_refused(alice: httpx.Client, body: Any) -> None:
    response = alice.post("/v1/sessions", json=body)
    assert response.status_code == 400
    assert error(response)["code"] in ("invalid_type", "malformed_request")


def test_an_engine_the_server_lacks_is_named(alice: httpx.Client) -> None:
    response = alice.post("/v1/sessions", json={"engine": "theano"})
    assert response.status_code == 400
    assert "fake, other; got 'theano'" in error(response)["message"]


def test_sessions_go_to_the_least_loaded_worker_of_their_engine(alice: httpx.Client) -> None:
    made = [value(alice.get(opened(alice, engine="other"))) for _ in range(4)]
    assert {one["engine"] for one in made} == {"other"}
    assert sorted(one["worker"] for one in made) == [2, 2, 3, 3]


def test_the_worker_gets_what_was_asked(alice: httpx.Client) -> None:
    session = opened(alice)
    response = alice.post(
        f"{session}/ops/numpy.dot?fetch=true&id=9", content=b"\x80", headers={"kremote-sequence": "a3f:17"}
    )
    assert value(response)["head"] == {
        "route": "op",
        "session": session.rpartition("/")[2],
        "owner": "alice",
        "engine": "fake",
        "method": "POST",
        "path": {"op": "numpy.dot"},
        "query": {"fetch": "true", "id": "9"},
        "content_type": MSGPACK,
        "accept": MSGPACK,
        "length": 1,
        "sequence": "a3f:17",
    }


@pytest.mark.parametrize("name", ["dense_1/kernel:0", "a b", "ünï", "x?y"])
def test_a_variables_name_may_be_any_text(alice: httpx.Client, name: str) -> None:
    session = opened(alice)
    response = alice.put(f"{session}/variables/{quote(name, safe='')}", content=b"\x01")
    assert value(response)["head"]["path"] == {"name": name}


def test_a_head_too_large_for_the_link_is_refused(alice: httpx.Client) -> None:
    with closing(HTTPConnection(alice.base_url.host, alice.base_url.port)) as connection:
        connection.request("POST", f"{opened(alice)}/ops/dot?a={'x' * 65400}", headers=dict(alice.headers))
        response = connection.getresponse()
        assert response.status == 413, response.read()


@pytest.mark.parametrize("sequence", ["", "x" * 129, "a b", "é"])
def test_a_sequence_is_a_short_word(alice: httpx.Client, sequence: str) -> None:
    headers = {"kremote-sequence": sequence.encode()}
    response = alice.post(f"{opened(alice)}/run", headers=headers)  # type: ignore[arg-type]
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, MSGPACK),
        ({"accept": "*/*"}, MSGPACK),
        ({"accept": JSON}, JSON),
        ({"accept": "text/html,application/xhtml+xml;q=0.9"}, JSON),
        ({"accept": "application/json;q=0.1, application/msgpack"}, MSGPACK),
        ({"accept": "application/x-msgpack"}, MSGPACK),
        ({"content-type": JSON}, JSON),
        ({"content-type": "application/json; charset=utf-8", "accept": "*/*"}, JSON),
        ({"content-type": JSON, "accept": MSGPACK}, MSGPACK),
        ({"accept": "application/json;q=nonsense"}, MSGPACK),
    ],
)
@pytest.mark.parametrize("path", ["", "/ops/dot", "/ops/refuse", "/ops/boom", "/nope"])
def test_the_asked_type_is_answered(alice: httpx.Client, headers: dict[str, str], expected: str, path: str) -> None:
    session = opened(alice)
    method = "POST" if path else "GET"
    body = (b"{}" if headers.get("content-type", "").startswith(JSON) else b"\x80") if path else None
    response = alice.request(method, session + path, content=body, headers={"accept": "", **headers})
    assert response.headers["content-type"] == expected
    value(response)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, OCTETS),
        ("application/x-npy", NPY),
        ("application/npy", NPY),
        ("application/json", JSON),
        (MSGPACK, MSGPACK),
    ],
)
def test_a_tensor_comes_as_raw_bytes_unless_something_else_is_asked(
    alice: httpx.Client, accept: str | None, expected: str
) -> None:
    response = alice.get(f"{opened(alice)}/tensors/1", headers={"accept": accept} if accept else {})
    assert response.headers["content-type"] == expected
    assert response.headers["kremote-dtype"] == "uint8"
    assert len(response.content) == 1 << 20


def test_errors_of_a_worker_keep_their_place(alice: httpx.Client) -> None:
    response = alice.post(f"{opened(alice)}/ops/refuse")
    assert response.status_code == 400
    assert error(response) == {
        "code": "invalid_value",
        "message": "expected something else",
        "op": "refuse",
        "instruction": 7,
        "hint": None,
    }


def test_a_defect_of_a_worker_is_an_internal_error_and_no_end(alice: httpx.Client) -> None:
    session = opened(alice)
    response = alice.post(f"{session}/ops/boom")
    assert response.status_code == 500
    assert error(response)["code"] == "internal"
    assert alice.post(f"{session}/ops/dot").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/v1/ops/dott", 404, "unknown_op"),
        ("POST", "/v1/ops/dot", 405, "not_found"),
        ("PATCH", "/v1/sessions/x/variables/w", 405, "not_found"),
        ("GET", "/v1/sessions/x/run", 405, "not_found"),
        ("GET", "/v1/sessions/", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_said_in_the_one_shape(
    alice: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    response = alice.request(method, path)
    assert response.status_code == status
    assert error(response)["code"] == code


@pytest.mark.parametrize("path", ["/run", "/ops/dot", "/tensors/3", "/variables/w"])
def test_a_body_of_another_type_is_refused(alice: httpx.Client, path: str) -> None:
    method = "PUT" if path[1] in "tv" else "POST"
    session = opened(alice)
    for headers in ({"content-type": "text/plain"}, {"content-encoding": "br"}):
        response = alice.request(method, session + path, content=b"x", headers=headers)
        assert response.status_code == 415
        assert error(response)["code"] == "malformed_request"


def test_compressed_bodies_go_on_to_the_worker_as_they_are(alice: httpx.Client) -> None:
    session = opened(alice)
    headers = {"content-encoding": "GZip", "accept-encoding": "deflate"}
    seen = value(alice.post(f"{session}/run", content=b"x", headers=headers))
    assert (seen["head"]["encoding"], seen["head"]["accept_encoding"], seen["length"]) == ("gzip", "deflate", 1)
    seen = value(alice.post(f"{session}/run", content=b"x", headers={"accept-encoding": "gzip, deflate"}))
    assert not {"encoding", "accept_encoding"} & set(seen["head"])
    refused = alice.post("/v1/sessions", content=b"x", headers={"content-encoding": "gzip"})
    assert refused.status_code == 415
    assert "without content-encoding" in error(refused)["message"]


def test_a_body_that_is_not_its_type_is_refused(alice: httpx.Client) -> None:
    response = alice.post("/v1/sessions", content=b"{", headers={"content-type": JSON})
    assert response.status_code == 400
    assert error(response)["code"] == "malformed_request"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example"])
def test_on_loopback_other_host_names_are_refused(alice: httpx.Client, stranger: httpx.Client, host: str) -> None:
    response = alice.get("/v1/status", headers={"host": host})
    assert response.status_code == 400
    assert "expected a Host header among" in error(response)["message"]
    assert stranger.get("/", headers={"host": host}).status_code == 400
    assert stranger.get("/healthz", headers={"host": host}).status_code == 200, "probes come by any name"


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "LOCALHOST", "127.0.0.1", "[::1]:8000"])
def test_loopbacks_own_names_are_answered(alice: httpx.Client, host: str) -> None:
    assert alice.get("/v1/status", headers={"host": host}).status_code == 200


def test_no_page_elsewhere_may_read_an_answer(alice: httpx.Client) -> None:
    response = alice.options("/v1/sessions", headers={"origin": "http://evil", "access-control-request-method": "GET"})
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_the_status_names_versions_and_workers(alice: httpx.Client) -> None:
    status = value(alice.get("/v1/status"))
    assert status["user"] == "alice"
    assert status["protocol"] == [1, 1]
    assert status["engines"] == ["fake", "other"]
    assert [(w["engine"], w["device"], w["state"]) for w in status["workers"]] == [
        ("fake", "0", "ready"),
        ("fake", "1", "ready"),
        ("other", "0", "ready"),
        ("other", "1", "ready"),
    ]


def test_the_workers_get_their_limits(server: Running, alice: httpx.Client) -> None:
    assert value(alice.post(f"{opened(alice)}/run"))["limits"] == {
        "body_bytes": 2 << 30,
        "structured_bytes": 64 << 20,
        "tensor_bytes": 4 << 30,
        "ids": 1_000_000,
        "program_instructions": 10_000,
        "content_bytes": 256 << 20,
        "inflated_bytes": 256 << 20,
        "session_bytes": 16 << 30,
        "user_bytes": 32 << 30,
        "worker_bytes": 0,
        "op_seconds": 3600.0,
        "op_grace_seconds": 10.0,
    }


def test_the_catalogue_is_served(alice: httpx.Client) -> None:
    listed = {op["name"]: op for op in value(alice.get("/v1/ops"))["ops"]}
    assert value(alice.get("/v1/ops/dot")) == listed["dot"]
    assert listed["dot"]["parameters"][0]["name"] == "x"
    assert value(alice.get("/v1/ops", headers={"accept": JSON}))["ops"] == list(listed.values())
