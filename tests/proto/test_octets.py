"""Arrays before a program's map: what goes in comes out, and nothing else is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from kremote_proto.errors import MalformedRequest
from kremote_proto.octets import ALIGNMENT, Octets, split, with_data
from kremote_proto.tensors import Array, tensor_from_wire

DTYPES = ("float32", "float64", "int8", "uint16", "int64", "bool", "complex64", ">f4")
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: st_numpy.arrays(dtype, st_numpy.array_shapes(min_dims=0, min_side=0, max_side=7))
)


@given(st.lists(st.tuples(ARRAYS, st.booleans()), max_size=5), st.binary(max_size=9))
def test_what_goes_in_comes_out(arrays: list[tuple[Array, bool]], rest: bytes) -> None:
    octets = Octets()
    maps = [octets.add(array, lent=lent) for array, lent in arrays]
    assert all(one["octets"] % ALIGNMENT == 0 for one in maps)
    body = memoryview(b"".join([*octets.pieces, rest]))
    before, after = split(body, str(octets.length))
    assert after == rest
    for (array, _), wire in zip(arrays, with_data(maps, before), strict=True):
        got = tensor_from_wire(wire)
        assert isinstance(got, np.ndarray)
        assert (got.shape, got.dtype) == (array.shape, array.dtype.newbyteorder("="))
        assert got.astype(array.dtype).tobytes() == array.tobytes()


def test_only_what_is_lent_is_not_copied() -> None:
    lent, copied = np.zeros(64, "uint8"), np.zeros(64, "uint8")
    octets = Octets()
    octets.add(lent, lent=True)
    octets.add(copied)
    lent[:] = copied[:] = 1
    assert [bytes(piece)[:1] for piece in octets.pieces] == [b"\1", b"\0"]
    octets.keep()
    lent[:] = 2
    assert bytes(octets.pieces[0])[:1] == b"\1"


def test_a_small_array_does_not_keep_a_large_body() -> None:
    body = memoryview(bytearray(1000))
    small, large = with_data(
        [{"dtype": "uint8", "shape": [499], "octets": 0}, {"dtype": "uint8", "shape": [500], "octets": 500}], body
    )
    body[:] = b"\1" * 1000
    assert (small["data"][0], large["data"][0]) == (0, 1)


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        ({"dtype": "float32", "shape": [2], "octets": 1}, "expected 8 bytes from a place within the 8 before the map"),
        ({"dtype": "float32", "shape": [2], "octets": -1}, r"got -1 at \$\.inputs\[1\]\.octets"),
        ({"dtype": "float32", "shape": [2], "octets": 2**70}, "expected 8 bytes"),
        ({"dtype": "float32", "shape": [2], "octets": True}, "got True"),
        ({"dtype": "float32", "shape": [2], "octets": "0"}, "got '0'"),
        ({"dtype": "float32", "shape": [-2], "octets": 0}, "expected"),
        ({"dtype": "float32", "shape": [2**62, 2**62], "octets": 0}, "expected"),
        ({"dtype": "float32", "shape": 2, "octets": 0}, "expected a tensor of numbers"),
        ({"dtype": "string", "shape": [0], "octets": 0}, "expected a tensor of numbers"),
        ({"dtype": ["float32"], "shape": [2], "octets": 0}, "expected a tensor of numbers"),
        ({"octets": 0}, "expected a tensor of numbers"),
    ],
    ids=str,
)
def test_what_is_no_place_is_refused(wire: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedRequest, match=said):
        with_data([{"ref": 7}, wire], memoryview(bytes(8)))


@pytest.mark.parametrize("length", ["", "-1", "11", "1e1", "9" * 30, "²", "0x1"])
def test_a_length_that_is_none(length: str) -> None:
    with pytest.raises(MalformedRequest, match=r"at most the body's 10 bytes; got .* at \?octets"):
        split(memoryview(bytes(10)), length)
