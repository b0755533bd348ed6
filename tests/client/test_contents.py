"""What the client sends of an array that it sent before."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from kremote.contents import Contents
from kremote_proto.errors import MalformedRequest, UnknownContent
from kremote_proto.tensors import Array


class Server:
    """Takes uploads and notes them: "bytes", "kept" with a digest, or "digest" alone."""

    def __init__(self, link_rate: float = 1e3) -> None:
        self.contents = Contents(1 << 30)
        self.contents._link_rate = link_rate
        self.log: list[str] = []
        self.sequences: list[str] = []
        self.kept: set[str] = set()
        self.refusing = False

    def send(self, array: Array) -> list[str]:
        """What an upload sent. The link stays as fast as it is."""
        rate, before = self.contents._link_rate, len(self.log)
        self.contents._hash_rate = 1e9
        self.contents.upload(array, lambda **said: self.put(array, **said), lambda: f"s-{len(self.sequences)}")
        self.contents._link_rate = rate
        return self.log[before:]

    def put(self, array: Array, sequence: str, digest: str | None = None, empty: bool = False) -> None:
        assert sequence not in self.sequences
        self.sequences.append(sequence)
        self.log.append("bytes" if digest is None else "digest" if empty else "kept")
        if digest is None:
            return
        if empty and digest not in self.kept:
            raise UnknownContent("expected a content that is kept")
        if self.refusing and not empty:
            raise MalformedRequest("expected another digest")
        assert digest == hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()
        self.kept.add(digest)


ARRAY = np.arange(1000, dtype="float32").reshape(10, 100)


def test_on_a_slow_link_an_array_is_sent_once() -> None:
    server = Server()
    assert [server.send(ARRAY) for _ in range(3)] == [["kept"], ["digest"], ["digest"]]


def test_on_a_link_nearly_as_fast_as_hashing_it_is_hashed_from_the_second_time() -> None:
    server = Server(link_rate=2e8)
    assert [server.send(ARRAY) for _ in range(3)] == [["bytes"], ["kept"], ["digest"]]


def test_on_a_link_faster_than_hashing_nothing_is_hashed() -> None:
    server = Server(link_rate=1e9)
    assert [server.send(ARRAY) for _ in range(3)] == [["bytes"]] * 3


def test_a_changed_array_is_sent_anew() -> None:
    server, array = Server(), ARRAY.copy()
    server.send(array)
    array[3, 3] += 1  # not among the samples, perhaps: the whole is hashed each time
    assert server.send(array) == ["kept"]
    assert server.send(ARRAY) == ["digest"]


def test_an_array_the_server_has_no_more_is_sent_under_another_sequence() -> None:
    server = Server()
    server.send(ARRAY)
    server.kept.clear()
    assert server.send(ARRAY) == ["digest", "kept"]
    assert server.send(ARRAY) == ["digest"]


def test_an_array_that_changes_while_it_is_sent_goes_without_a_digest() -> None:
    server = Server()
    server.refusing = True
    assert server.send(ARRAY) == ["kept", "bytes"]


def test_an_older_server_gets_no_digest() -> None:
    server = Server()
    server.contents._most_bytes = 0
    assert [server.send(ARRAY) for _ in range(2)] == [["bytes"]] * 2


@pytest.mark.parametrize(
    "array", [ARRAY[:, ::-1], ARRAY.T, ARRAY.astype(">f4"), np.array(3.0), ARRAY > 5], ids=lambda a: str(a.dtype)
)
def test_arrays_in_any_order_of_memory(array: Any) -> None:
    server = Server()
    assert [server.send(array), server.send(array)] == [["kept"], ["digest"]]


def test_an_empty_array_has_no_digest() -> None:
    server = Server()
    assert server.send(np.zeros((0, 3))) == ["bytes"]
