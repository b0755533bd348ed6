"""The arithmetic of shapes against numpy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kremote_proto import products, shapes
from kremote_proto.errors import InvalidValue
from kremote_proto.indexes import indexed
from kremote_proto.specs import Shape, Spec

LENGTHS = st.integers(0, 4)
SHAPES = st.lists(LENGTHS, max_size=4).map(tuple)
#: Of rank 2 or more.
MATRICES = st.lists(LENGTHS, min_size=2, max_size=4).map(tuple)


def forgetful(shape: tuple[int, ...], forgotten: list[bool]) -> Shape:
    """The shape with some lengths unknown."""
    return tuple(None if hide else n for n, hide in zip(shape, forgotten, strict=False))


HIDDEN = st.lists(st.booleans(), min_size=4, max_size=4)


def fits(said: Shape | None, real: tuple[int, ...]) -> bool:
    return said is None or (len(said) == len(real) and all(a in (None, b) for a, b in zip(said, real, strict=True)))


@given(SHAPES, SHAPES, HIDDEN, HIDDEN)
def test_broadcast(x: Any, y: Any, hide_x: Any, hide_y: Any) -> None:
    try:
        real = np.broadcast_shapes(x, y)
    except ValueError:
        with pytest.raises(InvalidValue, match="expected shapes that broadcast"):
            shapes.broadcast(x, y)
        return
    assert shapes.broadcast(x, y) == real
    assert fits(shapes.broadcast(forgetful(x, hide_x), forgetful(y, hide_y)), real)


@given(SHAPES, st.none() | st.integers(-5, 5) | st.lists(st.integers(-5, 5), max_size=3), st.booleans(), HIDDEN)
def test_reduce(shape: Any, axis: Any, keepdims: bool, hidden: Any) -> None:
    assume(shape or axis in (None, []))  # numpy lets a scalar have an axis 0
    try:
        real = np.sum(np.zeros(shape), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims).shape
    except ValueError:
        with pytest.raises(InvalidValue, match="axis"):
            shapes.reduce(shape, axis, keepdims)
        return
    assert shapes.reduce(shape, axis, keepdims) == real
    assert fits(shapes.reduce(forgetful(shape, hidden), axis, keepdims), real)


@given(SHAPES, st.lists(st.integers(-1, 6), max_size=4).map(tuple), HIDDEN)
def test_reshape(shape: Any, wanted: Any, hidden: Any) -> None:
    assume(not {0, -1} <= set(wanted))  # there TensorFlow knows more: see test_rearranging_shapes
    try:
        real = np.zeros(shape).reshape(wanted).shape
    except ValueError:
        with pytest.raises(InvalidValue, match="expected"):
            shapes.reshape(shape, wanted)
        return
    assert shapes.reshape(shape, wanted) == real
    assert fits(shapes.reshape(forgetful(shape, hidden), wanted), real)


@given(st.lists(SHAPES, min_size=1, max_size=3), st.integers(-5, 5), HIDDEN)
def test_concatenate(each: Any, axis: int, hidden: Any) -> None:
    try:
        real = np.concatenate([np.zeros(shape) for shape in each], axis).shape
    except ValueError:
        with pytest.raises(InvalidValue, match="expected"):
            shapes.concatenate(each, axis)
        return
    assert shapes.concatenate(each, axis) == real
    assert fits(shapes.concatenate([forgetful(each[0], hidden), *each[1:]], axis), real)
    assert fits(shapes.concatenate([None, *each[1:]], axis), real)


@given(SHAPES, SHAPES)
def test_merge(x: Any, y: Any) -> None:
    if x != y:
        with pytest.raises(InvalidValue, match="expected equal shapes"):
            shapes.merge(x, y)
        return
    assert shapes.merge(x, y) == x
    assert shapes.merge(None, y) == shapes.merge(x, None) == x
    assert shapes.merge(x, (None,) * len(x)) == x


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_window(length: int, size: int, stride: int, dilation: int) -> None:
    reach = (size - 1) * dilation + 1
    assert shapes.window(length, size, stride, "same", dilation) == len(range(0, length, stride))
    if reach > length:
        with pytest.raises(InvalidValue, match="expected a window no longer"):
            shapes.window(length, size, stride, "valid", dilation)
        return
    assert shapes.window(length, size, stride, "valid", dilation) == len(range(0, length - reach + 1, stride))


@given(MATRICES, MATRICES, HIDDEN)
def test_dot(x: Any, y: Any, hidden: Any) -> None:
    try:
        real = np.dot(np.zeros(x), np.zeros(y)).shape
    except ValueError:
        with pytest.raises(InvalidValue, match="expected the last length"):
            products.dot(x, y)
        return
    assert products.dot(x, y) == real
    assert fits(products.dot(forgetful(x, hidden), y), real)


@given(MATRICES, MATRICES, HIDDEN)
def test_matmul(x: Any, y: Any, hidden: Any) -> None:
    try:
        real = np.matmul(np.zeros(x), np.zeros(y)).shape
    except ValueError:
        with pytest.raises(InvalidValue, match="expected"):
            products.matmul(x, y)
        return
    assert products.matmul(x, y) == real
    assert fits(products.matmul(forgetful(x, hidden), y), real)


@given(arrays.array_shapes(max_dims=4, min_side=0, max_side=4), st.data(), HIDDEN)
def test_indexed(shape: Any, data: Any, hidden: Any) -> None:
    index = data.draw(arrays.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    entries = index if isinstance(index, tuple) else (index,)
    real = np.zeros(shape)[index].shape
    assert indexed(shape, entries) == real
    assert fits(indexed(forgetful(shape, hidden), entries), real)


@given(SHAPES, st.integers(-6, 6))
def test_an_integer_outside_is_refused(shape: Any, place: int) -> None:
    try:
        real = np.zeros(shape)[place].shape
    except IndexError:
        with pytest.raises(InvalidValue, match=r"index|expected at most"):
            indexed(shape, (place,))
        return
    assert indexed(shape, (place,)) == real


@given(SHAPES, SHAPES)
def test_a_tensor_of_indices_picks_along_the_first_axis(shape: Any, places: Any) -> None:
    assume(shape and places and (shape[0] or 0 in places))
    real = np.zeros(shape)[np.zeros(places, int)].shape
    assert indexed(shape, (Spec("int64", places),)) == real
    assert indexed(shape, (Spec("bool", shape[:1]),)) is None, "how many a mask picks is not known"
