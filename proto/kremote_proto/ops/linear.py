"""Linear algebra: products of tensors, transposition, lookup of rows."""

from __future__ import annotations

from ..errors import InvalidValue
from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op, rule
from ..specs import Spec


@op
def dot(x: TensorLike, y: TensorLike) -> Tensor:
    """Product of two tensors.

    For n-dimensional `x` and m-dimensional `y` it sums over the last axis of `x` and the second-to-last of `y`, as
    Theano did: (2, 3) by (4, 3, 5) gives (2, 4, 5).

    Args:
        x: tensor of rank 2 or more, any numeric dtype; may be sparse of rank 2.
        y: tensor of rank 2 or more, of the same dtype.

    Returns:
        A tensor of `x`'s dtype, shape `x.shape[:-1] + y.shape[:-2] + y.shape[-1:]`.

    Raises:
        ValueError: when the summed lengths differ or a rank is below 2.

    Example:
        >>> K.eval(K.dot(K.ones((2, 3)), K.ones((3, 2))))
        array([[3., 3.],
               [3., 3.]], dtype=float32)
    """


@rule(dot)
def _(x: Spec, y: Spec) -> Spec | None:
    if x.shape is None or y.shape is None:
        return None
    if len(x.shape) < 2 or len(y.shape) < 2:
        raise InvalidValue(f"expected x and y of rank 2 or more; got {x} and {y}")
    summed = x.shape[-1], y.shape[-2]
    if None not in summed and summed[0] != summed[1]:
        raise InvalidValue(f"expected the last length of x to equal the second-to-last of y; got {x} and {y}")
    return Spec(x.dtype or y.dtype, x.shape[:-1] + y.shape[:-2] + y.shape[-1:])
