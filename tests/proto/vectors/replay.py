"""Vectors against a server: their requests are made, and the replies compared with the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np

from kremote_proto.codec import decode
from kremote_proto.tensors import SparseArray, is_tensor_map, tensor_from_wire

from .case import JSON, MSGPACK
from .files import REPLY_HEADERS, Body, Reply, Request

#: Of an error: for people, and free to change.
WORDS = ("message", "hint")


class Player:
    """Makes requests in a session of its own."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.session = ""

    def play(self, request: Request, *, as_json: bool = False) -> Reply:
        """Make a request, in its JSON form if wanted."""
        headers, octets = dict(request.headers), request.body.octets
        if as_json and headers["accept"] == MSGPACK:
            headers["accept"] = JSON
        if as_json and request.body.as_json is not None:
            headers["content-type"], octets = JSON, request.body.as_json
        path = request.path.replace("{session}", self.session)
        response = self._http.request(request.method, path, params=request.query, headers=headers, content=octets)
        kept = {name: response.headers[name] for name in REPLY_HEADERS if name in response.headers}
        if (request.method, request.path, response.status_code) == ("POST", "/v1/sessions", 201):
            self.leave()
            self.session = decode(response.content, kept["content-type"])["session"]
        return Reply(response.status_code, kept, Body(response.content or None))

    def leave(self) -> None:
        """Delete the session."""
        if self.session:
            self._http.delete(f"/v1/sessions/{self.session}")


@contextmanager
def player(url: str, token: str) -> Iterator[Player]:
    """A player with a new session on a server."""
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=120) as http:
        playing = Player(http)
        playing.play(Request("POST", "/v1/sessions", {}, {"accept": JSON}))
        yield playing
        playing.leave()


def disagreement(expected: Reply, got: Reply, *, tolerance: float = 0.0, varies: tuple[str, ...] = ()) -> str | None:
    """In what a reply differs from the recorded one, None where it does not."""
    if (expected.status, expected.headers) != (got.status, got.headers):
        return f"expected {expected.status} {expected.headers}; got {got.status} {got.headers}: {got.body.octets!r}"
    recorded, came = expected.body.octets, got.body.octets
    if recorded == came:
        return None
    loose = tolerance or varies or expected.status >= 400 or b"error" in (recorded or b"")
    if recorded is None or came is None or not loose or expected.content_type not in (MSGPACK, JSON):
        return f"expected the body {recorded!r}; got {came!r}"
    was, now = (decode(octets, expected.content_type) for octets in (recorded, came))
    return value_disagreement(was, now, tolerance=tolerance, varies=varies)


def value_disagreement(
    expected: Any, got: Any, path: str = "$", *, tolerance: float = 0.0, varies: tuple[str, ...] = ()
) -> str | None:
    """In what two decoded bodies differ."""
    if tolerance and _bytes_of_one_spec(expected, got):
        expected, got = ({**wire, "data": _listed(tensor_from_wire(wire))} for wire in (expected, got))
    pairs: list[tuple[str, Any, Any]] = []
    if isinstance(expected, dict) and isinstance(got, dict) and list(expected) == list(got):
        free = varies + (WORDS if "code" in expected else ())
        pairs = [(f"{path}.{key}", item, got[key]) for key, item in expected.items() if key not in free]
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = [(f"{path}[{n}]", *items) for n, items in enumerate(zip(expected, got, strict=True))]
    elif type(expected) is type(got) is float and tolerance:
        return None if np.isclose(expected, got, tolerance, tolerance, equal_nan=True) else f"{expected} {got} {path}"
    elif type(expected) is not type(got) or expected != got:
        return f"expected {expected!r}; got {got!r} at {path}"
    found = (value_disagreement(was, now, at, tolerance=tolerance, varies=varies) for at, was, now in pairs)
    return next((one for one in found if one), None)


def _bytes_of_one_spec(expected: Any, got: Any) -> bool:
    both = is_tensor_map(expected) and is_tensor_map(got)
    return (
        both
        and (expected["dtype"], expected["shape"]) == (got["dtype"], got["shape"])
        and isinstance(expected["data"], bytes)
        and isinstance(got["data"], bytes)
    )


def _listed(array: Any) -> Any:
    assert not isinstance(array, SparseArray), "a tolerance is for dense values"
    return array.tolist()
