"""What the client can say of a handle by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kremote_proto import handles
from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.specs import Shape

from .current import existing_session
from .settings import current_settings
from .tensor import Placeholder, Tensor


def backend() -> str:
    """The name of the engine that computes.

    Example:
        >>> K.backend()
        'tensorflow'
    """
    session = existing_session()
    return session.engine if session is not None else current_settings().backend


def is_sparse(tensor: Any) -> bool:
    """Whether a tensor is sparse; False for anything that is not a tensor.

    Example:
        >>> K.is_sparse(K.placeholder((2, 2), sparse=True))
        True
    """
    return isinstance(tensor, Tensor) and tensor.spec.sparse


def is_variable(x: Any) -> bool:
    """Whether something is a variable.

    Example:
        >>> K.is_variable(K.zeros((2,))), K.is_variable(K.zeros((2,)) + 1)
        (True, False)
    """
    return isinstance(x, handles.Variable)


def is_tensor(x: Any) -> bool:
    """Whether something is a tensor, a variable or a symbol; an array is not.

    Example:
        >>> K.is_tensor(K.zeros((2,))), K.is_tensor(np.zeros(2))
        (True, False)
    """
    return isinstance(x, handles.Tensor)


def is_placeholder(x: Any) -> bool:
    """Whether something is what `K.placeholder` makes.

    Example:
        >>> K.is_placeholder(K.placeholder((2,)))
        True
    """
    return isinstance(x, Placeholder)


def is_keras_tensor(x: Any) -> bool:
    """Whether a tensor came out of a Keras layer or of `Input`.

    Raises:
        ValueError: when `x` is no tensor.

    Example:
        >>> K.is_keras_tensor(K.placeholder((2, 4, 5)))
        False
    """
    if not is_tensor(x):
        raise InvalidValue(f"expected a tensor; got {type(x).__name__} {repr(x)[:60]}", op="is_keras_tensor")
    return hasattr(x, "_keras_history")


def int_shape(x: Any) -> Shape | None:
    """The static shape of a tensor or an array.

    Returns:
        A tuple of int or None entries; None when the rank is unknown.

    Example:
        >>> K.int_shape(K.placeholder((None, 4, 5)))
        (None, 4, 5)
    """
    if hasattr(x, "_keras_shape"):
        set_by_keras: Shape | None = x._keras_shape  # it may be another than the server knows
        return set_by_keras
    if isinstance(x, Tensor):
        return x.spec.shape
    _check_described(x, "int_shape")
    shape: Shape = np.shape(x)
    return shape


def ndim(x: Any) -> int | None:
    """The number of axes of a tensor or an array.

    Example:
        >>> K.ndim(K.placeholder((2, 4, 5)))
        3
    """
    if isinstance(x, Tensor):
        return x.ndim
    _check_described(x, "ndim")
    return np.ndim(x)


def dtype(x: Any) -> str:
    """The name of the element type of a tensor or an array.

    Example:
        >>> K.dtype(K.placeholder((2, 4, 5), dtype="float64"))
        'float64'
    """
    if isinstance(x, Tensor):
        return str(x.dtype)
    _check_described(x, "dtype")
    return dtype_name(np.asarray(x).dtype)


def count_params(x: Any) -> Any:
    """The number of elements, from the static shape.

    Raises:
        TypeError: when a length is unknown.
        ValueError: when the rank is.

    Example:
        >>> int(K.count_params(K.zeros((2, 3))))
        6
    """
    shape = int_shape(x)
    if shape is None:
        raise InvalidValue("expected a tensor of a known rank", op="count_params")
    if None in shape:
        raise InvalidType(f"expected a static shape; got {shape}", op="count_params")
    return np.int64(math.prod(length for length in shape if length is not None))


def pattern_broadcast(x: Any, broadcastable: Any) -> Any:
    """The same tensor, with the axes it is broadcast along named, as Theano wants them to be.

    Every axis of length one is broadcast here, so that naming them changes nothing.

    Args:
        x: tensor or variable.
        broadcastable: for each axis, whether it is broadcast.

    Returns:
        `x` itself.

    Raises:
        ValueError: when there are not as many booleans as axes, or an axis to broadcast is not of length one.

    Example:
        >>> row = K.variable([[1.0, 2.0]])
        >>> K.pattern_broadcast(row, (True, False)) is row
        True
    """
    shape = int_shape(x)
    if shape is not None and len(shape) != len(broadcastable):
        raise InvalidValue(
            f"expected a boolean for each of {len(shape)} axes; got {broadcastable}", op="pattern_broadcast"
        )
    for axis, (length, broadcast) in enumerate(zip(shape or (), broadcastable, strict=False)):
        if broadcast and length not in (None, 1):
            raise InvalidValue(f"expected axis {axis} to be of length 1; got {shape}", op="pattern_broadcast")
    return x


def _check_described(x: Any, op: str) -> None:
    if x is None or callable(x) or isinstance(x, str | dict | set):
        raise InvalidType(f"expected a tensor or an array; got {type(x).__name__} {repr(x)[:60]}", op=op)
