"""Rearranged, padded and enlarged tensors: what rows do not say of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from kremote_proto.errors import FailedAssertion, KremoteError
from kremote_proto.op import CATALOGUE
from kremote_proto.ops import keras
from kremote_server.engines.loading import load_engine

IMAGE = np.array([[1.0, 3.0, 2.0]], "float32").reshape(1, 1, 3, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda K: K.repeat(K.ones((2, 3, 4)), 2),
        lambda K: K.temporal_padding(K.ones((2, 3, 4)), (1, 2, 3)),
        lambda K: K.spatial_2d_padding(K.ones((1, 2, 2, 1)), ((1, 1),)),
        lambda K: K.spatial_3d_padding(K.ones((1, 2, 2, 2, 1)), ((1, 1), (1, 1), (1,))),
        lambda K: K.conv2d_transpose(K.ones((1, 2, 2, 1)), K.ones((2, 2, 1, 1)), (1, 4, 4, 1), dilation_rate=(1, 2)),
    ],
)
def test_what_keras_asserts_is_an_assertion(K: ModuleType, call: Callable[[ModuleType], Any]) -> None:
    with pytest.raises(AssertionError, match="expected") as caught:
        call(K)
    assert isinstance(caught.value, FailedAssertion)
    assert isinstance(caught.value, ValueError), "as every other value an op cannot take"


ROWS = np.arange(12, dtype="float32").reshape(2, 3, 2)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("given", ["array", "tensor", "symbol"])
@pytest.mark.parametrize("op", ["stack", "concatenate"])
def test_a_single_tensor_is_joined_from_its_rows(K: ModuleType, op: str, given: str, axis: int) -> None:
    placeholder = K.placeholder(ROWS.shape)
    joined = getattr(K, op)({"array": ROWS, "tensor": K.constant(ROWS), "symbol": placeholder}[given], axis=axis)
    result = K.function([placeholder], [joined])([ROWS])[0] if given == "symbol" else K.eval(joined)
    np.testing.assert_array_equal(result, getattr(np, op)(list(ROWS), axis=axis))


@pytest.mark.parametrize("shape", [None, (), (None, 3)])
def test_a_tensor_without_counted_rows_is_not_joined(K: ModuleType, shape: Any) -> None:
    with pytest.raises(ValueError, match="stack: expected a list of tensors, or one whose rows are counted"):
        K.stack(K.placeholder(shape))


@pytest.mark.parametrize("axis", [[1], (1,), np.array([1])])
def test_the_place_of_a_new_axis_may_be_listed(K: ModuleType, axis: Any) -> None:
    assert K.expand_dims(K.ones((2, 3)), axis).shape == (2, 1, 3)
    with pytest.raises(TypeError, match="expected an integer"):
        K.expand_dims(K.ones((2, 3)), (0, 1))


#: Ops with a count that only a call says.
COUNTED: dict[str, Callable[[ModuleType, Any], Any]] = {
    "tile": lambda K, n: K.tile(K.ones((2, 3)), (n, n)),
    "repeat": lambda K, n: K.repeat(K.ones((2, 3)), n),
    "temporal_padding": lambda K, n: K.temporal_padding(K.ones((2, 3, 4)), (n, 0)),
    "spatial_2d_padding": lambda K, n: K.spatial_2d_padding(K.ones((1, 2, 2, 1)), ((n, 0), (0, n))),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_count_that_only_a_call_says_is_bounded(K: ModuleType, name: str) -> None:
    count = K.placeholder((), dtype="int64")
    function = K.function([count], [K.size(COUNTED[name](K, count))])
    assert function([1])[0] < 100
    for hostile in (2**31, 2**40, 2**62, -(2**40)):
        begun = time.monotonic()
        with pytest.raises((KremoteError, MemoryError)):
            function([hostile])
        assert time.monotonic() - begun < 10
    assert function([1])[0] < 100, "the worker lives"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("tile", lambda count: {"n": (1, count)}),
        ("repeat", lambda count: {"n": count}),
        ("temporal_padding", lambda count: {"padding": (count, 0)}),
    ],
)
def test_it_is_bounded_on_numpy_too(name: str, arguments: Callable[[Any], dict[str, Any]]) -> None:
    engine = load_engine("numpy")
    count = engine.graph.placeholder((), None, "int64", False, None)
    x = engine.tensor(np.ones((2, 3, 4) if name == "temporal_padding" else (2, 3), "float32"))
    function = engine.graph.function([count], [engine.find(CATALOGUE[name])(x=x, **arguments(count))], None, None)
    assert function([2])[0].size < 100
    with pytest.raises(ValueError, match="at most 1073741824 elements"):
        function([2**40])


def test_a_thousand_million_is_refused_before_anything_runs(K: ModuleType) -> None:
    calls: tuple[Callable[[], Any], ...] = (
        lambda: K.resize_images(K.ones((1, 2, 2, 1)), 10**9, 10**9, "channels_last"),
        lambda: K.resize_volumes(K.ones((1, 2, 2, 2, 1)), 10**9, 10**9, 10**9, "channels_last"),
        lambda: K.repeat_elements(K.ones((2, 3)), 10**12, 0),
        lambda: K.tile(K.ones((2, 3)), (10**9, 10**9)),
        lambda: K.spatial_2d_padding(K.ones((1, 2, 2, 1)), ((0, 10**12), (0, 0))),
    )
    for call in calls:
        with pytest.raises((ValueError, MemoryError), match="expected"):
            call()


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "area", "lanczos3", "gaussian"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_of_an_interpolation(K: ModuleType, interpolation: str, dtype: str) -> None:
    """An image enlarged is a linear function of it, whose gradient is what each pixel alone makes of the weights."""
    x = K.placeholder((1, 1, 3, 1), dtype=dtype)
    weights = np.arange(1.0, 7.0, dtype="float32").reshape(1, 1, 6, 1)
    resized = K.cast(K.resize_images(x, 1, 2, "channels_last", interpolation), "float32")
    (gradient,) = K.gradients(K.sum(resized * K.constant(weights)), [x])
    function = K.function([x], [resized, gradient])
    parts = [
        np.vdot(function([np.eye(3)[i].reshape(1, 1, 3, 1)])[0] - function([np.zeros((1, 1, 3, 1))])[0], weights)
        for i in range(3)
    ]
    np.testing.assert_allclose(function([IMAGE])[1].ravel(), parts, 1e-5)


def test_the_corner_and_the_middle_of_a_pixel(K: ModuleType) -> None:
    corner = keras.resize_images(IMAGE, 1, 2, "channels_last", "bilinear")
    middle = K.resize_images(IMAGE, 1, 2, "channels_last", "bilinear")
    np.testing.assert_allclose(K.eval(corner).ravel(), [1, 2, 3, 2.5, 2, 2])
    np.testing.assert_allclose(K.eval(middle).ravel(), [1, 1.5, 2.5, 2.75, 2.25, 2])


def test_the_data_format_left_open_is_the_setting(K: ModuleType) -> None:
    x = K.ones((1, 2, 3, 4))
    K.set_image_data_format("channels_first")
    try:
        assert K.int_shape(K.spatial_2d_padding(x)) == (1, 2, 5, 6)
        assert K.int_shape(K.resize_images(x, 2, 3, None)) == (1, 2, 6, 12)
    finally:
        K.set_image_data_format("channels_last")
    assert K.int_shape(K.spatial_2d_padding(x)) == (1, 4, 5, 4)


def test_a_concrete_result_has_every_length(K: ModuleType) -> None:
    x = K.ones((2, 3))
    count = K.shape(x)[0]
    assert K.tile(x, (count, 1)).shape == (4, 3)
    assert K.repeat(x, count).shape == (2, 2, 3)
    assert K.slice(x, (0, 0), K.shape(x)).shape == (2, 3)
    assert K.reshape(x, (count, -1)).shape == (2, 3)


@pytest.mark.parametrize("index", [[0, 1], [slice(None), 0], [None, 0], [], [True, False]])
def test_a_list_between_brackets(K: ModuleType, index: Any) -> None:
    """It stands for a tuple, as in TensorFlow; one of bools is a mask."""
    x = np.arange(6.0).reshape(2, 3)
    wanted = x[np.array(index)] if index and isinstance(index[0], bool) else x[tuple(index)]
    np.testing.assert_array_equal(K.eval(K.constant(x)[index]), wanted)


@pytest.mark.parametrize("index", [2**70, -(2**70), slice(2**70, None)])
def test_an_index_beyond_64_bits(K: ModuleType, index: Any) -> None:
    with pytest.raises(ValueError, match="expected an index that fits 64 bits"):
        K.placeholder((None, 3))[index]
