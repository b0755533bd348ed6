"""Tensors made from nothing or in the likeness of another."""

from __future__ import annotations

from ..handles import Tensor
from ..kinds import DType, FloatX, ShapeLike, TensorLike
from ..op import op


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
