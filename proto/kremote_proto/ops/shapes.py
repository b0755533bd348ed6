"""Shapes: asking for them, changing them, joining tensors."""

from __future__ import annotations

from ..handles import Tensor
from ..kinds import ShapeLike, TensorLike, Tensors
from ..op import op


@op
def shape(x: TensorLike) -> Tensor:
    """The lengths of a tensor's axes, as a tensor.

    Args:
        x: tensor or variable, dense or sparse.

    Returns:
        A tensor of dtype int32, shape (rank of `x`,).

    Example:
        >>> K.eval(K.shape(K.zeros((2, 4, 5))))
        array([2, 4, 5], dtype=int32)
    """


@op
def size(x: TensorLike, name: str | None = None) -> Tensor:
    """The number of a tensor's elements, as a tensor.

    Args:
        x: tensor or variable.
        name: kept for K's sake; tensors have no names here.

    Returns:
        A tensor of dtype int32 and rank 0.

    Example:
        >>> int(K.eval(K.size(K.zeros((2, 2)))))
        4
    """


@op
def reshape(x: TensorLike, shape: ShapeLike) -> Tensor:
    """The same elements in another shape.

    Args:
        x: tensor or variable.
        shape: the new lengths; one may be -1, which stands for what is left. It, or a length, may be an integer tensor.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the new shape does not hold exactly the elements of `x`.

    Example:
        >>> K.eval(K.reshape(K.variable([1, 2, 3, 4]), (2, -1)))
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """


@op
def concatenate(tensors: Tensors, axis: int = -1) -> Tensor:
    """Tensors joined along an axis.

    Args:
        tensors: one or more tensors of one dtype, equal in every length but that of `axis`.
        axis: the axis to join along, in [-rank, rank).

    Returns:
        A tensor; sparse when all are sparse.

    Raises:
        ValueError: when the list is empty, the axis is outside the rank, or other lengths differ.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.concatenate([K.ones((2, 1)), K.zeros((2, 2))], axis=-1))
        array([[1., 0., 0.],
               [1., 0., 0.]], dtype=float32)
    """
