"""Operands: what an op is given (tensors, variables, numbers, nested lists) as tensors of a common dtype."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kremote_proto.errors import InvalidDType, InvalidType, InvalidValue
from kremote_proto.operands import check_listed

#: How many bytes the texts of one result may have: where memory ends, TensorFlow's texts end the process.
MOST_TEXT_BYTES = 1 << 30


def is_sparse(x: Any) -> bool:
    """Whether a value is a sparse tensor."""
    return isinstance(x, tf.SparseTensor)


def dense(x: Any) -> Any:
    """A dense tensor; a list of Python floats becomes float32, of integers int32."""
    if is_sparse(x):
        raise InvalidType("expected a dense tensor; got a sparse one", hint="K.to_dense makes it dense")
    return tf.convert_to_tensor(x)


def like(x: Any, dtype: tf.DType) -> Any:
    """A dense tensor of a dtype: numbers and lists take it, a tensor must have it."""
    if tf.is_tensor(x):
        x = dense(x)
        if x.dtype != dtype:
            raise InvalidDType(
                f"expected tensors of one dtype; got {dtype.name} and {x.dtype.name}",
                hint=f'K.cast(x, "{dtype.name}") makes one the other',
            )
        return x
    if (array := np.asarray(x)).size:
        check_listed(array.dtype.kind, dtype.name)
    try:
        if dtype.is_integer:
            np.array(x, dtype.as_numpy_dtype)  # TensorFlow wraps around where numpy raises
        return tf.convert_to_tensor(x, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidType(f"expected numbers that {dtype.name} holds; got {str(x)[:60]}") from error


def pair(x: Any, y: Any) -> tuple[Any, Any]:
    """Two dense tensors of one dtype."""
    if isinstance(x, tf.Tensor) and isinstance(y, tf.Tensor) and x.dtype == y.dtype:
        return x, y
    if tf.is_tensor(x):
        x = dense(x)
        return x, like(y, x.dtype)
    if tf.is_tensor(y):
        y = dense(y)
        return like(x, y.dtype), y
    # Two host values meet as numpy's promotion says, in the dtypes that numbers have here.
    joined = np.result_type(np.asarray(x), np.asarray(y))
    dtype = {"f": tf.float32, "i": tf.int32}.get(joined.kind, tf.as_dtype(joined))
    return like(x, dtype), like(y, dtype)


def as_dtype(x: Any, dtype: str) -> Any:
    """A dense tensor cast to a dtype; the numbers of a list are not rounded on the way."""
    if not tf.is_tensor(x):
        x = np.asarray(x)
    wanted = tf.as_dtype(dtype)
    x = dense(x)
    if (x.dtype == tf.string) != (wanted == tf.string):
        raise InvalidDType(f"expected a value that can be cast to {wanted.name}; got {x.dtype.name}")
    return tf.cast(x, wanted)


def made_of(x: Any, dtype: str) -> Any:
    """A dense tensor of a dtype, as `as_dtype`; but numbers and lists must be of the dtype's kind."""
    if not tf.is_tensor(x) and (array := np.asarray(x)).size:
        check_listed(array.dtype.kind, dtype)
    return as_dtype(x, dtype)


def as_indices(x: Any) -> Any:
    """A dense tensor of integers; a list of nothing is one."""
    x = np.asarray(x, np.int32) if not tf.is_tensor(x) and np.size(x) == 0 else x
    x = dense(x)
    if not x.dtype.is_integer:
        raise InvalidType(f"expected indices of an integer dtype; got {x.dtype.name}")
    return tf.cast(x, tf.int64)


def lengths(shape: Any) -> Any:
    """A shape as TensorFlow takes it: its lengths, or one integer tensor when a length is a tensor."""
    if isinstance(shape, Sequence) and any(length is None for length in shape):
        raise InvalidValue(f"expected known lengths; got None in the shape {shape}")
    if not isinstance(shape, Sequence) or not any(tf.is_tensor(length) for length in shape):
        return shape
    # A number as a constant, so that a symbol's length stays known beside one that is not.
    return tf.stack([tf.cast(_integer(n, 0), tf.int64) if tf.is_tensor(n) else tf.constant(n, tf.int64) for n in shape])


def integers(values: Any) -> Any:
    """One integer or several, each a number or a tensor, or one tensor of them, as a tensor of int64 and rank 1."""
    found = lengths(values)
    return tf.reshape(
        tf.cast(_integer(found, 1), tf.int64) if tf.is_tensor(found) else tf.constant(found, tf.int64), [-1]
    )


def _integer(x: Any, most_axes: int) -> Any:
    if tf.is_tensor(x) and not (x.dtype.is_integer and (x.shape.rank or 0) <= most_axes):
        expected = "integers" if most_axes else "each length as an integer"
        raise InvalidType(f"expected {expected}; got {x.dtype.name} of shape {x.shape}")
    return x


def filled(fill: Callable[[Any], Any], shape: Any) -> Any:
    """`fill(lengths)`: a tensor made from nothing. Lengths that only a call says are checked when they are there."""
    wanted = lengths(shape)
    return fill(bounded(wanted, wanted))


def bounded(values: Any, lengths: Any, most: Any = 2**30) -> Any:
    """The values, where they only are known in a call after a check that a result of such lengths is not too large.

    `most` is how many elements it may have, where that is more than 2**30.
    """
    if not tf.is_tensor(values) or tf.get_static_value(values) is not None:
        return values
    message = "expected a shape of at most 2**30 elements"
    size = tf.reduce_prod(tf.maximum(tf.cast(lengths, tf.float64), 1.0))
    with tf.control_dependencies([tf.debugging.assert_less_equal(size, tf.cast(most, tf.float64), message)]):
        return tf.identity(values)


def arranged(arrange: Callable[..., Any], *tensors: Any) -> Any:
    """`arrange(*tensors)`, which may repeat or join elements; of texts, only where the result is not too large."""
    if tensors[0].dtype != tf.string:
        return arrange(*tensors)
    lengths = arrange(*(tf.cast(tf.strings.length(texts), tf.int64) for texts in tensors))
    message = f"expected a result of at most {MOST_TEXT_BYTES} bytes of text"
    check = tf.debugging.assert_less_equal(tf.reduce_sum(lengths), tf.constant(MOST_TEXT_BYTES, tf.int64), message)
    with tf.control_dependencies([] if check is None else [check]):
        return arrange(*tensors)
