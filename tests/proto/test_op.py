"""Declarations as both sides use them: arguments packed, unpacked and refused by name."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kremote_proto import ops  # noqa: F401  declares the catalogue
from kremote_proto.codec import JSON, MSGPACK, decode, encode
from kremote_proto.errors import InvalidType, InvalidValue, KremoteError, MalformedRequest, UnknownOp
from kremote_proto.messages import reference_from_wire
from kremote_proto.op import CATALOGUE, SETTING_DEFAULTS, Op, find_op


class Plain:
    """The client's side and the server's, with nothing behind them."""

    def tensor(self, value: Any, path: str) -> Any:
        return value

    handle = tensor

    def reference(self, wire: Mapping[str, Any], path: str) -> Any:
        return reference_from_wire(wire, path)


def unpacked(name: str, wire: Any, content_type: str = MSGPACK) -> dict[str, Any]:
    return find_op(name).unpack(decode(encode(wire, content_type), content_type), Plain())


@pytest.mark.parametrize("op", CATALOGUE.values(), ids=lambda op: op.name)
def test_every_parameter_has_a_kind_that_describes_itself(op: Op) -> None:
    for parameter in op.parameters.values():
        assert parameter.kind.expected
        assert encode(parameter.kind.schema, JSON)


@pytest.mark.parametrize("op", [op for op in CATALOGUE.values() if op.parameters], ids=lambda op: op.name)
def test_every_op_refuses_arguments_it_does_not_have(op: Op) -> None:
    with pytest.raises(InvalidType, match="got 'no_such_argument'") as caught:
        op.unpack({"no_such_argument": 1}, Plain())
    assert caught.value.op == op.name


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.sampled_from([{"ref": 1}, {"ref": 0}, {"variable": "w"}, {"slice": [None, 1, None]}, {"newaxis": True}]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_hostile_arguments_are_read_or_refused_with_the_op(data: st.DataObject) -> None:
    op = data.draw(st.sampled_from(sorted(CATALOGUE.values(), key=lambda op: op.name)))
    wire = {name: data.draw(ANYTHING) for name in op.parameters if data.draw(st.booleans())}
    refusal = None
    try:
        op.unpack(wire, Plain())
    except KremoteError as error:
        refusal = error
    assert refusal is None or isinstance(refusal, InvalidType | InvalidValue | MalformedRequest)
    assert refusal is None or (refusal.op == op.name and len(str(refusal)) < 800)


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(InvalidType, match="expected the argument 'y'"):
        unpacked("dot", {"x": 1.0})


@pytest.mark.parametrize("wire", [[], 1, "x", None, [{"x": 1}]])
def test_arguments_come_by_name(wire: Any) -> None:
    with pytest.raises(InvalidType, match="expected a map of arguments by name"):
        unpacked("dot", wire)


@pytest.mark.parametrize(
    "dtype", ["float8", "", ",", "(", "f4,f4", "(2,3)f4", "x" * 10**5, {"": ""}, [["a", "f4"]], [], 4, True, 1.5, b"f4"]
)
def test_what_is_no_dtype_is_refused(dtype: Any) -> None:
    with pytest.raises(InvalidType, match="expected a dtype") as caught:
        unpacked("cast", {"x": 1.0, "dtype": dtype})
    assert len(str(caught.value)) < 400


def test_settings_left_out_have_their_defaults() -> None:
    assert unpacked("zeros", {"shape": [2]})["dtype"] == SETTING_DEFAULTS["floatx"]
    assert unpacked("zeros", {"shape": [2], "dtype": "int8"})["dtype"] == "int8"


def test_the_client_sends_its_settings() -> None:
    op = find_op("zeros")
    assert op.pack({"shape": (2,)}, {**SETTING_DEFAULTS, "floatx": "float64"}, Plain()) == {
        "shape": [2],
        "dtype": "float64",
    }


@pytest.mark.parametrize("content_type", [MSGPACK, JSON])
def test_an_index_comes_back_as_it_went(content_type: str) -> None:
    index = (1, slice(None, None, -1), ..., None, slice(0, 5), -2)
    packed = find_op("operator.getitem").pack({"x": 0.0, "index": index}, SETTING_DEFAULTS, Plain())
    assert packed["index"] == [
        1,
        {"slice": [None, None, -1]},
        {"ellipsis": True},
        {"newaxis": True},
        {"slice": [0, 5, None]},
        -2,
    ]
    assert unpacked("operator.getitem", packed, content_type)["index"] == index


@pytest.mark.parametrize("entry", [True, 1.5, "1", None, {}, {"slice": [1, 2]}, {"slice": 1}, {"newaxis": False}])
def test_what_is_no_index_is_refused(entry: Any) -> None:
    with pytest.raises(InvalidType, match=r"expected an index.*at \$\.index\[0\]"):
        unpacked("operator.getitem", {"x": 0.0, "index": [entry]})


def test_lists_of_numbers_and_texts_are_taken_as_they_are() -> None:
    taken: list[Any] = [[1, 2.5], [[1, 2], [3, 4]], [], [[], []], [True], ["a", "b"], [b"a"], [[["a"]]]]
    for value in taken:
        assert unpacked("operator.neg", {"x": value})["x"] == value


@pytest.mark.parametrize(
    "value", [[1, [2]], [[1], [2, 3]], [{"ref": 1}], [None], [[1, 2], [3, None]], [2**64, 1.5, {}]]
)
def test_other_lists_are_refused(value: Any) -> None:
    with pytest.raises((InvalidValue, MalformedRequest), match="expected"):
        unpacked("operator.neg", {"x": value}, JSON)


def test_one_long_text_does_not_make_all_texts_long() -> None:
    body = encode({"x": ["x" * 20_000, *["y"] * 20_000]})
    tracemalloc.start()
    try:
        find_op("operator.neg").unpack(decode(body), Plain())
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_numbers_and_shapes_of_numpy_are_plain_on_the_wire() -> None:
    packed = find_op("zeros").pack({"shape": np.array([2, 3]), "dtype": np.float64}, SETTING_DEFAULTS, Plain())
    assert decode(encode(packed)) == {"shape": [2, 3], "dtype": "float64"}


def test_an_unknown_op_names_near_ones() -> None:
    with pytest.raises(UnknownOp, match="'softmacks'") as caught:
        find_op("softmacks")
    assert caught.value.hint is not None
    assert "softmax" in caught.value.hint
    with pytest.raises(UnknownOp) as caught:
        find_op("x" * 10**5)
    assert len(str(caught.value)) < 300
