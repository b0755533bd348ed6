"""Ops that call functions: branches, and loops over the first axis."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.ops.control import kept
from kremote_proto.specs import Spec

from ..recording.symbols import BoundClosure
from .inference import spec_of
from .operands import dense, pair

Tensors = list[Any]


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Tensors:
    """One of two expressions."""
    condition = tf.cast(dense(condition), tf.bool)
    expressions = _of_one_dtype(then_expression, else_expression)
    branches = [functools.partial(_results, expression, condition) for expression in expressions]
    if not condition.shape.rank:
        return _unwrapped(tf.cond(condition, *branches))
    pairs = zip(*(branch() for branch in branches), strict=True)
    return [_elementwise(condition, then, otherwise) for then, otherwise in pairs]


def _of_one_dtype(then: Any, otherwise: Any) -> tuple[Any, Any]:
    """The expressions; a number takes the dtype of the tensor that the other is."""
    called = isinstance(then, BoundClosure) or isinstance(otherwise, BoundClosure)
    return (then, otherwise) if called else pair(then, otherwise)


def _results(expression: Any, condition: Any) -> Tensors:
    if not isinstance(expression, BoundClosure):
        return [tf.convert_to_tensor(expression)]
    return expression([condition] if expression.spec.inputs else [])


def _unwrapped(results: Any) -> Tensors:
    return list(results) if isinstance(results, list | tuple) else [results]


def _elementwise(condition: Any, then: Any, otherwise: Any) -> Any:
    """A choice for each element; a condition of several axes lies over the first of `then`'s, if that has any."""
    rank = then.shape.rank or otherwise.shape.rank or 0
    if 1 < condition.shape.rank < rank:
        condition = tf.reshape(condition, tf.concat([tf.shape(condition), [1] * (rank - condition.shape.rank)], 0))
    return tf.where(condition, then, otherwise)


def map_fn(fn: BoundClosure, elems: Sequence[Any]) -> Tensors:
    """The function of each element."""
    signature = [_signature(spec) for spec in fn.spec.outputs]
    return list(tf.map_fn(fn, [dense(elem) for elem in elems], fn_output_signature=signature))


def _signature(spec: Spec | None) -> Any:
    assert spec is not None
    return tf.TensorSpec(spec.shape, spec.dtype)


def foldl(fn: BoundClosure, elems: Sequence[Any], initializer: Sequence[Any] | None) -> Tensors:
    """What is accumulated from the first element to the last."""
    return _folded(tf.foldl, fn, elems, initializer)


def foldr(fn: BoundClosure, elems: Sequence[Any], initializer: Sequence[Any] | None) -> Tensors:
    """What is accumulated from the last element to the first."""
    return _folded(tf.foldr, fn, elems, initializer)


def _folded(fold: Any, fn: BoundClosure, elems: Sequence[Any], initializer: Sequence[Any] | None) -> Tensors:
    start = None if initializer is None else [dense(value) for value in initializer]
    return list(fold(functools.partial(_accumulated, fn), [dense(elem) for elem in elems], start))


def _accumulated(fn: BoundClosure, total: Sequence[Any], element: Sequence[Any]) -> Tensors:
    """The next accumulated values, whose shapes are checked in a call where they only show there."""
    after = fn([*total, *element])
    for old, new in zip(total, after, strict=True):
        kept(spec_of(old), spec_of(new))
    return [tf.ensure_shape(new, old.shape) for old, new in zip(total, after, strict=True)]


def after(x: Any, control_inputs: Sequence[Any]) -> Any:
    """The same value, after others."""
    with tf.control_dependencies([value for value in control_inputs if not isinstance(value, tf.Variable)]):
        return tf.identity(x)
