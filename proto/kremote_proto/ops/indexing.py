"""Parts of a tensor."""

from __future__ import annotations

from typing import Any

from .. import lengths
from ..handles import Tensor
from ..indexes import indexed
from ..kinds import Index, TensorLike
from ..op import lengths_rule, op, rule
from ..operands import ANY, checked, known
from ..specs import Shape, Spec


@op(namespace="operator")
def getitem(x: TensorLike, index: Index) -> Tensor:
    """Part of a tensor, `x[index]`.

    Args:
        x: tensor or variable.
        index: integers, slices, `...`, `None` and scalar integer tensors, as in numpy; or, alone, a bool tensor, which
            picks where it is true; or an integer tensor as the first, which picks along the first axis. A list stands
            for a tuple, as in TensorFlow.

    Returns:
        A tensor of `x`'s dtype.

    Raises:
        ValueError: when there are more indices than axes, or an integer is outside its axis.
        TypeError: when an index is of another kind.

    Example:
        >>> x = K.variable([[1, 2, 3], [4, 5, 6]])
        >>> K.eval(x[1, ::-1])
        array([6., 5., 4.], dtype=float32)
        >>> K.eval(x[x > 2])
        array([3., 4., 5., 6.], dtype=float32)
    """


@rule(getitem)
def _(x: Spec | None, index: tuple[Any, ...]) -> Spec | None:
    x = checked(x, ANY)
    return None if x.shape is None else known(x.dtype, indexed(x.shape, index))


@lengths_rule(getitem)
def _(x: Spec | None, index: tuple[Any, ...]) -> Shape | None:
    return None if x is None or len(index) != 1 else lengths.part(x, index[0])
