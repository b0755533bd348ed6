"""Tensors on the wire: every dtype and layout comes back as it went; what is malformed is refused cheaply."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kremote_proto.codec import JSON, MSGPACK, decode, encode
from kremote_proto.dtypes import COMPLEXES, DTYPES, FLOATS, INTEGERS, item_bytes
from kremote_proto.errors import MalformedRequest
from kremote_proto.tensors import SparseArray, tensor_from_wire, tensor_to_wire

from .wire_arrays import NUMERIC, dense, same, sparse

CONTENT_TYPES = (MSGPACK, JSON)
quick = settings(max_examples=60, deadline=None)


def travelled(value: Any, content_type: str) -> Any:
    return tensor_from_wire(decode(encode(value, content_type), content_type))


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("dtype", DTYPES)
@quick
@given(data=st.data())
def test_an_array_comes_back_as_it_went(dtype: str, content_type: str, data: st.DataObject) -> None:
    array = data.draw(dense(dtype))
    assert same(travelled(array, content_type), array)


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "bool", "complex64"])
@quick
@given(data=st.data())
def test_a_sparse_array_comes_back_as_it_went(dtype: str, content_type: str, data: st.DataObject) -> None:
    array = data.draw(sparse(dtype))
    assert same(travelled(array, content_type), array)


@pytest.mark.parametrize("dtype", NUMERIC)
@quick
@given(data=st.data())
def test_bytes_are_little_endian_in_c_order(dtype: str, data: st.DataObject) -> None:
    array = data.draw(dense(dtype))
    wire = tensor_to_wire(array)
    assert wire["dtype"] == dtype
    assert wire["shape"] == list(array.shape)
    expected = b"".join(item.tobytes() for item in array.astype(array.dtype.newbyteorder("=")).reshape(-1))
    assert bytes(wire["data"]) == expected  # the machine of the tests is little-endian, checked below
    assert len(expected) == array.size * item_bytes(dtype)


def test_known_bytes() -> None:
    assert bytes(tensor_to_wire(np.array([1, -2], "int16"))["data"]) == b"\x01\x00\xfe\xff"
    assert bytes(tensor_to_wire(np.array([1.0], ">f4"))["data"]) == b"\x00\x00\x80\x3f"
    assert bytes(tensor_to_wire(np.array([True, False]))["data"]) == b"\x01\x00"
    assert bytes(tensor_to_wire(np.array([1 + 2j], "complex64"))["data"]) == b"\x00\x00\x80\x3f\x00\x00\x00\x40"
    assert bytes(tensor_to_wire(np.array([1.5], "float32"), dtype="bfloat16")["data"]) == b"\xc0\x3f"
    assert tensor_to_wire(np.array(["é", b"\xff"], object))["data"] == [b"\xc3\xa9", b"\xff"]


@pytest.mark.parametrize(
    ("given_", "nearest"),
    [(1.0, 1.0), (1.00390625, 1.0), (1.01171875, 1.015625), (-0.0, -0.0), (np.inf, np.inf), (3.4e38, np.inf)],
)
def test_floats_become_the_nearest_bfloat16(given_: float, nearest: float) -> None:
    wire = tensor_to_wire(np.array([given_], "float32"), dtype="bfloat16")
    got = np.asarray(tensor_from_wire(wire), "float32")
    assert same(got, np.array([nearest], "float32"))


def test_numpy_texts_are_strings() -> None:
    assert tensor_to_wire(np.array(["a", "é"]))["data"] == [b"a", b"\xc3\xa9"]
    assert tensor_to_wire(np.array([b"a"]))["dtype"] == "string"


def test_elements_may_come_flat_or_nested() -> None:
    nested, flat = [[1, 2, 3], [4, 5, 6]], [1, 2, 3, 4, 5, 6]
    wanted = np.array(nested, "int8")
    for data in (nested, flat):
        assert same(tensor_from_wire({"dtype": "int8", "shape": [2, 3], "data": data}), wanted)
    assert same(tensor_from_wire({"dtype": "float32", "shape": [], "data": 3}), np.array(3, "float32"))
    assert same(tensor_from_wire({"dtype": "float32", "shape": [], "data": [3]}), np.array(3, "float32"))


def test_json_can_carry_bytes_as_base64() -> None:
    wire = {"dtype": "float32", "shape": [2], "data": "base64:AACAPwAAAEA="}
    assert same(tensor_from_wire(wire), np.array([1, 2], "float32"))


def test_strings_that_are_no_text_travel_as_base64() -> None:
    array = np.array([b"\xff", b"base64:", b"plain"], object)
    assert decode(encode(array, JSON), JSON)["data"] == ["base64:/w==", "base64:YmFzZTY0Og==", "plain"]
    assert same(travelled(array, JSON), array)


def test_infinite_parts_of_complex_numbers_stay_apart() -> None:
    wire = {"dtype": "complex64", "shape": [1], "data": [[1, "Infinity"]]}
    got = tensor_from_wire(wire)
    assert isinstance(got, np.ndarray)
    assert (got[0].real, got[0].imag) == (1.0, np.inf)


#: Anything a decoded body can hold.
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=16)
    | st.sampled_from(["NaN", "base64:", "base64:AA==", "base64:?"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
LENGTHS = st.lists(st.sampled_from([0, 1, 2, 3, 2**20, 2**31, 2**40, 2**62, 2**63 - 1, -1]), max_size=5)


@st.composite
def hostile_maps(draw: st.DrawFn) -> dict[str, Any]:
    """Maps that pass for tensors at first sight."""
    wire = {
        "dtype": draw(st.sampled_from(DTYPES) | ANYTHING),
        "shape": draw(LENGTHS | ANYTHING),
        "data": draw(ANYTHING),
    }
    if draw(st.booleans()):
        wire["indices"] = draw(ANYTHING | tensor_maps())
        wire["values"] = draw(ANYTHING | tensor_maps())
    return wire


@st.composite
def tensor_maps(draw: st.DrawFn) -> dict[str, Any]:
    dtype = draw(st.sampled_from(["int64", "int8", "float32", "string"]))
    wire: dict[str, Any] = decode(encode(draw(dense(dtype, layouts=False))))
    return wire


@settings(max_examples=300, deadline=None)
@given(wire=hostile_maps())
def test_hostile_maps_are_read_or_refused(wire: dict[str, Any]) -> None:
    array, refusal = None, ""
    try:
        array = tensor_from_wire(wire)
    except MalformedRequest as error:
        refusal = str(error)
    assert len(refusal) < 600
    held = array.values if isinstance(array, SparseArray) else array
    assert held is None or held.nbytes <= 4096


FLOAT: dict[str, Any] = {"dtype": "float32", "shape": [2], "data": bytes(8)}
MALFORMED: dict[str, dict[str, Any]] = {
    "too few bytes": {**FLOAT, "data": bytes(7)},
    "too many bytes": {**FLOAT, "data": bytes(9)},
    "no bytes for a huge shape": {**FLOAT, "shape": [2**40, 2**40], "data": b""},
    "a huge shape without elements": {**FLOAT, "shape": [0, 2**62], "data": b""},
    "a negative length": {**FLOAT, "shape": [-2], "data": b""},
    "a boolean length": {**FLOAT, "shape": [True], "data": bytes(4)},
    "a fractional length": {**FLOAT, "shape": [2.0]},
    "a length above 64 bits": {**FLOAT, "shape": [2**64], "data": b""},
    "a shape that is text": {**FLOAT, "shape": "2"},
    "a shape that is a number": {**FLOAT, "shape": 2},
    "too many axes": {**FLOAT, "shape": [1] * 33, "data": bytes(4)},
    "an unknown dtype": {**FLOAT, "dtype": "float8"},
    "a dtype of numpy's": {**FLOAT, "dtype": "<f4"},
    "a dtype that is no text": {**FLOAT, "dtype": ["float32"]},
    "no elements": {**FLOAT, "data": []},
    "no complex elements": {"dtype": "complex64", "shape": [1000], "data": []},
    "complex elements of three parts": {"dtype": "complex64", "shape": [1], "data": [[1, 2, 3]]},
    "complex elements of one part": {"dtype": "complex64", "shape": [2], "data": [1, 2]},
    "lists of different lengths": {**FLOAT, "data": [[1], [2, 3]]},
    "a list beside a number": {**FLOAT, "data": [1, [2]]},
    "lists that are not nested as the shape": {**FLOAT, "shape": [2, 3], "data": [[1, 2], [3, 4], [5, 6]]},
    "text for a number": {**FLOAT, "data": ["1.5", "2"]},
    "a map for a number": {**FLOAT, "data": [1, {}]},
    "null for a number": {**FLOAT, "data": [1, None]},
    "true for a number": {**FLOAT, "data": [1, True]},
    "a number for a boolean": {**FLOAT, "dtype": "bool", "data": [1, 0]},
    "bytes 2 for booleans": {**FLOAT, "dtype": "bool", "data": b"\x02\x00"},
    "a fraction for an integer": {**FLOAT, "dtype": "int32", "data": [1.5, 2]},
    "NaN for an integer": {**FLOAT, "dtype": "int32", "data": ["NaN", 2]},
    "an integer too large": {**FLOAT, "dtype": "int8", "data": [300, 0]},
    "an integer below": {**FLOAT, "dtype": "uint8", "data": [-1, 0]},
    "a number too large": {**FLOAT, "data": [1e39, 0]},
    "an integer no float holds": {**FLOAT, "dtype": "float64", "data": [10**400, 0]},
    "bytes for strings": {**FLOAT, "dtype": "string", "data": bytes(8)},
    "numbers for strings": {**FLOAT, "dtype": "string", "data": [1, 2]},
    "too few strings": {**FLOAT, "dtype": "string", "data": [b"a"]},
    "base64 that is none": {**FLOAT, "data": "base64:*"},
    "a string of base64 that is none": {**FLOAT, "dtype": "string", "data": ["base64:*", "a"]},
}
INDICES: dict[str, Any] = {"dtype": "int64", "shape": [1, 2], "data": [[0, 1]]}
VALUES: dict[str, Any] = {"dtype": "float32", "shape": [1], "data": [5]}
SPARSE: dict[str, Any] = {"dtype": "float32", "shape": [2, 3], "indices": INDICES, "values": VALUES}
MALFORMED_SPARSE: dict[str, dict[str, Any]] = {
    "an index outside": {**SPARSE, "indices": {**INDICES, "data": [[0, 3]]}},
    "a negative index": {**SPARSE, "indices": {**INDICES, "data": [[0, -1]]}},
    "an index beyond 63 bits": {**SPARSE, "indices": {**INDICES, "dtype": "uint64", "data": [[0, 2**63]]}},
    "indices of floats": {**SPARSE, "indices": {**INDICES, "dtype": "float32"}},
    "indices of another rank": {**SPARSE, "indices": {**INDICES, "shape": [1, 1], "data": [[0]]}},
    "indices for more values": {**SPARSE, "values": {**VALUES, "shape": [2], "data": [5, 6]}},
    "values of rank 0": {**SPARSE, "values": {**VALUES, "shape": [], "data": 5}},
    "values of another dtype": {**SPARSE, "values": {**VALUES, "dtype": "int32"}},
    "values that are no tensor": {**SPARSE, "values": [5]},
    "no values": {name: part for name, part in SPARSE.items() if name != "values"},
    "sparse values": {**SPARSE, "values": SPARSE},
}


@pytest.mark.parametrize("case", [*MALFORMED, *MALFORMED_SPARSE])
def test_malformed_tensors_are_refused_without_taking_memory(case: str) -> None:
    wire = {**MALFORMED, **MALFORMED_SPARSE}[case]
    tracemalloc.start()
    try:
        with pytest.raises(MalformedRequest, match=r"expected .* at \$"):
            tensor_from_wire(wire)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_the_maps_that_are_spoiled_above_are_good() -> None:
    tensor_from_wire(FLOAT)
    assert isinstance(tensor_from_wire(SPARSE), SparseArray)


def test_a_sparse_shape_may_be_larger_than_memory() -> None:
    array = tensor_from_wire({**SPARSE, "shape": [2**40, 2**40]})
    assert isinstance(array, SparseArray)
    assert array.shape == (2**40, 2**40)


def test_each_dtype_has_its_bytes() -> None:
    assert set(DTYPES) == {*FLOATS, *INTEGERS, "bool", *COMPLEXES, "string"}
    assert [item_bytes(name) for name in FLOATS] == [2, 2, 4, 8]
    assert [item_bytes(name) for name in INTEGERS] == [1, 2, 4, 8] * 2
    assert [item_bytes(name) for name in ("bool", *COMPLEXES)] == [1, 8, 16]
