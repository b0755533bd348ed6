"""Uploads with a digest: kept, had again, checked and bounded."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_server.engines.loading import load_engine
from kremote_server.link_messages import Reply, Request
from kremote_server.worker.contents import MOST_CONTENTS
from kremote_server.worker.limits import Limits
from kremote_server.worker.requests import Worker
from kremote_server.worker.session import FIRST_CLIENT_ID

DATA = np.arange(64, dtype="<f4").tobytes()
DIGEST = hashlib.sha256(DATA).hexdigest()
A, B, C = (FIRST_CLIENT_ID + n for n in range(3))
OCTETS = "application/octet-stream"


class Client:
    """Requests of the link, without a socket."""

    def __init__(self, engine: str = "numpy", **limits: int) -> None:
        self.worker = Worker(load_engine(engine), "cpu", Limits(**limits))
        self.ask({"route": "create"})

    def ask(self, head: dict[str, Any], body: bytes = b"") -> Reply:
        return self.worker.handle(Request({"session": "s", **head}, memoryview(body)))

    def put(self, identifier: int, data: bytes, digest: str = DIGEST, shape: str = "64", **more: Any) -> Reply:
        head = {"route": "tensor", "method": "PUT", "path": {"id": str(identifier)}, "content_type": OCTETS}
        return self.ask({**head, "query": {"dtype": "float32", "shape": shape, "sha256": digest}, **more}, data)

    def get(self, identifier: int) -> Any:
        head = {"route": "tensor", "method": "GET", "path": {"id": str(identifier)}, "accept": OCTETS}
        return bytes(self.ask(head).body)  # type: ignore[arg-type]

    def run(self, *instructions: dict[str, Any], **more: Any) -> Any:
        body = {"instructions": [*instructions], "fetch": [], "free": [], **more}
        reply = self.ask({"route": "run"}, codec.encode(body))
        assert reply.status == 200, reply.body
        return codec.decode(reply.body)  # type: ignore[arg-type]

    @property
    def counts(self) -> dict[str, int]:
        return codec.decode(self.ask({"route": "stats"}).body)["contents"]  # type: ignore[arg-type, no-any-return]


def code(reply: Reply) -> Any:
    return codec.decode(reply.body)["error"]["code"]  # type: ignore[arg-type]


def test_what_was_uploaded_is_had_again_by_its_digest() -> None:
    client = Client()
    assert client.put(A, DATA).status == 201
    client.run(free=[A])
    assert client.put(B, b"").status == 201
    assert client.get(B) == DATA
    assert client.counts == {"kept": 1, "hits": 1, "misses": 0, "evictions": 0}


def test_a_miss_does_nothing_and_a_repeated_one_is_answered_again() -> None:
    client = Client()
    missed = client.put(A, b"", sequence="s-1")
    assert (missed.status, code(missed)) == (404, "unknown_content")
    assert client.put(A, b"", sequence="s-1").body == missed.body
    assert client.put(A, DATA, sequence="s-2").status == 201
    assert client.put(A, DATA, sequence="s-2").status == 201
    assert client.counts == {"kept": 1, "hits": 0, "misses": 1, "evictions": 0}


def test_a_wrong_digest_is_refused_and_nothing_is_kept() -> None:
    client = Client()
    other = hashlib.sha256(b"other").hexdigest()
    assert code(client.put(A, DATA, other)) == "malformed_request"
    assert code(client.put(A, b"", other)) == "unknown_content"
    assert client.put(A, DATA).status == 201


@pytest.mark.parametrize("digest", ["", "zz", DIGEST.upper(), DIGEST + "0"])
def test_what_is_no_digest_is_refused(digest: str) -> None:
    assert code(Client().put(A, DATA, digest)) == "malformed_request"


def test_a_digest_stands_for_raw_bytes_alone() -> None:
    assert code(Client().put(A, DATA, content_type=codec.MSGPACK)) == "malformed_request"


def test_dtype_and_shape_are_part_of_what_is_found() -> None:
    client = Client()
    client.put(A, DATA)
    assert code(client.put(B, b"", shape="8,8")) == "unknown_content"


def test_an_id_in_use_is_refused_before_the_content_is_looked_at() -> None:
    client = Client()
    client.put(A, DATA)
    assert code(client.put(A, b"")) == "id_taken"


def test_bytes_are_bounded_and_the_oldest_make_room() -> None:
    client = Client(content_bytes=len(DATA))
    other = bytes(len(DATA))
    client.put(A, DATA)
    client.put(B, other, hashlib.sha256(other).hexdigest())
    assert code(client.put(C, b"")) == "unknown_content"
    assert client.get(A) == DATA
    assert client.counts["evictions"] == 1


def test_what_is_larger_than_the_bound_is_not_kept() -> None:
    client = Client(content_bytes=len(DATA) - 1)
    assert client.put(A, DATA).status == 201
    assert code(client.put(B, b"")) == "unknown_content"


def test_the_number_is_bounded() -> None:
    client = Client()
    for n in range(MOST_CONTENTS + 3):
        data = n.to_bytes(4, "little")
        client.put(A + n, data, hashlib.sha256(data).hexdigest(), "1")
    assert client.counts["evictions"] == 3


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_nothing_writes_into_a_kept_content(engine: str) -> None:
    """A variable made of it is updated in place; the content, and what else was made of it, stays."""
    if engine == "tensorflow":
        pytest.importorskip("tensorflow")
    client = Client(engine)
    client.put(A, DATA)
    make = {"id": B, "op": "variable", "args": {"value": {"ref": A}, "dtype": "float32", "name": "w"}}
    ones = {"dtype": "float32", "shape": [64], "data": np.ones(64, "<f4").tobytes()}
    add = {"op": "update_add", "args": {"x": {"ref": B}, "increment": ones}}
    zero = {"op": "set_value", "args": {"x": {"ref": B}, "value": ones}}
    client.run(make, free=[A])
    for update in (add, zero, add):
        client.run({"id": C, **update}, free=[C])
    client.put(A, b"")
    assert client.get(A) == DATA
    assert client.get(B) == np.full(64, 2, "<f4").tobytes()
