"""Bodies: plain values travel both ways, anything else is refused by name and without large memory."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kremote_proto.codec import JSON, MOST_NESTING, MSGPACK, decode, encode
from kremote_proto.errors import LimitExceeded, MalformedRequest

CONTENT_TYPES = (MSGPACK, JSON)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@settings(max_examples=200, deadline=None)
@given(value=PLAIN)
def test_plain_values_come_back_as_they_went(content_type: str, value: Any) -> None:
    assert decode(encode(value, content_type), content_type) == value


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=64))
@example(body=b"\xdd\xff\xff\xff\xff")
@example(body=b"\xc6\xff\xff\xff\xff")
@example(body=b"\x81\x01\x02")
@example(body=b"\xd4\x01\x02")
@example(body=b"\xc1")
def test_any_bytes_are_read_or_refused(content_type: str, body: bytes) -> None:
    refusal = None
    try:
        decode(body, content_type)
    except (MalformedRequest, LimitExceeded) as error:
        refusal = str(error)
    assert refusal is None or len(refusal) < 600


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_an_empty_body_is_an_empty_map(content_type: str) -> None:
    assert decode(b"", content_type) == {}


@pytest.mark.parametrize(
    "body",
    [
        b'{"x": NaN}',
        b'{"x": [Infinity]}',
        b'{"x": -Infinity}',
        b'{"x": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"x": 1',
        b'{"x": 1} 2',
        b"\xff\xfe",
        b'{"x": "\xff"}',
        b"{'x': 1}",
        b"[" + b"9" * 5000 + b"]",
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="expected a body of application/json"):
        decode(body, JSON)


def test_escaped_characters_of_json_are_read() -> None:
    assert decode(b'"\\u00e9\\ud83d\\ude00"', JSON) == "é😀"


@pytest.mark.parametrize(
    "body",
    [
        msgpack.packb({1: 2}),
        msgpack.packb(msgpack.ExtType(5, b"x")),
        msgpack.packb({"a": 1}) + b"\x00",
        msgpack.packb({"a": 1})[:-1],
        b"\xa1\xff",
        b"\xdd\x7f\xff\xff\xff" + b"\xc0" * 100,
        b"\xc6\x7f\xff\xff\xff" + b"\x00" * 100,
        b"\xdf\x7f\xff\xff\xff",
    ],
)
def test_what_is_no_messagepack_is_refused_without_taking_memory(body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(MalformedRequest, match="expected a body of application/msgpack"):
            decode(body)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_nesting_is_bounded(content_type: str) -> None:
    assert decode(encode(nested(MOST_NESTING), content_type), content_type) == nested(MOST_NESTING)
    with pytest.raises(LimitExceeded, match="64 levels"):
        decode(encode(nested(MOST_NESTING + 1), content_type), content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"[" * 1_000_000, JSON), (b"[" * 500_000 + b"]" * 500_000, JSON), (b"\x91" * 1_000_000 + b"\xc0", MSGPACK)],
)
def test_nesting_without_end_is_refused_at_once(body: bytes, content_type: str) -> None:
    started = time.perf_counter()
    with pytest.raises(LimitExceeded):
        decode(body, content_type)
    assert time.perf_counter() - started < 2


def test_json_says_no_number_that_it_cannot() -> None:
    array = np.array([np.nan, np.inf, -np.inf, 1.5])
    body = encode({"value": array}, JSON)
    assert json.loads(body, parse_constant=pytest.fail) == {
        "value": {"dtype": "float64", "shape": [4], "data": ["NaN", "Infinity", "-Infinity", 1.5]}
    }
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"value": float("nan")}, JSON)


def test_numpy_numbers_are_numbers() -> None:
    value = {"n": np.int64(3), "x": [np.float32(0.5)]}
    for content_type in CONTENT_TYPES:
        assert decode(encode(value, content_type), content_type) == {"n": 3, "x": [0.5]}


def test_what_the_wire_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="carries no set"):
        encode({"x": {1, 2}})


def test_arrays_travel_inside_maps_and_lists() -> None:
    value = {"inputs": [np.array([1, 2], "int8"), {"deep": np.array(True)}]}
    for content_type in CONTENT_TYPES:
        read = decode(encode(value, content_type), content_type)
        assert read["inputs"][0]["dtype"] == "int8"
        assert read["inputs"][1]["deep"]["shape"] == []


@pytest.mark.parametrize("data", [[1, 2], "base64:AAABAA=="])
def test_elements_that_are_json_already_stay(data: Any) -> None:
    wire = {"dtype": "int16", "shape": [2], "data": data}
    assert decode(encode({"x": wire}, JSON), JSON) == {"x": wire}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xdd\x00\x20\x00\x00" + b"\x80" * (2 << 20), MSGPACK),
        (b"\xdd\x00\x20\x00\x00" + b"\x90" * (2 << 20), MSGPACK),
        (b"[" + b"{}," * (1 << 20) + b"{}]", JSON),
    ],
    ids=["maps", "lists", "JSON"],
)
def test_a_body_of_little_but_maps_and_lists_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(LimitExceeded, match="maps and lists"):
        decode(body, content_type)
