"""The headers that browsers are told by: nobody frames, sniffs or keeps an answer, and pages elsewhere read none."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from kremote_server.settings import BadSetting, load

from .running import Running, opened, start

ORIGIN = "https://lab.example.org"
ON_EVERY = {"x-content-type-options": "nosniff", "cache-control": "no-store", "referrer-policy": "no-referrer"}
ON_PAGES = {**ON_EVERY, "x-frame-options": "DENY"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose owner lets the pages of an origin use it."""
    running = start(tmp_path_factory.mktemp("shared"), "--allow-origin", f"{ORIGIN}, http://localhost:3000")
    yield running
    running.stop()


def has(response: httpx.Response, headers: dict[str, str]) -> bool:
    return {name: response.headers.get(name) for name in headers} == headers


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/openapi.json", "/static/docs.js", "/healthz", "/metrics", "/v1/status", "/v1/sessions", "/nope"],
)
def test_what_a_browser_might_show_is_not_framed(alice: httpx.Client, stranger: httpx.Client, path: str) -> None:
    for client in (alice, stranger):
        response = client.get(path)
        assert has(response, ON_PAGES)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_values_carry_only_what_is_of_use(alice: httpx.Client) -> None:
    session = opened(alice)
    for _ in range(8):  # in the end the worker answers
        response = alice.post(f"{session}/run", content=b"x")
        assert has(response, ON_EVERY)
        assert "content-security-policy" not in response.headers
    assert "." in response.headers["kremote-request-id"]
    assert has(alice.get(f"{session}/tensors/1"), ON_EVERY)
    assert has(alice.post(f"{session}/ops/refuse"), ON_EVERY)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", "http://lab.example.org"])
def test_pages_of_other_origins_read_nothing(shared: Running, origin: str) -> None:
    with shared.client("alice") as client:
        asked = {"origin": origin, "access-control-request-method": "POST"}
        assert client.options("/v1/sessions", headers=asked).status_code == 400
        response = client.get("/v1/status", headers={"origin": origin})
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:3000"])
def test_pages_of_an_origin_that_was_named_may_use_it(shared: Running, origin: str) -> None:
    with shared.client("alice") as client:
        asked = {
            "origin": origin,
            "access-control-request-method": "PUT",
            "access-control-request-headers": "authorization,content-type,kremote-sequence",
        }
        told = client.options("/v1/sessions/x/tensors/1", headers={**asked, "authorization": ""})
        assert told.status_code == 200
        assert told.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in told.headers, "a token comes by its header alone"
        session = opened(client)
        for _ in range(12):
            response = client.post(f"{session}/run", content=b"x", headers={"origin": origin})
            assert response.headers["access-control-allow-origin"] == origin, "whoever answers"
            assert response.headers["vary"] == "Origin"


def test_an_origin_opens_nothing_without_a_token(shared: Running) -> None:
    with shared.client(None) as stranger:
        response = stranger.get("/v1/sessions", headers={"origin": ORIGIN})
        assert response.status_code == 401


@pytest.mark.parametrize("given", ["lab.example.org", "https://lab.example.org/", "https://*.example.org", "null"])
def test_what_is_no_origin_is_refused(given: str) -> None:
    with pytest.raises(BadSetting, match="expected an origin such as"):
        load({"allow_origin": given}, {})
