"""Python's operators on tensors, named after Python's `operator` module, with numpy's broadcasting.

A Python number, or a list of them, takes the dtype of the tensor it meets.
"""

from __future__ import annotations

import operator
from functools import partial

from .. import lengths
from ..handles import Tensor
from ..kinds import TensorLike
from ..op import lengths_rule, op, rule
from ..operands import (
    ADDABLE,
    MATRIX,
    NUMERIC,
    REAL,
    SIGNED,
    DTypes,
    checked,
    common_dtype,
    known,
    quotient_dtype,
    real_dtype,
)
from ..products import matmul as matmul_shape
from ..shapes import broadcast
from ..specs import Spec
from .indexing import getitem
from .logic import and_, ge, gt, invert, le, lt, or_, xor

__all__ = [
    "absolute",
    "add",
    "and_",
    "floordiv",
    "ge",
    "getitem",
    "gt",
    "invert",
    "le",
    "lt",
    "matmul",
    "mod",
    "mul",
    "neg",
    "or_",
    "pow",
    "sub",
    "truediv",
    "xor",
]


@op(namespace="operator", one_dtype=("x", "y"))
def add(x: TensorLike, y: TensorLike) -> Tensor:
    """Sum, `x + y`. Texts are joined.

    Args:
        x: tensor of a numeric dtype or text.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) + 1)
        array([ 8., -6.], dtype=float32)
    """


@rule(add)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    return _elementwise(x, y, ADDABLE)


def _elementwise(x: Spec | None, y: Spec | None, dtypes: DTypes) -> Spec | None:
    x, y = checked(x, dtypes), checked(y, dtypes, "y")
    return known(common_dtype(x, y), broadcast(x.shape, y.shape))


@op(namespace="operator", one_dtype=("x", "y"))
def sub(x: TensorLike, y: TensorLike) -> Tensor:
    """Difference, `x - y`.

    Args:
        x: tensor of a numeric dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(1 - K.variable([7.0, -7.0]))
        array([-6.,  8.], dtype=float32)
    """


@op(namespace="operator", one_dtype=("x", "y"))
def mul(x: TensorLike, y: TensorLike) -> Tensor:
    """Product of elements, `x * y`.

    Args:
        x: tensor of a numeric dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) * [1, 2])
        array([  7., -14.], dtype=float32)
    """


@rule(sub)
@rule(mul)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    return _elementwise(x, y, NUMERIC)


@op(namespace="operator", one_dtype=("x", "y"))
def truediv(x: TensorLike, y: TensorLike) -> Tensor:
    """Quotient, `x / y`.

    Args:
        x: tensor of a numeric dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of the broadcast shape, of their dtype; of 8- and 16-bit integers float32, of longer ones float64.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) / 2)
        array([ 3.5, -3.5], dtype=float32)
    """


@rule(truediv)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    x, y = checked(x, NUMERIC), checked(y, NUMERIC, "y")
    return known(quotient_dtype(common_dtype(x, y)), broadcast(x.shape, y.shape))


@op(namespace="operator", one_dtype=("x", "y"))
def floordiv(x: TensorLike, y: TensorLike) -> Tensor:
    """Quotient rounded down, `x // y`.

    Args:
        x: tensor of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) // 2)
        array([ 3., -4.], dtype=float32)
    """


@op(namespace="operator", one_dtype=("x", "y"))
def mod(x: TensorLike, y: TensorLike) -> Tensor:
    """Remainder with the sign of `y`, `x % y`.

    Args:
        x: tensor of an integer or float dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) % 4)
        array([3., 1.], dtype=float32)
    """


@rule(floordiv)
@rule(mod)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    return _elementwise(x, y, REAL)


for _of_lengths, _computed in ((add, "add"), (sub, "sub"), (mul, "mul"), (floordiv, "floordiv")):
    lengths_rule(_of_lengths)(partial(lengths.combined, getattr(operator, _computed)))


@op(namespace="operator", one_dtype=("x", "y"))
def pow(x: TensorLike, y: TensorLike) -> Tensor:
    """Power, `x ** y`.

    Args:
        x: tensor of a float, complex or signed integer dtype.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, of the broadcast shape.

    Raises:
        ValueError: when the shapes do not broadcast.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.variable([7.0, -7.0]) ** 2)
        array([49., 49.], dtype=float32)
    """


@rule(pow)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    return _elementwise(x, y, SIGNED)


@op(namespace="operator", one_dtype=("x", "y"))
def matmul(x: TensorLike, y: TensorLike) -> Tensor:
    """Matrix product, `x @ y`, over the last two axes; the others broadcast as batches.

    Args:
        x: tensor of rank 2 or more, of a float or complex dtype, int32 or int64.
        y: tensor of the same dtype, or numbers.

    Returns:
        A tensor of their dtype, shape `batches + (x.shape[-2], y.shape[-1])`.

    Raises:
        ValueError: when the shapes do not fit.
        TypeError: when the dtypes differ, or the dtype has no such operator; `K.cast` makes one the other.

    Example:
        >>> K.eval(K.ones((2, 3)) @ K.ones((3, 1)))
        array([[3.],
               [3.]], dtype=float32)
    """


@rule(matmul)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    x, y = checked(x, MATRIX), checked(y, MATRIX, "y")
    return known(common_dtype(x, y), matmul_shape(x.shape, y.shape))


@op(namespace="operator")
def neg(x: TensorLike) -> Tensor:
    """Negation, `-x`.

    Args:
        x: tensor of a float, complex or signed integer dtype.

    Returns:
        A tensor of `x`'s dtype and shape.

    Raises:
        TypeError: when the dtype has no such operator.

    Example:
        >>> K.eval(-K.variable([7.0, -7.0]))
        array([-7.,  7.], dtype=float32)
    """


@rule(neg)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, SIGNED)
    return known(x.dtype, x.shape)


@op(namespace="operator")
def absolute(x: TensorLike) -> Tensor:
    """Absolute values, `abs(x)`.

    Args:
        x: tensor of a float, complex or signed integer dtype.

    Returns:
        A tensor of `x`'s shape and dtype; real for a complex one.

    Raises:
        TypeError: when the dtype has no such operator.

    Example:
        >>> K.eval(abs(K.variable([7.0, -7.0])))
        array([7., 7.], dtype=float32)
    """


@rule(absolute)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, SIGNED)
    return known(real_dtype(x.dtype), x.shape)
