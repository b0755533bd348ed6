"""`K.switch` and the choices of the learning phase: callables are traced here, the branch is taken on the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from kremote_proto.errors import InvalidType
from kremote_proto.ops import control
from kremote_proto.specs import Spec

from .introspection import ndim
from .phases import learning_phase
from .structure import leaves, like
from .tensor import Tensor
from .tracing import trace_callable


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two expressions, by a condition.

    Args:
        condition: tensor of rank 0, which chooses an expression and leaves the other uncomputed; or of a higher rank,
            up to `then_expression`'s, which chooses for each element, repeated over the axes it lacks or has once.
        then_expression: what a condition that is not zero chooses: a tensor, or a callable of nothing that gives one.
        else_expression: what zero chooses, of the same dtype.

    Returns:
        A tensor of the expressions' dtype; where callables give several in a list or a map, such a structure of them.

    Raises:
        ValueError: when the condition has more axes than `then_expression`, or the shapes do not fit.
        TypeError: when the expressions' dtypes differ.

    Example:
        >>> K.eval(K.switch(K.variable([1, 0]), K.variable([1.0, 2.0]), K.variable([3.0, 4.0])))
        array([1., 4.], dtype=float32)
        >>> float(K.eval(K.switch(K.constant(0), lambda: K.constant(1.0), lambda: K.constant(2.0))))
        2.0
    """
    if ndim(condition):
        expressions = [value() if callable(value) else value for value in (then_expression, else_expression)]
        return control.switch(condition, *expressions)[0]
    with ExitStack() as stack:
        then = _Branch(then_expression, stack)
        otherwise = _Branch(else_expression, stack)
        results = control.switch(condition, then.traced, otherwise.traced)
    return like(then.structure, results)


#: The input of a branch: what is made after it is computed only where the branch is chosen.
_CONDITION = Spec("bool", ())


class _Branch:
    """An expression of `switch` as its op takes it; outer symbols in it make the choice a symbol, too."""

    def __init__(self, expression: Any, stack: ExitStack) -> None:
        self.traced = expression
        #: How the expression nests its tensors.
        self.structure: Any = None
        if callable(expression):
            self.traced, trace = trace_callable(lambda _: self._results(expression), [_CONDITION])
            stack.enter_context(trace.mode)

    def _results(self, expression: Callable[[], Any]) -> Sequence[Any]:
        self.structure = expression()
        if self.structure is None:
            raise InvalidType("expected a callable that gives a tensor; got one that gives None", op="switch")
        return leaves(self.structure)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` in the train phase, else `alt`.

    Args:
        x: what training chooses: a tensor, or a callable of nothing that gives one.
        alt: what testing chooses, of the same dtype.
        training: whether it is the train phase: a boolean, 0 or 1, or a scalar tensor; None is `K.learning_phase()`.

    Returns:
        The chosen one; a choice made when a function runs where `training` is a symbol.

    Raises:
        TypeError: when the dtypes differ and the choice waits.

    Example:
        >>> float(K.eval(K.in_train_phase(lambda: K.constant(1.0), K.constant(2.0), training=True)))
        1.0
    """
    by_phase = training is None
    training = learning_phase() if by_phase else training
    if not isinstance(training, Tensor):
        chosen = x if training else alt
        return chosen() if callable(chosen) else chosen
    result = switch(training, x, alt)
    if by_phase:
        for leaf in leaves(result):
            leaf._uses_learning_phase = True
    return result


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` in the test phase, else `alt`.

    Args:
        x: what testing chooses: a tensor, or a callable of nothing that gives one.
        alt: what training chooses, of the same dtype.
        training: whether it is the train phase: a boolean, 0 or 1, or a scalar tensor; None is `K.learning_phase()`.

    Returns:
        The chosen one; a choice made when a function runs where `training` is a symbol.

    Raises:
        TypeError: when the dtypes differ and the choice waits.

    Example:
        >>> float(K.eval(K.in_test_phase(K.constant(1.0), lambda: K.constant(2.0))))
        1.0
    """
    return in_train_phase(alt, x, training=training)
