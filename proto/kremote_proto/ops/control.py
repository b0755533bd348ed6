"""Ops that call functions: branches, and loops over the first axis. Over HTTP a callable is a function made before."""

from __future__ import annotations

from ..errors import InvalidDType, InvalidValue
from ..handles import Function, Tensor
from ..kinds import Branch, TensorLike, Tensors
from ..op import op, rule
from ..operands import ANY, COUNTABLE, checked, known
from ..shapes import broadcast, compatible, merge, show
from ..specs import FunctionSpec, Shape, Spec


@op(one_dtype=("then_expression", "else_expression"))
def switch(condition: TensorLike, then_expression: Branch, else_expression: Branch) -> list[Tensor]:
    """One of two expressions, by a condition.

    `K.switch` takes Python callables too, traces them, and gives a single tensor where there is one.

    Args:
        condition: tensor of rank 0, which chooses an expression and leaves the other uncomputed; or of a higher rank,
            up to `then_expression`'s, which chooses for each element, repeated over the axes it lacks or has once.
        then_expression: what a condition that is not zero chooses: a tensor, or a function of no inputs or of the
            condition. What was made for a function after its input is computed only where it is chosen.
        else_expression: what zero chooses, of the same dtype.

    Returns:
        The results of the chosen expression.

    Raises:
        ValueError: when the condition has more axes than `then_expression`, the shapes do not fit, or the numbers of
            results differ.
        TypeError: when the expressions' dtypes differ.

    Example:
        >>> K.eval(K.switch(K.variable([1, 0]), K.variable([1.0, 2.0]), K.variable([3.0, 4.0])))
        array([1., 4.], dtype=float32)
        >>> float(K.eval(K.switch(K.constant(0), lambda: K.constant(1.0), lambda: K.constant(2.0))))
        2.0
    """


@rule(switch)
def _(
    condition: Spec | None, then_expression: list[Spec | None] | None, else_expression: list[Spec | None] | None
) -> list[Spec] | None:
    condition = checked(condition, COUNTABLE, "condition")
    if then_expression is None or else_expression is None:
        return None
    if len(then_expression) != len(else_expression):
        raise InvalidValue(
            f"expected expressions of as many results; got {len(then_expression)} and {len(else_expression)}"
        )
    pairs = zip(then_expression, else_expression, strict=True)
    chosen = [_chosen(condition, then, otherwise) for then, otherwise in pairs]
    found = [spec for spec in chosen if spec is not None]
    return found if len(found) == len(chosen) else None


def _chosen(condition: Spec, then: Spec | None, otherwise: Spec | None) -> Spec | None:
    then, otherwise = checked(then, ANY, "then_expression"), checked(otherwise, ANY, "else_expression")
    if then.dtype and otherwise.dtype and then.dtype != otherwise.dtype:
        raise InvalidDType(f"expected expressions of one dtype; got {then} and {otherwise}")
    dtype = then.dtype or otherwise.dtype
    if condition.shape is None:
        return None
    if condition.shape == ():
        return known(dtype, _either(then.shape, otherwise.shape))
    ranked = otherwise if then == _NUMBER else then
    if ranked.shape is None:
        return None
    if len(condition.shape) > len(ranked.shape):
        raise InvalidValue(f"expected a condition of at most the expressions' rank; got {condition} for {ranked}")
    shape = broadcast(then.shape, otherwise.shape)
    return known(dtype, None if shape is None else broadcast(_spread(condition.shape, len(ranked.shape)), shape))


#: What is known of a number, which is of the other expression's rank and dtype.
_NUMBER = Spec(None, ())


def _either(x: Shape | None, y: Shape | None) -> Shape | None:
    """What is known of a shape that is one of two."""
    if x is None or y is None or len(x) != len(y):
        return None
    return tuple(a if a == b else None for a, b in zip(x, y, strict=True))


def _spread(condition: Shape, rank: int) -> Shape:
    """A condition's shape beside expressions of a rank: one of several axes lies over the first."""
    return condition if len(condition) == 1 else condition + (1,) * (rank - len(condition))


@op
def map_fn(fn: Function, elems: Tensors) -> list[Tensor]:
    """A function of each element along the first axis.

    `K.map_fn` takes a Python callable and nested `elems`, and gives results nested as the callable's.

    Args:
        fn: a function of one element of each of `elems`.
        elems: tensors of rank 1 or more, with one length of the first axis.

    Returns:
        For each result of the function, a tensor of them all, stacked along a new first axis.

    Raises:
        ValueError: when a tensor is of rank 0, the lengths differ, or the function takes another number of inputs.

    Example:
        >>> K.eval(K.map_fn(lambda row: K.sum(row), K.variable([[1.0, 2.0], [3.0, 4.0]])))
        array([3., 7.], dtype=float32)
    """


@rule(map_fn)
def _(fn: FunctionSpec | None, elems: list[Spec | None]) -> list[Spec] | None:
    length = _length(elems)
    if fn is None:
        return None
    _check_inputs(fn, [_element(spec) for spec in elems])
    results = [checked(one, ANY, "the function's results") for one in fn.outputs]
    stacked = [known(one.dtype, None if one.shape is None else (length, *one.shape)) for one in results]
    found = [spec for spec in stacked if spec is not None]
    return found if len(found) == len(fn.outputs) else None


@op
def foldl(fn: Function, elems: Tensors, initializer: Tensors | None = None) -> list[Tensor]:
    """What a function accumulates along the first axis, from the first element to the last.

    `K.foldl` takes a Python callable `fn(accumulated, element)` and nested `elems`.

    Args:
        fn: a function of the accumulated values and one element of each of `elems` to new accumulated values.
        elems: tensors of rank 1 or more, with one length of the first axis.
        initializer: the accumulated values before the first call; None is the first element.

    Returns:
        The accumulated values after the last call.

    Raises:
        ValueError: when a tensor is of rank 0, the lengths differ, there are no elements and no initializer, or an
            accumulated value changes its dtype or shape.

    Example:
        >>> float(K.eval(K.foldl(lambda total, x: total * 2 + x, K.variable([1.0, 2.0, 3.0]))))
        11.0
    """


@op
def foldr(fn: Function, elems: Tensors, initializer: Tensors | None = None) -> list[Tensor]:
    """What a function accumulates along the first axis, from the last element to the first.

    `K.foldr` takes a Python callable `fn(accumulated, element)` and nested `elems`.

    Args:
        fn: a function of the accumulated values and one element of each of `elems` to new accumulated values.
        elems: tensors of rank 1 or more, with one length of the first axis.
        initializer: the accumulated values before the first call; None is the last element.

    Returns:
        The accumulated values after the last call.

    Raises:
        ValueError: when a tensor is of rank 0, the lengths differ, there are no elements and no initializer, or an
            accumulated value changes its dtype or shape.

    Example:
        >>> float(K.eval(K.foldr(lambda total, x: total * 2 + x, K.variable([1.0, 2.0, 3.0]))))
        17.0
    """


@rule(foldl)
@rule(foldr)
def _(fn: FunctionSpec | None, elems: list[Spec | None], initializer: list[Spec | None] | None) -> list[Spec] | None:
    length = _length(elems)
    if initializer is None and length == 0:
        raise InvalidValue("expected an initializer, since there are no elements; got none")
    if fn is None:
        return None
    elements = [_element(spec) for spec in elems]
    start = elements if initializer is None else initializer
    _check_inputs(fn, [*start, *elements])
    if len(fn.outputs) != len(start):
        raise InvalidValue(f"expected a function that gives {len(start)} accumulated values; got {len(fn.outputs)}")
    found = []
    for before, after in zip(start, fn.outputs, strict=True):
        same = kept(before, after)
        if same is None:
            return None
        found.append(same)
    return found


def kept(before: Spec | None, after: Spec | None) -> Spec | None:
    """The spec of an accumulated value, which a call does not change, None where it is not known."""
    before, after = checked(before, ANY, "initializer"), checked(after, ANY, "the function's results")
    if before.dtype and after.dtype and before.dtype != after.dtype:
        raise InvalidDType(f"expected an accumulated value to stay {before}; got {after} from the function")
    try:
        shape = merge(before.shape, after.shape)
    except InvalidValue:
        raise InvalidValue(f"expected an accumulated value to stay {before}; got {after} from the function") from None
    return known(after.dtype or before.dtype, shape)


def _length(elems: list[Spec | None]) -> int | None:
    """The length of the first axis, None where it is not known."""
    if not elems:
        raise InvalidValue("expected at least one tensor in elems; got none")
    shapes = [checked(spec, ANY, "elems").shape for spec in elems]
    lengths: Shape | None = (None,)
    for shape in shapes:
        if shape == ():
            raise InvalidValue("expected elems of rank 1 or more; got a scalar")
        try:
            lengths = merge(lengths, None if shape is None else shape[:1])
        except InvalidValue:
            found = " and ".join(show(one) for one in shapes)
            raise InvalidValue(f"expected elems with one length of the first axis; got {found}") from None
    return lengths[0] if lengths else None


def _element(spec: Spec | None) -> Spec | None:
    """The spec of one element along the first axis."""
    return None if spec is None or spec.shape is None else Spec(spec.dtype, spec.shape[1:], spec.sparse)


def _check_inputs(fn: FunctionSpec, given: list[Spec | None]) -> None:
    if len(fn.inputs) != len(given):
        raise InvalidValue(f"expected a function of {len(given)} inputs; got one of {len(fn.inputs)}")
    for i, (wanted, got) in enumerate(zip(fn.inputs, given, strict=True)):
        if wanted is not None and got is not None and not compatible(got.shape, wanted.shape):
            raise InvalidValue(f"expected a function whose input {i} is like {got}; got one of {wanted}")


@op(namespace="control")
def after(x: TensorLike, control_inputs: Tensors) -> Tensor:
    """The same value, computed after others: `K.control_dependencies` makes it of what is computed inside.

    Args:
        x: tensor or variable.
        control_inputs: updates and other symbols that are computed first.

    Returns:
        A tensor of `x`'s dtype and shape.

    Example:
        >>> count = K.variable(0.0)
        >>> with K.control_dependencies([K.symbolic(K.update_add)(count, 1.0)]):
        ...     one = K.symbolic(K.constant)(1.0)
        >>> float(K.function([], [one])([])[0]), float(K.eval(count))
        (1.0, 1.0)
    """


@rule(after)
def _(x: Spec | None, control_inputs: list[Spec | None]) -> Spec | None:
    x = checked(x, ANY)
    return known(x.dtype, x.shape)
