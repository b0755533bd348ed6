"""Ops that call functions: branches, and loops over the first axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.ops.control import kept
from kremote_proto.specs import spec_of
from kremote_proto.tensors import Array

from .operands import as_dtype, dense, pair

Tensors = list[Any]


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Tensors:
    """One of two expressions."""
    condition = as_dtype(condition, "bool")
    expressions = _of_one_dtype(then_expression, else_expression)
    if not condition.ndim:
        return _results(expressions[0 if condition else 1], condition)
    pairs = zip(*(_results(expression, condition) for expression in expressions), strict=True)
    return [_elementwise(condition, then, otherwise) for then, otherwise in pairs]


def _of_one_dtype(then: Any, otherwise: Any) -> tuple[Any, Any]:
    """The expressions; a number takes the dtype of the tensor that the other is."""
    return (then, otherwise) if callable(then) or callable(otherwise) else pair(then, otherwise)


def _results(expression: Any, condition: Array) -> Tensors:
    if not callable(expression):
        return [dense(expression)]
    results: Tensors = expression([condition] if expression.spec.inputs else [])
    return results


def _elementwise(condition: Array, then: Array, otherwise: Array) -> Array:
    """A choice for each element; a condition of several axes lies over the first of `then`'s, if that has any."""
    rank = then.ndim or otherwise.ndim
    if 1 < condition.ndim < rank:
        condition = condition.reshape(condition.shape + (1,) * (rank - condition.ndim))
    return np.where(condition, then, otherwise)


def map_fn(fn: Any, elems: Sequence[Any]) -> Tensors:
    """The function of each element."""
    rows = [fn(row) for row in _rows([dense(elem) for elem in elems])]
    if not rows:
        return [np.zeros((0, *_lengths(one)), one.dtype) for one in fn.spec.outputs]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _rows(elems: Tensors) -> list[Tensors]:
    """The elements along the first axis, of all tensors together."""
    return [[np.asarray(one) for one in row] for row in zip(*elems, strict=True)]


def _lengths(spec: Any) -> tuple[int, ...]:
    return tuple(length or 0 for length in spec.shape or ())


def foldl(fn: Any, elems: Sequence[Any], initializer: Sequence[Any] | None) -> Tensors:
    """What is accumulated from the first element to the last."""
    return _folded(fn, _rows([dense(elem) for elem in elems]), initializer)


def foldr(fn: Any, elems: Sequence[Any], initializer: Sequence[Any] | None) -> Tensors:
    """What is accumulated from the last element to the first."""
    return _folded(fn, _rows([dense(elem)[::-1] for elem in elems]), initializer)


def _folded(fn: Any, rows: list[Tensors], initializer: Sequence[Any] | None) -> Tensors:
    if initializer is None and not rows:
        raise InvalidValue("expected an initializer, since there are no elements; got none")
    total = rows.pop(0) if initializer is None else [dense(value) for value in initializer]
    for row in rows:
        after = fn([*total, *row])
        _check_kept(total, after)
        total = after
    return total


def _check_kept(before: Tensors, after: Tensors) -> None:
    for old, new in zip(before, after, strict=True):
        kept(spec_of(old), spec_of(new))


def after(x: Any, control_inputs: Sequence[Any]) -> Any:
    """The same value, after others: an op's arguments are computed before it."""
    return dense(x)
