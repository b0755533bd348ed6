"""Tensors made from nothing or in the likeness of another."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..errors import InvalidType, InvalidValue
from ..handles import Tensor
from ..kinds import DType, FloatX, IntegerLike, Scalar, ShapeLike, TensorLike
from ..op import lengths_rule, op, rule
from ..operands import ANY, COUNTABLE, INTEGER, castable, checked, known
from ..ranges import Bound, range_dtype, range_length
from ..shapes import show
from ..specs import Shape, Spec


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
        ValueError: when a length is negative.
        TypeError: when `value` cannot be of that dtype (a list of fractions cannot be integers; an array can), or
            `shape` does not hold the elements.

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
    if [n for n in shape if n < 0]:
        raise InvalidValue(f"expected lengths of 0 or more; got {show(shape)}")
    if value.size not in (None, 1, math.prod(shape)):
        raise InvalidType(f"expected a shape that holds {value.size} elements; got {show(shape)}")
    return known(dtype, shape)


@op
def arange(start: Scalar, stop: Scalar | None = None, step: Scalar = 1, dtype: DType = "int32") -> Tensor:
    """The numbers from a start to before a stop.

    Args:
        start: the first number; alone, it is where the range from 0 stops, which a negative one leaves empty.
        stop: the first number beyond the range.
        step: the difference of neighbours; a negative one leads downwards.
        dtype: the result's dtype. "int32" keeps the dtype in which the numbers meet: int32 of integers (int64 of long
            ones), float32 of Python's floats, else that of the tensors among them.

    Returns:
        A tensor of rank 1.

    Raises:
        ValueError: when the step is 0 or leads away from the stop, or one of the numbers is of rank 1 or more.
        TypeError: when a tensor among the numbers is neither int32, int64 nor of a float dtype.

    Example:
        >>> K.eval(K.arange(2, 10, 3)), K.eval(K.arange(2, dtype="float32"))
        (array([2, 5, 8], dtype=int32), array([0., 1.], dtype=float32))
    """


@rule(arange)
def _(start: Bound, stop: Bound | None, step: Bound, dtype: str) -> Spec | None:
    for bound in (start, stop, step):
        if isinstance(bound, Spec) and bound.shape not in ((), None):
            raise InvalidValue(f"expected start, stop and step of rank 0; got {bound}")
    if stop is None:
        start, stop = 0, start if isinstance(start, Spec) else max(start, 0)
    met = range_dtype(start, stop, step)
    castable(Spec(met, (None,)), dtype)
    kept = met if dtype == "int32" else dtype
    if isinstance(start, Spec) or isinstance(stop, Spec) or isinstance(step, Spec):
        return None if kept is None else Spec(kept, (None,))
    assert met is not None
    return Spec(kept, (range_length(start, stop, step, met),))


@op
def one_hot(indices: TensorLike, num_classes: IntegerLike) -> Tensor:
    """A one at each index's place in a row of zeros.

    Args:
        indices: integer tensor of any shape.
        num_classes: the length of the rows, an integer or an integer tensor of rank 0.

    Returns:
        A tensor of dtype float32, shape `indices.shape + (num_classes,)`; a row of zeros for an index outside.

    Raises:
        ValueError: when `num_classes` is negative or not of rank 0.
        TypeError: when the indices or `num_classes` are not integers.

    Example:
        >>> K.eval(K.one_hot(K.constant([0, 2], dtype="int32"), 3))
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """


@rule(one_hot)
def _(indices: Spec | None, num_classes: int | None) -> Spec | None:
    indices = checked(indices, INTEGER, "indices")
    if num_classes is not None and not 0 <= num_classes < 2**31:
        raise InvalidValue(f"expected num_classes from 0 to 2**31 - 1; got {num_classes}")
    return None if indices.shape is None else Spec("float32", (*indices.shape, num_classes))


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


@lengths_rule(cast)
def _(x: Spec | None, dtype: str) -> Shape | None:
    return x.lengths if x is not None and dtype in ("int32", "int64") else None


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
