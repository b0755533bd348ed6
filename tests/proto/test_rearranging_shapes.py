"""The shapes of rearranged tensors against numpy's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from kremote_proto import layouts, shapes
from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.op import CATALOGUE
from kremote_proto.specs import Shape, Spec

LENGTHS = st.integers(0, 4)
SHAPES = st.lists(LENGTHS, max_size=4).map(tuple)
AXES = st.integers(-6, 6)
COUNTS = st.lists(st.integers(-1, 3), max_size=5).map(tuple)
#: Which lengths, or counts, are not known.
HIDDEN = st.lists(st.booleans(), min_size=5, max_size=5)


def forgetful(lengths: tuple[int, ...], hidden: list[bool]) -> Shape:
    """The lengths, some of them unknown."""
    return tuple(None if hide else n for n, hide in zip(lengths, hidden, strict=False))


def fits(said: Shape | None, real: tuple[int, ...]) -> bool:
    return said is None or (len(said) == len(real) and all(a in (None, b) for a, b in zip(said, real, strict=True)))


def real_shape(compute: Callable[[], Any]) -> tuple[int, ...] | None:
    """The shape numpy computes, None where it refuses."""
    try:
        shape: tuple[int, ...] = np.shape(compute())
    except (ValueError, IndexError, TypeError):
        return None
    return shape


def agrees(real: tuple[int, ...] | None, exact: Callable[[], Shape | None], *less: Callable[[], Shape | None]) -> None:
    """What is said of everything known is numpy's answer; of less, it is not wrong and refuses nothing."""
    if real is None:
        with pytest.raises(InvalidValue, match="expected"):
            exact()
        return
    assert exact() == real
    for say in less:
        assert fits(say(), real)


@given(SHAPES, AXES, HIDDEN)
def test_expand_dims(shape: Any, axis: int, hidden: Any) -> None:
    real = real_shape(lambda: np.expand_dims(np.zeros(shape), axis))
    agrees(real, lambda: layouts.expand_dims(shape, axis), lambda: layouts.expand_dims(forgetful(shape, hidden), axis))


@given(st.lists(st.sampled_from([1, 1, 2, 0]), max_size=4).map(tuple), AXES, HIDDEN)
def test_squeeze(shape: Any, axis: int, hidden: Any) -> None:
    assume(shape)  # numpy lets a scalar have an axis 0
    real = real_shape(lambda: np.squeeze(np.zeros(shape), axis))
    agrees(real, lambda: layouts.squeeze(shape, axis), lambda: layouts.squeeze(forgetful(shape, hidden), axis))


@given(SHAPES, st.integers(1, 3), AXES, HIDDEN, st.none() | SHAPES)
def test_stack(shape: Any, count: int, axis: int, hidden: Any, other: Any) -> None:
    each = [shape] * count + ([] if other is None else [other])
    real = real_shape(lambda: np.stack([np.zeros(one) for one in each], axis))
    agrees(
        real,
        lambda: layouts.stack(each, axis),
        lambda: layouts.stack([forgetful(each[0], hidden), *each[1:]], axis),
        lambda: layouts.stack([None, *each[1:]], axis),
    )


@given(SHAPES, st.data(), HIDDEN, HIDDEN)
def test_permute(shape: Any, data: Any, hidden: Any, untold: Any) -> None:
    rank = len(shape)
    any_pattern = st.permutations(range(rank)).map(tuple) | st.lists(AXES, max_size=4).map(tuple)
    pattern = data.draw(st.none() | any_pattern)
    real = real_shape(lambda: np.transpose(np.zeros(shape), pattern))
    agrees(
        real,
        lambda: layouts.permute(shape, pattern),
        lambda: layouts.permute(forgetful(shape, hidden), pattern),
        lambda: layouts.permute(shape, pattern and forgetful(pattern, untold)),
        lambda: layouts.permute(shape, ...),
        lambda: layouts.permute(None, pattern),
    )


@given(SHAPES, st.integers(-1, 3), AXES, HIDDEN)
def test_repeat(shape: Any, rep: int, axis: int, hidden: Any) -> None:
    real = real_shape(lambda: np.repeat(np.zeros(shape), rep, axis)) if shape and rep >= 0 else None
    agrees(
        real,
        lambda: layouts.repeat(shape, rep, axis),
        lambda: layouts.repeat(forgetful(shape, hidden), rep, axis),
        lambda: layouts.repeat(shape, None, axis),
    )


@given(SHAPES, COUNTS, HIDDEN, HIDDEN)
def test_tile(shape: Any, n: Any, hidden: Any, untold: Any) -> None:
    # numpy adds axes where there are more counts.
    real = real_shape(lambda: np.tile(np.zeros(shape), n)) if len(n) <= len(shape) and min(n, default=0) >= 0 else None
    agrees(
        real,
        lambda: layouts.tile(shape, n),
        lambda: layouts.tile(forgetful(shape, hidden), n),
        lambda: layouts.tile(shape, forgetful(n, untold)),
        lambda: layouts.tile(shape, ...),
        lambda: layouts.tile(None, n),
    )


@given(SHAPES, st.data(), HIDDEN, HIDDEN)
def test_slice(shape: Any, data: Any, hidden: Any, untold: Any) -> None:
    start = tuple(data.draw(st.integers(-1, length + 1)) for length in shape)
    size = tuple(data.draw(st.integers(-2, length + 1)) for length in shape)
    ends = [length if count == -1 else first + count for first, count, length in zip(start, size, shape, strict=True)]
    within = all(0 <= first <= end <= length for first, end, length in zip(start, ends, shape, strict=True))
    real = tuple(end - first for first, end in zip(start, ends, strict=True)) if within else None
    agrees(
        real,
        lambda: layouts.slice_of(shape, start, size),
        lambda: layouts.slice_of(forgetful(shape, hidden), start, size),
        lambda: layouts.slice_of(shape, forgetful(start, untold), size),
        lambda: layouts.slice_of(shape, start, forgetful(size, untold)),
        lambda: layouts.slice_of(shape, ..., size),
        lambda: layouts.slice_of(shape, start, ...),
        lambda: layouts.slice_of(None, start, size),
    )


@pytest.mark.parametrize(("start", "size"), [((0,), (1, 1)), ((0, 0), (1,)), ((0,), (1,)), ((0,) * 3, (1,) * 3)])
@pytest.mark.parametrize("shape", [(2, 2), (None, 2)])
def test_a_slice_has_an_entry_for_each_axis(shape: Any, start: Any, size: Any) -> None:
    with pytest.raises(InvalidValue, match="expected a start and a size for each axis"):
        layouts.slice_of(shape, start, size)


@given(st.lists(st.tuples(LENGTHS, st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=4), HIDDEN, HIDDEN)
def test_pad(axes: Any, hidden: Any, untold: Any) -> None:
    shape, around = tuple(axis[0] for axis in axes), [axis[1:] for axis in axes]
    real = real_shape(lambda: np.pad(np.zeros(shape), around))
    agrees(
        real,
        lambda: layouts.pad(shape, around),
        lambda: layouts.pad(forgetful(shape, hidden), around),
        lambda: layouts.pad(shape, [forgetful(pair, untold) for pair in around]),
        lambda: layouts.pad(None, around),
    )


@given(SHAPES, HIDDEN)
def test_batch_flatten(shape: Any, hidden: Any) -> None:
    rows = np.zeros(shape).reshape(shape[0] if shape else 1, int(np.prod(shape[1:]))).shape
    agrees(rows, lambda: layouts.batch_flatten(shape), lambda: layouts.batch_flatten(forgetful(shape, hidden)))


@given(SHAPES, st.integers(0, 3), HIDDEN)
@example((0, 3), 0, [False] * 5)
@example((0, 0), 1, [False] * 5)
@example((2, 0, 3), 2, [False] * 5)
@example((0, 3), 0, [False, True, False, False, False])
def test_what_is_left_open_beside_none(shape: Any, more: int, hidden: Any) -> None:
    """Beside a length 0, -1 is what the lengths but 0 leave open, as TensorFlow has it."""
    wanted = (0, -1) + (1,) * more
    if 0 not in shape:
        with pytest.raises(InvalidValue, match="holds the elements"):
            shapes.reshape(shape, wanted)
        return
    real = (0, int(np.prod([n for n in shape if n])), *wanted[2:])
    assert shapes.reshape(shape, wanted) == real
    assert fits(shapes.reshape(forgetful(shape, hidden), wanted), real)


# What people send, through the rules themselves: refused in words, or said; never an accident.

HUGE = st.sampled_from([-(2**63), -(2**31), -1, 0, 1, 2**31, 2**62, 2**63 - 1])
ANY_INTEGER = st.integers(-3, 3) | HUGE
PAIRS = st.lists(st.tuples(ANY_INTEGER, ANY_INTEGER), max_size=4)
NUMBERS = ANY_INTEGER | st.floats()
FORMATS = st.sampled_from(["channels_first", "channels_last"])
SENT: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "flatten": {},
    "batch_flatten": {},
    "expand_dims": {"axis": ANY_INTEGER},
    "squeeze": {"axis": ANY_INTEGER},
    "permute_dimensions": {"pattern": st.none() | st.lists(ANY_INTEGER, max_size=5)},
    "repeat": {"n": ANY_INTEGER},
    "repeat_elements": {"rep": ANY_INTEGER, "axis": ANY_INTEGER},
    "reverse": {"axes": ANY_INTEGER | st.lists(ANY_INTEGER, max_size=5)},
    "slice": {"start": st.lists(ANY_INTEGER, max_size=5), "size": st.lists(ANY_INTEGER, max_size=5)},
    "tile": {"n": ANY_INTEGER | st.lists(ANY_INTEGER, max_size=5)},
    "reshape": {"shape": ANY_INTEGER | st.lists(st.none() | ANY_INTEGER, max_size=5)},
    "temporal_padding": {"padding": st.lists(ANY_INTEGER, max_size=3)},
    "spatial_2d_padding": {"padding": PAIRS, "data_format": FORMATS},
    "spatial_3d_padding": {"padding": PAIRS, "data_format": FORMATS},
    "resize_images": {"height_factor": NUMBERS, "width_factor": NUMBERS, "data_format": FORMATS},
    "keras.resize_images": {"height_factor": NUMBERS, "width_factor": NUMBERS, "data_format": FORMATS},
    "resize_volumes": {
        "depth_factor": ANY_INTEGER,
        "height_factor": ANY_INTEGER,
        "width_factor": ANY_INTEGER,
        "data_format": FORMATS,
    },
}


@pytest.mark.parametrize("name", sorted(SENT))
@given(data=st.data())
def test_a_rule_says_or_refuses(name: str, data: Any) -> None:
    shape = data.draw(st.none() | st.lists(st.none() | LENGTHS, max_size=5).map(tuple))
    arguments = {key: data.draw(values) for key, values in SENT[name].items()}
    said, refusal = None, "expected"
    try:
        said = CATALOGUE[name].infer({"x": Spec("float32", shape), **arguments}, lambda value: value)
    except (InvalidValue, InvalidType) as error:
        refusal = error.message
    assert "expected" in refusal
    assert said is None or isinstance(said, Spec)
    assert all(length is None or length >= 0 for length in (said.shape or () if said else ()))
