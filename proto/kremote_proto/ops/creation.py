"""Tensors made from nothing or in the likeness of another."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import DType, FloatX, ShapeLike, TensorLike
from ..op import op, rule
from ..operands import ANY, COUNTABLE, castable, checked, known
from ..shapes import show
from ..specs import Spec


@op
def constant(
    value: TensorLike, dtype: FloatX | None = None, shape: ShapeLike | None = None, name: str | None = None
) -> Tensor:
    """A constant tensor.

    Args:
        value: number, nested list, array or tensor.
        dtype: its dtype; None is `K.floatx()`, also for integers.
        shape: lengths to arrange the elements in; a single element fills them. None keeps `value`'s shape.
        name: kept for K's sake; tensors have no names here.

    Returns:
        A tensor.

    Raises:
        ValueError: when `shape` does not hold the elements.
        TypeError: when `value` cannot be of that dtype.

    Example:
        >>> K.eval(K.constant([1, 2, 3, 4], shape=(2, 2)))
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """


@rule(constant)
def _(value: Spec | None, dtype: str, shape: Any, name: str | None) -> Spec | None:
    value = castable(checked(value, ANY, "value"), dtype)
    if shape is None:
        return known(dtype, value.shape)
    if shape is Ellipsis or None in shape:
        return None
    if value.size not in (None, 1, math.prod(shape)) or [n for n in shape if n < 0]:
        raise InvalidValue(f"expected a shape that holds {value.size} elements; got {show(shape)}")
    return known(dtype, shape)


@op
def zeros_like(x: TensorLike, dtype: DType | None = None, name: str | None = None) -> Tensor:
    """Zeros in the shape of a tensor.

    Args:
        x: tensor or variable.
        dtype: the result's dtype; None is `x`'s.
        name: kept for K's sake; tensors have no names here.

    Returns:
        A tensor of `x`'s shape.

    Example:
        >>> K.eval(K.zeros_like(K.variable([[1.0, 2.0]], dtype="float64")))
        array([[0., 0.]])
    """


@op
def ones_like(x: TensorLike, dtype: DType | None = None, name: str | None = None) -> Tensor:
    """Ones in the shape of a tensor.

    Args:
        x: tensor or variable.
        dtype: the result's dtype; None is `x`'s.
        name: kept for K's sake; tensors have no names here.

    Returns:
        A tensor of `x`'s shape.

    Example:
        >>> K.eval(K.ones_like(K.variable([[0.0, 2.0]]), dtype="int32"))
        array([[1, 1]], dtype=int32)
    """


@rule(zeros_like)
def _(x: Spec | None, dtype: str | None, name: str | None) -> Spec | None:
    x = checked(x, ANY)
    return known(dtype or x.dtype, x.shape)


@rule(ones_like)
def _(x: Spec | None, dtype: str | None, name: str | None) -> Spec | None:
    x = checked(x, ANY)
    checked(Spec(dtype or x.dtype, x.shape), COUNTABLE, "ones")
    return known(dtype or x.dtype, x.shape)


@op
def identity(x: TensorLike, name: str | None = None) -> Tensor:
    """A tensor of the same shape, dtype and content.

    Args:
        x: tensor or variable.
        name: kept for K's sake; tensors have no names here.

    Returns:
        A tensor; of a variable, its value now.

    Example:
        >>> K.eval(K.identity(K.variable([1.0, 2.0])))
        array([1., 2.], dtype=float32)
    """


@rule(identity)
def _(x: Spec | None, name: str | None) -> Spec | None:
    x = checked(x, ANY, sparse=True)
    return known(x.dtype, x.shape) and x


@op
def cast(x: TensorLike, dtype: DType) -> Tensor:
    """A tensor's elements as another dtype.

    Args:
        x: tensor or variable; it is not changed itself. A sparse tensor stays sparse.
        dtype: the result's dtype.

    Returns:
        A tensor of `x`'s shape.

    Raises:
        TypeError: when one of the dtypes is `string` and the other is not.

    Example:
        >>> K.eval(K.cast(K.variable([1.0, 2.7]), "int32"))
        array([1, 2], dtype=int32)
    """


@rule(cast)
def _(x: Spec | None, dtype: str) -> Spec | None:
    x = castable(checked(x, ANY, sparse=True), dtype)
    return known(dtype, x.shape) and replace(x, dtype=dtype)


@op
def to_dense(tensor: TensorLike) -> Tensor:
    """The dense form of a sparse tensor.

    Args:
        tensor: sparse or dense.

    Returns:
        A dense tensor; of a dense one, the same.

    Example:
        >>> K.eval(K.to_dense(K.variable([[1.0, 0.0]])))
        array([[1., 0.]], dtype=float32)
    """


@rule(to_dense)
def _(tensor: Spec | None) -> Spec | None:
    tensor = checked(tensor, ANY, "tensor", sparse=True)
    return known(tensor.dtype, tensor.shape)
