"""Linear algebra: products of tensors, transposition, lookup of rows."""

from __future__ import annotations

from .. import products
from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import Axis, TensorLike
from ..op import op, rule
from ..operands import ANY, BATCH, INTEGER, MATRIX, checked, common_dtype, known
from ..specs import Spec


@op(one_dtype=("x", "y"))
def dot(x: TensorLike, y: TensorLike) -> Tensor:
    """Product of two tensors.

    For n-dimensional `x` and m-dimensional `y` it sums over the last axis of `x` and the second-to-last of `y`, as
    Theano did: (2, 3) by (4, 3, 5) gives (2, 4, 5).

    Args:
        x: tensor of rank 2 or more (of 1 or more, where `y` is of rank 3 or more), of a float or complex dtype, int32
            or int64. It may be sparse; both are of rank 2 then.
        y: tensor of rank 2 or more, of the same dtype.

    Returns:
        A tensor of `x`'s dtype, shape `x.shape[:-1] + y.shape[:-2] + y.shape[-1:]`.

    Raises:
        ValueError: when the summed lengths differ or a rank is below 2.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.dot(K.ones((2, 3)), K.ones((3, 2))))
        array([[3., 3.],
               [3., 3.]], dtype=float32)
    """


@rule(dot)
def _(x: Spec | None, y: Spec | None) -> Spec | None:
    x, y = checked(x, MATRIX, sparse=True), checked(y, MATRIX, "y")
    if x.sparse and (x.ndim or 2, y.ndim or 2) != (2, 2):
        raise InvalidValue(f"expected x and y of rank 2, since x is sparse; got {x} and {y}")
    return known(common_dtype(x, y), products.dot(x.shape, y.shape))


@op(one_dtype=("x", "y"))
def batch_dot(x: TensorLike, y: TensorLike, axes: Axis | None = None) -> Tensor:
    """Product of two batches, sample by sample.

    Args:
        x: tensor of rank 2 or more whose first axis is the batch, of a float or complex dtype, int16, int32 or int64.
        y: tensor of rank 2 or more, of the same dtype and batch length.
        axes: the axis of `x` and the axis of `y` to sum over, or one integer for both. None sums over the last axis of
            `x` and the second-to-last of `y` (the last, when `y` is of rank 2).

    Returns:
        A tensor of shape: `x.shape` without the summed axis, then `y.shape` without batch and summed axis. Where only
        the batch would be left the shape is (batch, 1).

    Raises:
        ValueError: when a rank is below 2, an axis is the batch or outside the rank, or the summed lengths or the
            batches differ.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.batch_dot(K.variable([[1, 2], [3, 4]]), K.variable([[5, 6], [7, 8]]), axes=1))
        array([[17.],
               [53.]], dtype=float32)
    """


@rule(batch_dot)
def _(x: Spec | None, y: Spec | None, axes: int | list[int] | None) -> Spec | None:
    x, y = checked(x, BATCH), checked(y, BATCH, "y")
    return known(common_dtype(x, y), products.batch_dot(x.shape, y.shape, axes))


@op
def transpose(x: TensorLike) -> Tensor:
    """A tensor with its axes in reverse order.

    Args:
        x: tensor or variable.

    Returns:
        A tensor of `x`'s dtype.

    Example:
        >>> K.eval(K.transpose(K.variable([[1, 2, 3], [4, 5, 6]])))
        array([[1., 4.],
               [2., 5.],
               [3., 6.]], dtype=float32)
    """


@rule(transpose)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, ANY)
    return None if x.shape is None else known(x.dtype, x.shape[::-1])


@op
def gather(reference: TensorLike, indices: TensorLike) -> Tensor:
    """Rows of a tensor.

    Args:
        reference: tensor of rank 1 or more.
        indices: integer tensor of any shape, each from 0 to the length of the first axis.

    Returns:
        A tensor of `reference`'s dtype, shape `indices.shape + reference.shape[1:]`.

    Raises:
        ValueError: when an index is negative or too large (on a GPU such a row is zeros), or `reference` is a scalar.
        TypeError: when the indices are not integers.

    Example:
        >>> K.eval(K.gather(K.variable([[1, 2], [3, 4], [5, 6]]), [2, 0]))
        array([[5., 6.],
               [1., 2.]], dtype=float32)
    """


@rule(gather)
def _(reference: Spec | None, indices: Spec | None) -> Spec | None:
    reference, indices = checked(reference, ANY, "reference"), checked(indices, INTEGER, "indices")
    if reference.shape == ():
        raise InvalidValue(f"expected reference of rank 1 or more; got {reference}")
    if reference.shape is None or indices.shape is None:
        return None
    return known(reference.dtype, indices.shape + reference.shape[1:])
