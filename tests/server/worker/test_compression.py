"""Compressed bodies as the worker takes and gives them."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.compression import inflated
from kremote_server.link_messages import Reply

from .test_contents import OCTETS, A, Client, code

ZEROS = np.zeros(1 << 16, "<f4").tobytes()


def put(client: Client, body: bytes, encoding: str, **more: Any) -> Reply:
    head = {"route": "tensor", "method": "PUT", "path": {"id": str(A)}, "content_type": OCTETS, "encoding": encoding}
    return client.ask({**head, "query": {"dtype": "float32", "shape": "65536"}, **more}, body)


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
@pytest.mark.parametrize("encoding", ["deflate", "gzip"])
def test_a_compressed_upload_is_the_whole_array(engine: str, encoding: str) -> None:
    client = Client(engine)
    small = zlib.compress(ZEROS) if encoding == "deflate" else gzip.compress(ZEROS)
    assert put(client, small, encoding).status == 201
    assert client.get(A) == ZEROS


def test_a_body_that_becomes_too_much_is_refused_and_names_nothing() -> None:
    client = Client(inflated_bytes=len(ZEROS) - 1)
    reply = put(client, zlib.compress(ZEROS), "deflate")
    assert (reply.status, code(reply)) == (413, "limit_exceeded")
    assert put(Client(), zlib.compress(ZEROS)[:-1], "deflate").status == 400
    assert put(Client(inflated_bytes=0), zlib.compress(ZEROS), "deflate").status == 413
    assert put(Client(body_bytes=1000), zlib.compress(ZEROS), "deflate").status == 413
    other = {"shape": "1", "dtype": "float32"}
    assert put(client, zlib.compress(bytes(4)), "deflate", query=other).status == 201


def test_a_program_may_come_compressed_and_is_run_once() -> None:
    client = Client()
    made = {"id": A, "op": "variable", "args": {"value": 1.0, "dtype": "float32", "name": "w"}}
    client.run(made)
    program = {
        "instructions": [{"op": "update_add", "args": {"x": {"ref": A}, "increment": 1.0}}],
        "fetch": [{"ref": A}],
    }
    head = {"route": "run", "sequence": "n-1", "encoding": "deflate"}
    first, again = (client.ask({**head}, zlib.compress(codec.encode(program))) for _ in range(2))
    assert first.body == again.body
    assert np.frombuffer(codec.decode(first.body)["values"][0]["data"], "<f4") == 2  # type: ignore[arg-type]


def test_a_structured_body_is_bounded_before_it_is_made_whole() -> None:
    client = Client(structured_bytes=1 << 20)
    head, bomb = {"route": "run", "encoding": "deflate"}, zlib.compress(bytes(64 << 20))
    tracemalloc.start()
    try:
        reply = client.ask(head, bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (reply.status, code(reply)) == (413, "limit_exceeded")
    assert peak < 8 << 20


def test_a_body_made_whole_is_there_once() -> None:
    size = 32 << 20
    small = zlib.compress(bytes(size))
    tracemalloc.start()
    try:
        assert len(inflated(small, "deflate", size)) == size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * size


def test_a_reply_is_compressed_where_its_asker_takes_it() -> None:
    client = Client()
    put(client, zlib.compress(ZEROS), "deflate")
    head = {"route": "tensor", "method": "GET", "path": {"id": str(A)}, "accept": OCTETS, "accept_encoding": "deflate"}
    reply = client.ask(head)
    assert reply.headers["Content-Encoding"] == "deflate"
    assert reply.headers["Kremote-Shape"] == "65536"
    assert zlib.decompress(reply.body) == ZEROS  # type: ignore[arg-type]
    small = client.ask({**head, "route": "describe"})
    assert "Content-Encoding" not in small.headers
