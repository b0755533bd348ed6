"""Compressed bodies: whole again, within bounds, and nothing else."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kremote_proto.compression import deflated, inflated
from kremote_proto.errors import LimitExceeded, MalformedRequest

MEBIBYTE = 1 << 20


@given(st.binary(max_size=64), st.integers(0, 3 * MEBIBYTE), st.sampled_from(["deflate", "gzip"]))
def test_a_body_is_whole_again(pattern: bytes, length: int, encoding: str) -> None:
    body = (pattern * (length // max(len(pattern), 1) + 1))[:length]
    small = zlib.compress(body, 1) if encoding == "deflate" else gzip.compress(body, 1)
    assert inflated(small, encoding, len(body)) == body
    if body:
        with pytest.raises(LimitExceeded):
            inflated(small, encoding, len(body) - 1)


@given(st.binary(min_size=1, max_size=200_000), st.data())
def test_a_damaged_body_is_refused_as_one(body: bytes, data: st.DataObject) -> None:
    small = zlib.compress(body)
    cut = data.draw(st.integers(0, len(small) - 1))
    with pytest.raises(MalformedRequest, match="ends too early"):
        inflated(small[:cut], "deflate", 1 << 30)
    with pytest.raises(MalformedRequest, match="bytes behind"):
        inflated(small + b"x", "deflate", 1 << 30)
    with pytest.raises(MalformedRequest, match="got other bytes"):
        inflated(b"\xff" + body, "deflate", 1 << 30)


def test_what_becomes_too_much_takes_little_memory() -> None:
    bomb = zlib.compress(bytes(256 * MEBIBYTE), 9)
    tracemalloc.start()
    try:
        with pytest.raises(LimitExceeded, match=r"at most 4194304 bytes in all; got 2\d+ that become more"):
            inflated(bomb, "deflate", 4 * MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 16 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_only_what_gets_smaller_is_compressed() -> None:
    noise, zeros = os.urandom(MEBIBYTE), bytes(MEBIBYTE)
    assert deflated([noise], len(noise)) is None
    assert deflated([bytes(4095)], 4095) is None
    assert deflated([zeros, noise, noise, noise, noise, noise, noise], 7 * MEBIBYTE) is None
    small = deflated([zeros, memoryview(zeros)], 2 * MEBIBYTE)
    assert small is not None
    assert len(small) < 20_000
    assert zlib.decompress(small) == zeros * 2
