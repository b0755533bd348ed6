"""Hypothesis strategies of everything a tensor on the wire can be, and how to compare it."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kremote_proto.dtypes import DTYPES
from kremote_proto.tensors import SparseArray

Array = np.ndarray[Any, Any]

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NUMERIC = tuple(name for name in DTYPES if name != "string")


@st.composite
def dense(draw: st.DrawFn, dtype: str, layouts: bool = True) -> Array:
    """An array of a wire dtype, in any memory layout and byte order."""
    shape = draw(SHAPES)
    if dtype == "string":
        return draw(hnp.arrays(object, shape, elements=st.binary(max_size=6) | st.text(max_size=6), fill=st.nothing()))
    if dtype == "bfloat16":
        return draw(hnp.arrays(np.uint16, shape)).view(ml_dtypes.bfloat16)
    array: Array = draw(hnp.arrays(np.dtype(dtype), shape))
    return laid_out(array, draw(st.sampled_from(["C", "Fortran", "big-endian", "strided"]))) if layouts else array


def laid_out(array: Array, layout: str) -> Array:
    """The same elements in another layout of memory."""
    if layout == "Fortran":
        return np.asfortranarray(array).reshape(array.shape)
    if layout == "big-endian":
        return array.astype(array.dtype.newbyteorder(">"))
    if layout == "strided" and array.ndim:
        return np.repeat(array, 2, axis=0)[::2]
    return array


@st.composite
def sparse(draw: st.DrawFn, dtype: str) -> SparseArray:
    """A sparse array; an index may come twice."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    count = draw(st.integers(0, 5))
    index = st.tuples(*(st.integers(0, length - 1) for length in shape))
    indices = np.array(draw(st.lists(index, min_size=count, max_size=count)), "int64").reshape(count, len(shape))
    return SparseArray(indices, draw(hnp.arrays(np.dtype(dtype), count)), shape)


def same(got: Any, expected: Any) -> bool:
    """Whether two arrays agree in dtype, shape and every bit; NaNs agree with NaNs, text with its UTF-8 bytes."""
    if isinstance(expected, SparseArray):
        return (
            isinstance(got, SparseArray)
            and got.shape == expected.shape
            and same(got.indices, expected.indices)
            and same(got.values, expected.values)
        )
    if expected.dtype == object:
        texts = [item.encode() if isinstance(item, str) else item for item in expected.reshape(-1).tolist()]
        return bool(got.shape == expected.shape and got.reshape(-1).tolist() == texts)
    expected = expected.astype(expected.dtype.newbyteorder("=")) if expected.dtype.name != "bfloat16" else expected
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return False
    if expected.dtype.kind in "fc" or expected.dtype.name == "bfloat16":
        return all(_same_floats(*parts) for parts in zip(_parts(got), _parts(expected), strict=True))
    return bool((got == expected).all())


def _parts(array: Array) -> tuple[Array, ...]:
    if array.dtype.name == "bfloat16":  # whose signalling NaNs warn wherever they are looked at
        return ((array.view("uint16").astype("uint32") << 16).view("float32"),)
    return (array.real, array.imag) if array.dtype.kind == "c" else (array,)


def _same_floats(got: Array, expected: Array) -> bool:
    nan = np.isnan(expected)
    equal = (got == expected) & (np.signbit(got) == np.signbit(expected))
    return bool(((np.isnan(got) == nan) & (nan | equal)).all())
