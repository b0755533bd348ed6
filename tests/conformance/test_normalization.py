"""normalize_batch_in_training: three results, against numpy and tf_keras, and their gradients."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from kremote_proto.op import CATALOGUE
from kremote_server.engines.loading import load_engine

GENERATOR = np.random.default_rng(3)
#: By name, the shape, the axes that are reduced, and the shape of gamma and beta.
CASES: dict[str, tuple[tuple[int, ...], Any, tuple[int, ...]]] = {
    "matrix": ((6, 4), [0], (4,)),
    "matrix, from the back": ((6, 4), [-2], (4,)),
    "sequences": ((5, 3, 4), [0, 1], (4,)),
    "images": ((2, 3, 5, 4), [0, 1, 2], (4,)),
    "images, first": ((2, 3, 5, 4), [0, 2, 3], (3,)),
    "images, in another order": ((2, 3, 5, 4), (2, 1, 0), (4,)),
    "kept axes": ((6, 4), [0], (1, 4)),
    "two axes kept": ((2, 3, 4), [0], (3, 4)),
}


def wanted(x: Any, gamma: Any, beta: Any, axes: Any, epsilon: float = 1e-3) -> list[Any]:
    """What numpy answers; the variances of images are their samples'."""
    over = tuple(axes)
    mean, var = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    gamma = np.ones(()) if gamma is None else gamma.reshape(mean.shape)
    beta = np.zeros(()) if beta is None else beta.reshape(mean.shape)
    count = x.size // mean.size
    sample = count / (count - 1) if x.ndim == 4 and list(axes) == [0, 1, 2] else 1
    normalized = (x - mean) / np.sqrt(var + epsilon) * gamma + beta
    return [normalized, mean.squeeze(over), var.squeeze(over) * sample]


def drawn(name: str, given: bool) -> tuple[Any, Any, Any, Any]:
    shape, axes, statistic = CASES[name]
    x = GENERATOR.normal(3, 2, shape)
    gamma, beta = GENERATOR.uniform(0.5, 2, (2, *statistic))
    return (x, gamma, beta, axes) if given else (x, None, None, axes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_at_once_and_in_a_function(K: ModuleType, name: str, given: bool, dtype: str) -> None:
    x, gamma, beta, axes = drawn(name, given)
    constants = [None if one is None else K.constant(one, dtype=dtype) for one in (x, gamma, beta)]
    results = K.normalize_batch_in_training(*constants, axes)
    placeholder = K.placeholder((None, *x.shape[1:]), dtype=dtype)
    symbols = K.normalize_batch_in_training(placeholder, *constants[1:], axes)
    fed = K.function([placeholder], list(symbols))([x])
    for result, symbol, other, one in zip(results, symbols, fed, wanted(x, gamma, beta, axes), strict=True):
        tolerance = 1e-4 if dtype == "float32" else 1e-10
        assert (result.dtype, result.shape, symbol.dtype) == (dtype, one.shape, dtype)
        assert len(symbol.shape) == one.ndim
        np.testing.assert_allclose(K.eval(result), one, tolerance, tolerance)
        np.testing.assert_allclose(other, one, tolerance, tolerance)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_numpy_engine(name: str, given: bool) -> None:
    engine = load_engine("numpy")
    x, gamma, beta, axes = drawn(name, given)
    results = engine.find(CATALOGUE["normalize_batch_in_training"])(
        x=x, gamma=gamma, beta=beta, reduction_axes=axes, epsilon=0.5
    )
    for result, one in zip(results, wanted(x, gamma, beta, axes, 0.5), strict=True):
        assert result.shape == one.shape
        np.testing.assert_allclose(result, one, 1e-10, 1e-10)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["matrix", "sequences", "images", "images, first"])
def test_as_tf_keras(K: ModuleType, name: str) -> None:
    import tf_keras

    x, gamma, beta, axes = (None if one is None else np.asarray(one, "float32") for one in drawn(name, True))
    axes = CASES[name][1]
    ours = K.normalize_batch_in_training(x, gamma, beta, axes, epsilon=0.25)
    constants = [tf_keras.backend.constant(one) for one in (x, gamma, beta)]
    theirs = tf_keras.backend.normalize_batch_in_training(*constants, axes, epsilon=0.25)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(K.eval(one), other.numpy(), 1e-4, 1e-4)


def test_gradient(K: ModuleType) -> None:
    x, weights = GENERATOR.normal(size=(5, 3)), GENERATOR.normal(size=(5, 3))
    placeholder, gamma = K.placeholder((5, 3), dtype="float64"), K.placeholder((3,), dtype="float64")
    normalized, mean, var = K.normalize_batch_in_training(placeholder, gamma, None, [0])
    loss = K.sum(normalized * K.constant(weights, dtype="float64")) + K.sum(mean * 2.0) + K.sum(var)
    slope = K.function([placeholder, gamma], [*K.gradients(loss, [placeholder, gamma]), loss])
    point = [x, np.array([0.5, 1.0, 2.0])]
    by_x, by_gamma, _ = slope(point)
    direction = [GENERATOR.normal(size=one.shape) for one in point]
    ends = [slope([p + sign * 1e-6 * d for p, d in zip(point, direction, strict=True)])[2] for sign in (1, -1)]
    along = np.sum(by_x * direction[0]) + np.sum(by_gamma * direction[1])
    assert along == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"reduction_axes": [2]}, ValueError, "expected an axis in [-2, 2); got 2"),
        ({"reduction_axes": [0, -2]}, ValueError, "expected each axis once"),
        ({"gamma": np.ones(3, "float32")}, ValueError, "expected gamma of 4 elements"),
        ({"beta": np.ones((2, 4), "float32")}, ValueError, "expected beta of 4 elements"),
        ({"reduction_axes": "first"}, TypeError, "expected a tuple of integers"),
        ({"x": np.ones((6, 4), "int32")}, TypeError, "expected x of a float dtype"),
    ],
)
def test_refused(K: ModuleType, arguments: dict[str, Any], error: type[Exception], says: str) -> None:
    given: dict[str, Any] = {"x": np.ones((6, 4), "float32"), "gamma": None, "beta": None, "reduction_axes": [0]}
    with pytest.raises(error) as caught:
        K.normalize_batch_in_training(**given | arguments)
    assert says in str(caught.value)
