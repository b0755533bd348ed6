"""`K.map_fn`, `K.foldl`, `K.foldr`: the callable is traced here, the loop runs on the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.operands import INEXACT
from kremote_proto.ops import control, creation
from kremote_proto.specs import Spec

from .operands import floatx_spec
from .structure import leaves, like
from .tensor import Function, Tensor
from .tracing import trace_callable


def map_fn(fn: Callable[..., Any], elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """A callable on each element along the first axis.

    Args:
        fn: a callable of one element, nested as `elems` is, to a tensor or a nested structure of them. It is called
            once, with symbols.
        elems: tensor of rank 1 or more, or a nested structure of such with one length of the first axis.
        name: a name for messages.
        dtype: the dtypes of what `fn` gives, nested as that; None is what they are.

    Returns:
        What `fn` gives, each tensor stacked along a new first axis.

    Raises:
        ValueError: when a tensor is of rank 0, or the lengths of the first axis differ.
        TypeError: when `fn` gives other dtypes than `dtype` says.

    Example:
        >>> K.eval(K.map_fn(lambda row: K.sum(row), K.variable([[1.0, 2.0], [3.0, 4.0]])))
        array([3., 7.], dtype=float32)
    """
    tensors = leaves(elems)
    elements = [_element(_spec(tensor, "map_fn"), "map_fn") for tensor in tensors]
    callable_ = _Callable(lambda given: fn(like(elems, given)), elements, "map_fn")
    function, trace = trace_callable(callable_, elements)
    if dtype is not None:
        _check_dtypes(leaves(dtype), function)
    with trace.mode:
        return callable_.structured(control.map_fn(function, tensors))


def foldl(fn: Callable[..., Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """What a callable accumulates along the first axis, from the first element to the last.

    Args:
        fn: a callable `fn(accumulated, element)` to the new accumulated value. It is called once, with symbols.
        elems: tensor of rank 1 or more, or a nested structure of such with one length of the first axis.
        initializer: the accumulated value before the first call; None is the first element.
        name: a name for messages.

    Returns:
        The accumulated value after the last call.

    Raises:
        ValueError: when a tensor is of rank 0, the lengths differ, there are no elements and no initializer, or the
            accumulated value changes its shape.

    Example:
        >>> float(K.eval(K.foldl(lambda total, x: total * 2 + x, K.variable([1.0, 2.0, 3.0]))))
        11.0
    """
    return _fold("foldl", control.foldl, fn, elems, initializer)


def foldr(fn: Callable[..., Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """What a callable accumulates along the first axis, from the last element to the first.

    Args:
        fn: a callable `fn(accumulated, element)` to the new accumulated value. It is called once, with symbols.
        elems: tensor of rank 1 or more, or a nested structure of such with one length of the first axis.
        initializer: the accumulated value before the first call; None is the last element.
        name: a name for messages.

    Returns:
        The accumulated value after the last call.

    Raises:
        ValueError: when a tensor is of rank 0, the lengths differ, there are no elements and no initializer, or the
            accumulated value changes its shape.

    Example:
        >>> float(K.eval(K.foldr(lambda total, x: total * 2 + x, K.variable([1.0, 2.0, 3.0]))))
        17.0
    """
    return _fold("foldr", control.foldr, fn, elems, initializer)


def _fold(op: str, fold: Callable[..., Sequence[Any]], fn: Callable[..., Any], elems: Any, initializer: Any) -> Any:
    tensors = leaves(elems)
    elements = [_element(_spec(tensor, op), op) for tensor in tensors]
    start = None if initializer is None else [_of_element_dtype(value, elements) for value in leaves(initializer)]
    accumulated = elements if start is None else [_spec(value, op) for value in start]
    nested, count = elems if start is None else initializer, len(accumulated)
    callable_ = _Callable(lambda given: fn(like(nested, given[:count]), like(elems, given[count:])), accumulated, op)
    function, trace = trace_callable(callable_, [*accumulated, *elements])
    with trace.mode:
        return callable_.structured(fold(function, tensors, start))


class _Callable:
    """A callable that takes and gives leaves, and remembers how its results were nested."""

    def __init__(self, run: Callable[[list[Any]], Any], elements: Sequence[Spec], op: str) -> None:
        self._run = run
        self._elements = elements
        self._op = op
        self._given: Any = None

    def __call__(self, inputs: list[Tensor]) -> Sequence[Any]:
        self._given = self._run(inputs)
        given = leaves(self._given)
        if None in [value if value is None else 0 for value in given]:
            raise InvalidType("expected a callable that gives tensors; got one that gives None", op=self._op)
        return [_of_element_dtype(value, self._elements) for value in given]

    def structured(self, results: Sequence[Any]) -> Any:
        """The flat results of the op, nested as the callable's own."""
        return like(self._given, results)


def _of_element_dtype(value: Any, elements: Sequence[Spec]) -> Any:
    """A number as a tensor of the elements' dtype, where that holds it; anything else as it is."""
    if not isinstance(value, int | float) or isinstance(value, np.generic):
        return value
    dtype = elements[0].dtype
    held = dtype is not None and (isinstance(value, int) or dtype in INEXACT.names)
    return creation.constant(value, dtype=dtype if held else None)


def _spec(value: Any, op: str) -> Spec:
    if value is None or callable(value):
        raise InvalidType(f"expected tensors; got {value!r}", op=op)
    return floatx_spec(value)


def _element(spec: Spec, op: str) -> Spec:
    if spec.shape == ():
        raise InvalidValue(f"expected elems of rank 1 or more; got {spec}", op=op)
    return spec if spec.shape is None else Spec(spec.dtype, spec.shape[1:], spec.sparse)


def _check_dtypes(wanted: Sequence[Any], function: Function) -> None:
    given = [None if spec is None else spec.dtype for spec in function.spec.outputs]
    names = [dtype_name(dtype) for dtype in wanted]
    if len(names) != len(given) or any(got not in (None, name) for got, name in zip(given, names, strict=True)):
        raise InvalidValue(f"expected a callable that gives {', '.join(names)}; got {given}", op="map_fn")
