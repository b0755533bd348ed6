"""Losses: cross entropies."""

from __future__ import annotations

from ..handles import Tensor
from ..kinds import TensorLike
from ..op import op, rule
from ..operands import FLOAT, checked, common_dtype, known
from ..shapes import merge, reduce
from ..specs import Spec


@op(settings=("epsilon",), one_dtype=("target", "output"))
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross entropy between a target distribution and an output.

    Without `from_logits` the output is scaled to sum to 1 and clipped to [epsilon, 1 - epsilon]. That is so for the
    output of `softmax` too: pass logits with `from_logits=True` for exact values of very unlikely targets.

    Args:
        target: tensor of the output's shape and dtype.
        output: tensor of a float dtype: probabilities, or logits with `from_logits`.
        from_logits: whether `output` is before softmax.
        axis: the axis of the classes, in [-rank, rank).

    Returns:
        A tensor of the output's dtype, without that axis.

    Raises:
        ValueError: when the shapes differ or the axis is outside the rank.
        TypeError: when the dtypes differ or are not float.

    Example:
        >>> target, output = K.variable([[0, 1], [1, 0]]), K.variable([[0.5, 0.5], [1.0, 0.0]])
        >>> np.round(K.eval(K.categorical_crossentropy(target, output)), 4)
        array([0.6931, 0.    ], dtype=float32)
    """


@rule(categorical_crossentropy)
def _(target: Spec | None, output: Spec | None, from_logits: bool, axis: int, epsilon: float) -> Spec | None:
    target, output = checked(target, FLOAT, "target"), checked(output, FLOAT, "output")
    return known(common_dtype(output, target), reduce(merge(target.shape, output.shape), axis))
