"""Variables and placeholders as Keras 2.3.1 knows them: named as its own backend names them, and read by its graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kremote_proto.handles import Tensor, TensorLike

from .. import backend as K
from ..graph_mode import symbolic
from ..tensor import Handle, Variable
from .names import unique_name


def _of_graph(made: Tensor, name: str) -> Tensor:
    """A handle as part of Keras' graph. Its name is the client's alone: the server keeps a named variable for ever."""
    assert isinstance(made, Handle)
    made._value.name = f"{unique_name(name)}:0"
    made._value.deferred = isinstance(made, Variable)
    return made


def variable(value: TensorLike, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Tensor:
    """A variable; ops with it are symbols, and `K.eval` and `K.get_value` read it.

    Args:
        value: its initial value: array, number, nested list, or tensor of variables alone.
        dtype: its dtype; None is `K.floatx()`, also for integers.
        name: its name, which gets its scope before it and a number where it is taken.
        constraint: a callable of a new value, for optimizers to apply after an update.
    """
    made = K.variable(value, dtype, None, constraint)
    if not isinstance(made, Variable):  # a sparse one, which Keras tells its shape
        setattr(made, "_keras_shape", made.shape)  # noqa: B010
        setattr(made, "_uses_learning_phase", False)  # noqa: B010
    return _of_graph(made, name or "Variable")


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """A variable of zeros; a tensor where a length is 0 or a tensor's."""
    return _filled(K.zeros, 0.0, shape, dtype, name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """A variable of ones; a tensor where a length is 0 or a tensor's."""
    return _filled(K.ones, 1.0, shape, dtype, name)


@symbolic
def _filled(make: Callable[..., Tensor], element: float, shape: Any, dtype: Any, name: str | None) -> Tensor:
    if isinstance(shape, list | tuple) and 0 in [n for n in shape if isinstance(n, int | np.integer)]:
        return K.constant(element, dtype=dtype, shape=shape)
    made = make(shape, dtype)
    return _of_graph(made, name or "Variable") if isinstance(made, Variable) else made


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: int | None = None
) -> Tensor:
    """A variable of samples drawn uniformly from `low` to `high`; without a seed, `np.random` draws one."""
    made = K.random_uniform_variable(shape, low, high, dtype, None, drawn_seed(seed, 10**9))
    return _of_graph(made, name or "Variable")


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: int | None = None
) -> Tensor:
    """A variable of samples drawn from a normal distribution; without a seed, `np.random` draws one."""
    made = K.random_normal_variable(shape, mean, scale, dtype, None, drawn_seed(seed, 10**9))
    return _of_graph(made, name or "Variable")


def drawn_seed(seed: int | None, below: int = 10**7) -> int:
    """A seed, drawn by numpy where none is given: `np.random.seed` decides all of a model's numbers."""
    return int(np.random.randint(below)) if seed is None else int(seed)


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False, name: str | None = None
) -> Tensor:
    """A symbol to be fed when a function that has it among its inputs is called.

    Args:
        shape: its lengths, None where unknown. It wins over `ndim`; with neither the rank is unknown.
        ndim: its number of axes.
        dtype: its dtype; None is `K.floatx()`.
        sparse: whether it is fed with sparse matrices.
        name: its name, which gets its scope before it and a number where it is taken.
    """
    return _of_graph(K.placeholder(shape, ndim, dtype, sparse, name), name or "Placeholder")
