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
from kremote_proto.op import CATALOGUE
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


def infer(name: str, **arguments: Any) -> Any:
    """What an op's rule says of specs."""
    return CATALOGUE[name].infer(arguments, lambda value: value)


@given(SHAPES, SHAPES, SHAPES, HIDDEN)
def test_clip(x: Any, low: Any, high: Any, hidden: Any) -> None:
    def clip(shape: Shape) -> Any:
        specs = {"min_value": Spec("float32", low), "max_value": Spec("float32", high)}
        return infer("clip", x=Spec("float32", shape), **specs)

    try:
        np.broadcast_to(np.zeros(low), x), np.broadcast_to(np.zeros(high), x)
    except ValueError:
        with pytest.raises(InvalidValue, match="broadcast"):
            clip(x)
        return
    assert clip(x) == Spec("float32", x)
    assert fits(clip(forgetful(x, hidden)).shape, x)


@given(SHAPES, SHAPES, SHAPES)
def test_moving_average_update(x: Any, value: Any, momentum: Any) -> None:
    specs = {"value": Spec("float32", value), "momentum": Spec(None, momentum)}
    try:
        np.broadcast_to(np.zeros(value), x), np.broadcast_to(np.zeros(momentum), x)
    except ValueError:
        with pytest.raises(InvalidValue, match="expected"):
            infer("moving_average_update", x=Spec("float64", x), **specs)
        return
    assert infer("moving_average_update", x=Spec("float64", x), **specs) == Spec("float64", x)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@given(SHAPES, st.none() | st.integers(-5, 5), HIDDEN)
def test_places_along_an_axis(name: str, shape: Any, axis: int | None, hidden: Any) -> None:
    assume(shape)  # numpy lets a scalar have an axis
    try:
        real = getattr(np, name)(np.zeros(shape), axis or 0).shape
    except ValueError:
        with pytest.raises(InvalidValue, match="expected an axis"):
            infer(name, x=Spec("float32", shape), axis=axis)
        return
    assert infer(name, x=Spec("float32", shape), axis=axis) == Spec("int64", real)
    assert fits(infer(name, x=Spec("float32", forgetful(shape, hidden)), axis=axis).shape, real)


@given(SHAPES, st.integers(0, 5), HIDDEN)
def test_one_hot(indices: Any, classes: int, hidden: Any) -> None:
    real = (np.zeros(indices)[..., None] == np.arange(classes)).shape
    assert infer("one_hot", indices=Spec("int32", indices), num_classes=classes) == Spec("float32", real)
    said = infer("one_hot", indices=Spec("int32", forgetful(indices, hidden)), num_classes=Spec("int32", ()))
    assert said.shape[-1] is None
    assert fits(said.shape, real)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_ranges_of_integers(start: int, stop: int, step: int) -> None:
    if step == 0 or (stop > start and step < 0) or (stop < start and step > 0):
        with pytest.raises(InvalidValue, match="expected a step"):
            infer("arange", start=start, stop=stop, step=step)
        return
    said = infer("arange", start=start, stop=stop, step=step)
    wanted = range(start, stop, step)
    assert said.shape == ((stop - start + step - (step > 0) + (step < 0)) // step,)
    assert not wanted or said.shape[0] == (wanted[-1] - start) // step + 1
    assert said.dtype == ("int32" if all(-(2**31) <= n < 2**31 for n in (start, stop, step)) else "int64")


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(-9, 9))
def test_ranges_of_floats(start: int, stop: int, step: int) -> None:
    """In quarters, which float32 holds exactly."""
    assume(step and (stop - start) * step >= 0)
    said = infer("arange", start=start / 4, stop=stop / 4, step=step / 4)
    assert said == Spec("float32", np.arange(start, stop, step).shape)
    assert infer("arange", start=start / 4, stop=stop / 4, step=step / 4, dtype="int64").dtype == "int64"
