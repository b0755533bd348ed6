"""Shapes: asking for them, changing them, joining tensors."""

from __future__ import annotations

from typing import Any

from .. import layouts, lengths, shapes
from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import Parts, Place, ShapeLike, TensorLike
from ..op import lengths_rule, op, rule
from ..operands import ANY, checked, common_dtype, known
from ..specs import Shape, Spec


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


@rule(shape)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, ANY, sparse=True)
    return None if x.shape is None else Spec("int32", (len(x.shape),))


@lengths_rule(shape)
def _(x: Spec | None) -> Shape | None:
    return None if x is None else x.shape


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


@rule(size)
def _(x: Spec | None, name: str | None) -> Spec:
    checked(x, ANY, sparse=True)
    return Spec("int32", ())


@lengths_rule(size)
def _(x: Spec | None, name: str | None) -> Shape | None:
    return None if x is None or x.size is None or x.size > lengths.LARGEST else (x.size,)


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


@rule(reshape)
def _(x: Spec | None, shape: Any) -> Spec | None:
    x = checked(x, ANY)
    return None if shape is Ellipsis else known(x.dtype, shapes.reshape(x.shape, shape))


@op
def flatten(x: TensorLike) -> Tensor:
    """The same elements along one axis.

    Args:
        x: tensor or variable.

    Returns:
        A tensor of `x`'s dtype, rank 1.

    Example:
        >>> K.eval(K.flatten(K.variable([[1, 2], [3, 4]])))
        array([1., 2., 3., 4.], dtype=float32)
    """


@rule(flatten)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, ANY)
    return known(x.dtype, (None if x.shape is None else layouts.product(x.shape),))


@op
def batch_flatten(x: TensorLike) -> Tensor:
    """The elements of each sample along one axis.

    Args:
        x: tensor or variable (samples, ...); one of rank 0 is a sample.

    Returns:
        A tensor of `x`'s dtype, rank 2.

    Example:
        >>> K.int_shape(K.batch_flatten(K.ones((2, 3, 4, 5))))
        (2, 60)
    """


@rule(batch_flatten)
def _(x: Spec | None) -> Spec | None:
    x = checked(x, ANY)
    return known(x.dtype, (None, None) if x.shape is None else layouts.batch_flatten(x.shape))


@op
def expand_dims(x: TensorLike, axis: Place = -1) -> Tensor:
    """A tensor with one axis more, of length 1.

    Args:
        x: tensor or variable.
        axis: the place of the new axis in the result, in [-rank - 1, rank], or a list of that one.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the axis is outside.

    Example:
        >>> K.int_shape(K.expand_dims(K.zeros((2, 3)), 1))
        (2, 1, 3)
    """


@rule(expand_dims)
def _(x: Spec | None, axis: int) -> Spec | None:
    x = checked(x, ANY)
    return None if x.shape is None else known(x.dtype, layouts.expand_dims(x.shape, axis))


@op
def squeeze(x: TensorLike, axis: int) -> Tensor:
    """A tensor with one axis less.

    Args:
        x: tensor or variable.
        axis: the axis to drop, of length 1, in [-rank, rank).

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when the axis is outside the rank, or of another length.

    Example:
        >>> K.int_shape(K.squeeze(K.zeros((2, 1, 3)), 1))
        (2, 3)
    """


@rule(squeeze)
def _(x: Spec | None, axis: int) -> Spec | None:
    x = checked(x, ANY)
    return None if x.shape is None else known(x.dtype, layouts.squeeze(x.shape, axis))


@op(one_dtype=("x",))
def stack(x: Parts, axis: int = 0) -> Tensor:
    """Tensors side by side along a new axis.

    Args:
        x: one or more tensors of one dtype and shape; of a single tensor its rows.
        axis: the place of the new axis in the result, in [-rank - 1, rank].

    Returns:
        A tensor of their dtype.

    Raises:
        ValueError: when the list is empty, the axis is outside, or the shapes differ.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.stack([K.variable([1, 2]), K.variable([3, 4])], axis=1))
        array([[1., 3.],
               [2., 4.]], dtype=float32)
    """


@rule(stack)
def _(x: list[Spec | None], axis: int) -> Spec | None:
    parts = [checked(part, ANY, f"x[{i}]") for i, part in enumerate(x)]
    if not parts:
        raise InvalidValue("expected at least one tensor; got an empty list")
    return known(common_dtype(*parts), layouts.stack([part.shape for part in parts], axis))


@lengths_rule(stack)
def _(x: list[Spec | None], axis: int) -> Shape | None:
    return lengths.joined(x, ())


@op(one_dtype=("tensors",))
def concatenate(tensors: Parts, axis: int = -1) -> Tensor:
    """Tensors joined along an axis.

    Args:
        tensors: one or more tensors of one dtype, equal in every length but that of `axis`; of a single tensor its
            rows.
        axis: the axis to join along, below the rank; a negative one counts from the back, and round again.

    Returns:
        A tensor; sparse when all are sparse.

    Raises:
        ValueError: when the list is empty, the axis is not below the rank, or other lengths differ.
        TypeError: when the dtypes differ.

    Example:
        >>> K.eval(K.concatenate([K.ones((2, 1)), K.zeros((2, 2))], axis=-1))
        array([[1., 0., 0.],
               [1., 0., 0.]], dtype=float32)
    """


@rule(concatenate)
def _(tensors: list[Spec | None], axis: int) -> Spec | None:
    parts = [checked(part, ANY, f"tensors[{i}]", sparse=True) for i, part in enumerate(tensors)]
    if not parts:
        raise InvalidValue("expected at least one tensor; got an empty list")
    rank = next((part.ndim for part in parts if part.ndim), None)
    joined = shapes.concatenate([part.shape for part in parts], axis % rank if rank and axis < -rank else axis)
    dtype = common_dtype(*parts)
    sparse = [part.sparse for part in parts]
    return None if dtype is None or joined is None else Spec(dtype, joined, False not in sparse)


@lengths_rule(concatenate)
def _(tensors: list[Spec | None], axis: int) -> Shape | None:
    return lengths.joined(tensors, (None,))
