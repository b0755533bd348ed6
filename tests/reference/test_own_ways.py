"""docs/differences.md: where kremote differs from both references, and what only kremote takes; claims for each row."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse

from .tables import rows


class Claim(NamedTuple):
    """What a call of a backend gives: values, or an error."""

    call: Callable[[Any], Any]
    kremote: Any
    #: None where TensorFlow is not asked, for the answer depends on the machine.
    tf_keras: Any = Exception


def tensor(backend: Any, *shape: int, dtype: str = "float32") -> Any:
    """0, 1, 2, ... as a tensor."""
    return backend.constant(np.arange(np.prod(shape)).reshape(shape), dtype=dtype)


def integers(backend: Any, dtype: str, *values: int) -> Any:
    return backend.constant(values, dtype=dtype)


def moved(op: str, *shapes: tuple[int, ...], dtype: str = "float32", **options: Any) -> Callable[[Any], Any]:
    """A convolution of ones."""
    return lambda backend: getattr(backend, op)(*(tensor(backend, *shape, dtype=dtype) for shape in shapes), **options)


def pooled(op: str, shape: tuple[int, ...], *given: Any, dtype: str = "float32") -> Callable[[Any], Any]:
    return lambda backend: getattr(backend, op)(tensor(backend, *shape, dtype=dtype), *given)


def repeated_along_the_last(backend: Any) -> Any:
    x = backend.placeholder((2, None))
    return backend.function([x], [backend.repeat_elements(x, 2, -1)])([np.array([[1.0, 2.0]] * 2)])[0]


def updated(backend: Any) -> Any:
    x, count = backend.placeholder((1,)), backend.variable([0.0])
    backend.function([x], [x], updates=backend.update(count, x))([np.array([3.0], "float32")])
    return count


OWN = {
    ("maximum, pow, clip, update", "a number that the integers beside it cannot hold"): [
        Claim(lambda K: K.maximum(integers(K, "int8", 1), 300), TypeError, [44]),
        Claim(lambda K: K.maximum(integers(K, "uint8", 1), -1), TypeError, [255]),
        Claim(lambda K: K.pow(integers(K, "int8", 1), 300), TypeError, [1]),
        Claim(lambda K: K.clip(integers(K, "uint8", 1), -1, 3), TypeError, [255]),
        Claim(lambda K: K.update(K.variable([1], dtype="int8"), [300]), TypeError, [44]),
    ],
    ("maximum, update", "an array of fractions beside integers"): [
        Claim(lambda K: K.maximum(integers(K, "int32", 1), np.array([1.5])), TypeError, [1]),
        Claim(lambda K: K.update(K.variable([1], dtype="int32"), np.array([2.5])), TypeError, [2]),
    ],
    ("cast", "a Python number to float64"): [
        Claim(lambda K: K.cast(0.1, "float64"), 0.1, float(np.float32(0.1))),
    ],
    ("cast", "a dtype by TensorFlow's number for it"): [
        Claim(lambda K: K.cast(K.ones((1,)), 3), TypeError, [1]),
    ],
    ("variable", "a sparse matrix and a dtype"): [
        Claim(lambda K: K.dtype(K.variable(scipy.sparse.eye(2), dtype="float32")), "float32", "float64"),
    ],
    ("count_params", "of a single number"): [
        Claim(lambda K: str(K.count_params(K.constant(2.0))), "1", "1.0"),
    ],
    ("stack", "an empty list"): [
        Claim(lambda K: K.stack([]), ValueError, np.ones(0)),
    ],
    ("temporal_padding", "one integer for the pair"): [
        Claim(lambda K: K.temporal_padding(K.ones((1, 2, 1)), 2), ValueError, TypeError),
        Claim(lambda K: K.temporal_padding(K.ones((1, 2, 1)), 2), AssertionError, TypeError),
    ],
    ("repeat_elements", "a negative axis of unknown length"): [
        Claim(repeated_along_the_last, [[1, 1, 2, 2]] * 2, [[1, 2, 1, 2]] * 2),
    ],
    ("resize_volumes", "another rank than 5"): [
        Claim(pooled("resize_volumes", (1, 1, 1, 1), 2, 1, 1, "channels_last"), ValueError, [[[[0]], [[0]]]]),
    ],
    ("depthwise_conv2d", "strides and dilation rates above 1"): [
        Claim(
            moved("depthwise_conv2d", (1, 5, 5, 1), (1, 1, 1, 1), strides=(2, 2), dilation_rate=(2, 2)),
            ValueError,
            None,
        ),
        Claim(
            moved("separable_conv2d", (1, 5, 5, 1), (1, 1, 1, 1), (1, 1, 1, 1), strides=(2, 2), dilation_rate=(2, 2)),
            ValueError,
            None,
        ),
    ],
    ("conv2d", "a window longer than the axis"): [
        Claim(moved("conv2d", (1, 3, 3, 1), (4, 4, 1, 1)), ValueError, None),
        Claim(moved("conv1d", (1, 3, 1), (5, 1, 1), strides=2), ValueError, None),
        Claim(pooled("pool2d", (1, 3, 3, 1), (4, 4), (2, 2)), ValueError, None),
        Claim(pooled("pool3d", (1, 3, 3, 3, 1), (4, 4, 4)), ValueError, None),
    ],
    ("conv2d_transpose", "no samples, and an `output_shape` that does not fit"): [
        Claim(
            lambda K: K.conv2d_transpose(tensor(K, 0, 3, 3, 1), tensor(K, 2, 2, 1, 1), (0, 9, 9, 1)),
            ValueError,
            np.ones((0, 9, 9, 1)),
        ),
    ],
}


def _at(dtype: str, call: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """A call with [1] of a dtype."""
    return lambda backend: call(backend, integers(backend, dtype, 1))


INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TAKEN = {
    ("gather", "indices of any integer dtype"): [
        Claim(
            _at(dtype, lambda K, at: K.gather(tensor(K, 3), at)),
            [1],
            [1] if dtype in ("int16", "int32", "int64") else Exception,
        )
        for dtype in INTEGERS
    ],
    ("one_hot", "indices of any integer dtype"): [
        Claim(
            _at(dtype, lambda K, at: K.one_hot(at, 2)),
            [[0, 1]],
            [[0, 1]] if dtype in ("int8", "uint8", "int32", "int64") else Exception,
        )
        for dtype in INTEGERS
    ],
    ("constant", "a tensor of another dtype"): [
        Claim(lambda K: K.constant(K.constant([1.5]), dtype="int32"), [1]),
        Claim(lambda K: K.variable(K.constant([1.5]), dtype="int32"), [1]),
    ],
    ("maximum, equal", "numbers of two kinds, without a tensor"): [
        Claim(lambda K: K.maximum([1, 2], [2.5, 0.5]), [2.5, 2]),
        Claim(lambda K: K.equal(1, 1.0), True),
    ],
    ("batch_dot", "an array of float64 before a tensor of float32"): [
        Claim(lambda K: K.batch_dot(np.array([[2.0]]), K.constant([[3.0]])), [[6]]),
    ],
    ("relu", "2.0 beside integers"): [
        Claim(lambda K: K.relu(integers(K, "int32", 1, 3), max_value=2.0), [1, 2]),
    ],
    ("x[...]", "a list of booleans, or integers as array or tensor"): [
        Claim(lambda K: tensor(K, 3, 1)[[True, False, True]], [[0], [2]]),
        Claim(lambda K: tensor(K, 3, 1)[np.array([0, 2])], [[0], [2]]),
        Claim(lambda K: tensor(K, 3, 1)[integers(K, "int32", 0, 2)], [[0], [2]]),
    ],
    ("stack", "an array, along an axis other than 0"): [
        Claim(lambda K: K.stack(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1), [[1, 3], [2, 4]]),
    ],
    ("concatenate", "an array, along the last axis"): [
        Claim(lambda K: K.concatenate(np.array([[1.0, 2.0], [3.0, 4.0]])), [1, 2, 3, 4]),
    ],
    ("repeat_elements", "`rep` of 0, and an axis of length 0"): [
        Claim(lambda K: K.repeat_elements(K.ones((2, 3)), 0, 1), np.ones((2, 0))),
        Claim(lambda K: K.repeat_elements(tensor(K, 2, 0), 2, 1), np.ones((2, 0))),
    ],
    ("resize_images", "`data_format=None`"): [
        Claim(pooled("resize_images", (1, 1, 2, 1), 1, 2, None), np.reshape([0, 0, 1, 1], (1, 1, 4, 1))),
        Claim(pooled("resize_volumes", (1, 1, 1, 1, 1), 1, 2, 1, None), np.zeros((1, 1, 2, 1, 1))),
    ],
    ("pool2d", "lists as sizes and strides"): [
        Claim(pooled("pool2d", (1, 2, 2, 1), [2, 2], [2, 2]), np.full((1, 1, 1, 1), 3)),
        Claim(moved("depthwise_conv2d", (1, 1, 1, 1), (1, 1, 1, 1), strides=[1, 1]), np.zeros((1, 1, 1, 1))),
    ],
    ("conv3d", "groups of channels, on a CPU"): [
        Claim(moved("conv3d", (1, 1, 1, 1, 2), (1, 1, 1, 1, 2)), np.reshape([0, 1], (1, 1, 1, 1, 2)), None),
    ],
    ("pool3d", "float64 and float16, on a CPU"): [
        Claim(pooled("pool3d", (1, 2, 2, 2, 1), (2, 2, 2), dtype=dtype), np.full((1, 1, 1, 1, 1), 7), None)
        for dtype in ("float16", "float64")
    ],
    ("depthwise_conv2d", "two strides that differ, of float64"): [
        Claim(
            moved("depthwise_conv2d", (1, 3, 3, 1), (1, 1, 1, 1), strides=(1, 2), dtype="float64"),
            np.zeros((1, 3, 2, 1)),
            None,
        ),
    ],
    ("function", "one update, without a list"): [
        Claim(updated, [3]),
    ],
}

SECTIONS = {"Where kremote differs from both references": OWN, "What only kremote takes": TAKEN}
CLAIMS = {
    f"{name}: {what} {number}": claim
    for section in SECTIONS.values()
    for (name, what), claims in section.items()
    for number, claim in enumerate(claims)
}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_has_its_claims_and_every_claim_its_row(section: str) -> None:
    named = [tuple(row.values())[:2] for row in rows(section)]
    assert [(name.replace("`", ""), what) for name, what in named] == list(SECTIONS[section])


def check(backend: Any, call: Callable[[Any], Any], wanted: Any) -> None:
    if isinstance(wanted, type):
        with pytest.raises(wanted):
            backend.eval(call(backend))
        return
    given = call(backend)
    np.testing.assert_array_equal(given if isinstance(given, str | np.ndarray) else backend.eval(given), wanted)


@pytest.mark.parametrize("name", CLAIMS)
def test_kremote(K: ModuleType, name: str) -> None:
    check(K, CLAIMS[name].call, CLAIMS[name].kremote)


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.tf_keras is not None])
def test_tf_keras(name: str) -> None:
    import tf_keras

    check(tf_keras.backend, CLAIMS[name].call, CLAIMS[name].tf_keras)
