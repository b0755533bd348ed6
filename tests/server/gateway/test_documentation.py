"""The documentation: served by us alone, for those with a token, and true."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kremote_proto import catalogue
from kremote_proto.op import CATALOGUE
from kremote_server.routes.docs import STATIC

from .running import Running, error


@pytest.fixture(scope="module")
def document(alice: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = alice.get("/openapi.json").json()
    return found


def test_the_page_and_all_it_loads_are_ours(alice: httpx.Client, stranger: httpx.Client) -> None:
    for path, count in (("/docs", 4), ("/", 2)):
        page = alice.get(path)
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"
        assert "//" not in page.text.replace("<!doctype html>", "")
        check_what_is_loaded(page.text, count, stranger)
    assert "http" not in stranger.get("/static/docs.js").text


def check_what_is_loaded(page: str, count: int, stranger: httpx.Client) -> None:
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == count
    for path in loaded:
        if not path.startswith("data:"):
            response = stranger.get(f"/{path}")
            assert response.status_code == 200
            assert response.headers["x-content-type-options"] == "nosniff"


def test_the_vendored_files_carry_their_licences() -> None:
    assert "Apache License" in (STATIC / "swagger-ui.LICENSE.txt").read_text()
    assert (STATIC / "swagger-ui-bundle.js.LICENSE.txt").exists()
    assert not re.search(r"url\(['\"]?http", (STATIC / "swagger-ui.css").read_text())


@pytest.mark.parametrize("path", ["/static/no.js", "/static/../app.py", "/static/%2e%2e/app.py", "/static/"])
def test_only_static_files_are_static(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code in (401, 404)


def test_a_browser_comes_in_with_the_printed_url(server: Running) -> None:
    with server.client(None) as browser:
        page = browser.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert browser.get("/docs").status_code == 401
        response = browser.get("/v1/browser", headers={"authorization": f"Bearer {server.tokens['alice']}"})
        assert response.status_code == 204
        cookie = response.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert server.tokens["alice"] not in cookie
        assert browser.get("/v1/browser").status_code == 204, "who has been in goes on without a token"
        assert browser.get("/docs").status_code == 200
        assert browser.get("/openapi.json").status_code == 200
        for method, path in (
            ("GET", "/v1/sessions"),
            ("POST", "/v1/sessions"),
            ("GET", "/v1/status"),
            ("POST", "/docs"),
        ):
            assert browser.request(method, path).status_code == 401


def test_a_browser_without_the_token_sees_nothing(stranger: httpx.Client) -> None:
    for path, headers in (("/", {}), ("/v1/browser", {}), ("/v1/browser", {"authorization": "Bearer wrong"})):
        response = stranger.get(path, headers={"accept": "text/html", **headers})
        assert response.status_code == (200 if path == "/" else 401)
        assert "set-cookie" not in response.headers
    assert stranger.get("/docs", headers={"accept": "text/html"}).json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize(
    "cookie",
    ["kremote=alice:0", "kremote=:0", "kremote=alice", "kremote=", "kremote=:", "other=1", "kremote=\xe9:\xe9"],
)
def test_a_forged_cookie_opens_nothing(stranger: httpx.Client, cookie: str) -> None:
    assert stranger.get("/docs", headers={b"cookie": cookie.encode()}).status_code == 401


def test_a_token_in_the_query_opens_nothing(server: Running, stranger: httpx.Client) -> None:
    assert "set-cookie" not in stranger.get("/", params={"token": server.tokens["alice"]}).headers
    for path in ("/docs", "/v1/sessions", "/metrics", "/v1/browser"):
        assert error(stranger.get(path, params={"token": server.tokens["alice"]}))["code"] == "unauthorized"


def test_every_op_has_its_own_address(document: dict[str, Any]) -> None:
    described = {path.rpartition("/ops/")[2] for path in document["paths"] if path.startswith("/v1/sessions/")}
    assert described >= set(CATALOGUE)
    dot = document["paths"]["/v1/sessions/{session}/ops/dot"]["post"]
    schema = dot["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["x", "y"]
    assert dot["operationId"] == "dot"
    assert CATALOGUE["dot"].doc.splitlines()[0] == dot["summary"]


def test_every_address_answers_to_its_description(document: dict[str, Any], alice: httpx.Client) -> None:
    for path, methods in document["paths"].items():
        for method in methods:
            at = re.sub(r"{\w+}", "1", path)
            response = alice.request(method, at)
            assert response.status_code != 405, (method, path)
            if response.status_code == 404:
                assert error(response)["code"] in ("unknown_session", "unknown_op"), (method, path)


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_is_plain_and_says_all(name: str) -> None:
    op = CATALOGUE[name]
    entry = catalogue.entry(op)
    assert json.loads(json.dumps(entry, allow_nan=False)) == entry
    assert list(entry) == ["name", "family", "signature", "parameters", "returns", "doc", "since"]
    assert [parameter["name"] for parameter in entry["parameters"]] == list(op.parameters)
    for parameter in entry["parameters"]:
        assert parameter["required"] is ("default" not in parameter)
    ast.parse(f"def op{entry['signature'].removeprefix(name)}: ...")
    schema = catalogue.arguments_schema(op)
    assert set(schema.get("required", [])) == {p["name"] for p in entry["parameters"] if p["required"]}


def test_every_reference_is_there(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in set(_references(document)):
        assert name.removeprefix("#/components/schemas/") in schemas


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def test_the_document_has_what_openapi_demands(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"]
    identifiers = []
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["responses"], path
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path
            assert all(p["required"] for p in operation.get("parameters", []) if p["in"] == "path")
            identifiers.append(operation.get("operationId"))
    named_operations = [identifier for identifier in identifiers if identifier]
    assert len(named_operations) == len(set(named_operations))
