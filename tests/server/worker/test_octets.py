"""Programs with arrays before their map, as the worker takes them."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

from kremote_proto import codec
from kremote_proto.octets import Octets
from kremote_server.aligned_memory import aligned_bytes
from kremote_server.link_messages import Request

from .test_contents import Client, code

FIRST = 1 << 30
LARGE = np.arange(1 << 14, dtype="float32")


def program(op: str = "operator.mul", **more: Any) -> tuple[str, bytes]:
    """How many octets there are, and a body that doubles an array among them."""
    octets = Octets()
    doubled = {"op": op, "args": {"x": {"input": 0}, "y": 2.0}}
    wire = {
        "instructions": [doubled],
        "inputs": [octets.add(LARGE)],
        "first": FIRST,
        "fetch": [{"result": 0}],
        **more,
    }
    return str(octets.length), b"".join([*octets.pieces, codec.encode(wire)])


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
@pytest.mark.parametrize("compressed", [False, True])
def test_an_array_before_the_map_is_an_input(engine: str, compressed: bool) -> None:
    client, (length, body) = Client(engine), program()
    head = {"route": "run", "query": {"octets": length}}
    reply = client.ask(head | {"encoding": "deflate"}, zlib.compress(body)) if compressed else client.ask(head, body)
    (value,) = codec.decode(reply.body)["values"]  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.frombuffer(value["data"], "<f4"), LARGE * 2)


@pytest.mark.parametrize(
    ("query", "more", "said"),
    [
        ({"octets": "999999"}, {}, b"at most the body's"),
        ({"octets": "65536"}, {"content_type": codec.JSON}, b"expected a body of application/msgpack beside ?octets"),
        ({}, {}, b"bytes that are not"),
        ({"octets": "65535"}, {}, b"expected"),
    ],
    ids=str,
)
def test_what_is_no_such_body_is_refused(query: dict[str, str], more: dict[str, Any], said: bytes) -> None:
    reply = Client().ask({"route": "run", "query": query, **more}, program()[1])
    assert (reply.status, code(reply)) == (400, "malformed_request")
    assert said in reply.body


def test_the_octets_count_as_the_structured_body_that_they_belong_to() -> None:
    length, body = program()
    reply = Client(structured_bytes=len(body) - 1).ask({"route": "run", "query": {"octets": length}}, body)
    assert (reply.status, code(reply)) == (413, "limit_exceeded")


def test_a_template_takes_them_again_and_again() -> None:
    client = Client()
    template = codec.encode([{"op": "operator.mul", "args": {"x": {"input": 0}, "y": 2.0}}])
    for turn in range(4):
        length, body = program(instructions=template, first=FIRST + turn, keep=[])
        reply = client.ask({"route": "run", "query": {"octets": length}}, body)
        (value,) = codec.decode(reply.body)["values"]  # type: ignore[arg-type]
        np.testing.assert_array_equal(np.frombuffer(value["data"], "<f4"), LARGE * 2)


def test_updates_of_what_was_made_of_it_leave_the_body_as_it_came() -> None:
    """A journal writes the body down when the program has run."""
    client = Client("tensorflow")
    octets = Octets()
    template = codec.encode(
        [
            {"op": "variable", "args": {"value": {"input": 0}, "dtype": "float32"}},
            {"op": "update_add", "args": {"x": {"result": 0}, "increment": {"input": 0}}},
            {"op": "set_value", "args": {"x": {"result": 0}, "value": {"input": 0}}},
            {"op": "update_sub", "args": {"x": {"result": 0}, "decrement": {"input": 0}}},
        ]
    )
    wire = {"instructions": template, "inputs": [octets.add(LARGE)], "fetch": [{"result": 0}]}
    for turn in range(3):
        sent = b"".join([*octets.pieces, codec.encode({**wire, "first": FIRST + 10 * turn})])
        body = aligned_bytes(len(sent)).data
        body[:] = sent
        head = {"session": "s", "route": "run", "query": {"octets": str(octets.length)}}
        reply = client.worker.handle(Request(head, body))
        (value,) = codec.decode(reply.body)["values"]  # type: ignore[arg-type]
        np.testing.assert_array_equal(np.frombuffer(value["data"], "<f4"), LARGE * 0)
        assert body == sent
