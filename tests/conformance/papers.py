"""Code written for K as it stands in public, beside what numpy answers, and how the two are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Paper:
    """One computation: with K, with numpy, and arrays to try it on, a batch first."""

    computed: Callable[..., Any]
    expected: Callable[..., Any]
    inputs: tuple[Array, ...]

    @property
    def name(self) -> str:
        """What a failing test is called."""
        return self.computed.__name__


def uniform(*shape: int, low: float = 0.05, high: float = 0.95) -> Array:
    """Numbers between two others, the same at each run."""
    generator = np.random.default_rng(sum(shape))
    return generator.uniform(low, high, shape).astype("float32")


def normal(*shape: int) -> Array:
    """Numbers around 0, the same at each run."""
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def classes(samples: int, count: int) -> Array:
    """One of some classes for each sample, one-hot."""
    return np.eye(count, dtype="float32")[np.arange(samples) * 7 % count]


def check_at_once(K: ModuleType, paper: Paper) -> None:
    """Compare the values of concrete tensors."""
    tensors = [K.constant(array, dtype=array.dtype.name) for array in paper.inputs]
    _compare(K.eval(paper.computed(K, *tensors)), paper)


def check_in_a_function(K: ModuleType, paper: Paper) -> None:
    """Compare what a function gives of a batch of any length, whose shape was known without asking the server."""
    traffic = K.get_session().session.traffic
    placeholders = [K.placeholder((None, *array.shape[1:]), dtype=array.dtype.name) for array in paper.inputs]
    before = traffic["requests"]
    symbol = paper.computed(K, *placeholders)
    shape = K.int_shape(symbol)
    assert traffic["requests"] == before
    (value,) = K.function(placeholders, [symbol])(list(paper.inputs))
    _compare(value, paper)
    assert len(shape) == value.ndim
    assert [(n, m) for n, m in zip(shape[1:], value.shape[1:], strict=True) if n != m] == []


def check_gradients(K: ModuleType, paper: Paper, argument: int) -> None:
    """Compare the gradient of the sum of a result, along one direction, with a central difference."""
    placeholders = [K.placeholder((None, *array.shape[1:]), dtype="float64") for array in paper.inputs]
    (gradient,) = K.gradients(K.sum(paper.computed(K, *placeholders)), [placeholders[argument]])
    (value,) = K.function(placeholders, [gradient])(list(paper.inputs))
    step = 1e-5 * np.sign(np.random.default_rng(1).normal(size=value.shape))

    def at(sign: float) -> float:
        arrays = [np.asarray(array, "float64") for array in paper.inputs]
        arrays[argument] = arrays[argument] + sign * step
        return float(np.sum(paper.expected(*arrays)))

    np.testing.assert_allclose(np.sum(value * step), (at(1) - at(-1)) / 2, rtol=1e-4, atol=1e-9)


def _compare(value: Any, paper: Paper) -> None:
    wanted = np.asarray(paper.expected(*(array.astype("float64") for array in paper.inputs)))
    assert np.shape(value) == wanted.shape
    np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)
