"""Specs of results before anything is computed: what an op's rule says, or TensorFlow's own inference."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from kremote_proto.arguments import TENSOR
from kremote_proto.op import Op
from kremote_proto.shapes import compatible, merge
from kremote_proto.specs import Shape, Spec
from kremote_proto.specs import spec_of as host_spec

from ..recording.symbols import Closure, Symbol, inner_leaves
from ..structures import leaves, map_leaves

#: Concrete tensors up to this many elements stay constants while a shape is inferred: they may be shapes themselves.
SMALL_CONSTANT = 256

Said = Spec | list[Spec]


def specs_of_op(op: Op, implementation: Callable[..., Any], arguments: dict[str, Any]) -> Said:
    """The specs of an op's results."""
    said = _said(op, arguments)
    if said is not None and (_complete(said) or _of_unknown_lengths(arguments)):
        return said
    found = infer(implementation, arguments)
    if not isinstance(said, Spec) or not isinstance(found, Spec) or not compatible(said.shape, found.shape):
        return found
    return replace(found, shape=merge(found.shape, said.shape), lengths=said.lengths)


def _said(op: Op, arguments: dict[str, Any]) -> Said | None:
    """What the op's rule says. It sees of a list of numbers no dtype."""
    listed = any(isinstance(value, list) and op.parameters[name].kind is TENSOR for name, value in arguments.items())
    return None if listed else op.infer(arguments, spec_of)


def _complete(said: Said) -> bool:
    """Whether every length is known."""
    return all(spec.size is not None for spec in (said if isinstance(said, list) else [said]))


def _of_unknown_lengths(arguments: dict[str, Any]) -> bool:
    """Whether a length of a tensor is not known, so that TensorFlow knows no more than a rule."""
    tensors = [leaf for leaf in inner_leaves(arguments) if isinstance(leaf, Symbol) or tf.is_tensor(leaf)]
    return any(spec_of(tensor).size is None for tensor in tensors)


def infer(implementation: Callable[..., Any], arguments: dict[str, Any]) -> Said:
    """The result's specs by TensorFlow's own inference; nothing is computed."""
    if any(isinstance(leaf, Closure) for leaf in leaves(arguments)):
        return _infer_traced(implementation, arguments)
    graph = tf.Graph()
    with graph.as_default():
        return specs_of(implementation(**map_leaves(_stand_in, arguments)))


def _infer_traced(implementation: Callable[..., Any], arguments: dict[str, Any]) -> Said:
    """As `infer`, inside a `tf.function`: closures read variables, which a plain graph cannot."""
    found: list[Said] = []

    def trace() -> None:
        def replace(leaf: Any) -> Any:
            if isinstance(leaf, Closure):
                return leaf.bind([_stand_in(capture) for capture in leaf.captures])
            return _stand_in(leaf) if isinstance(leaf, Symbol) else leaf

        found.append(specs_of(implementation(**map_leaves(replace, arguments))))

    tf.function(trace, autograph=False).get_concrete_function()
    return found[0]


def _stand_in(leaf: Any) -> Any:
    if isinstance(leaf, Symbol):
        return make_placeholder(leaf.spec)
    if isinstance(leaf, tf.Variable | tf.SparseTensor):
        return make_placeholder(spec_of(leaf))
    if not tf.is_tensor(leaf):
        return leaf
    # A plain graph cannot capture an eager tensor; a small one may be a shape, so its value is kept.
    return tf.constant(leaf.numpy()) if leaf.shape.num_elements() <= SMALL_CONSTANT else make_placeholder(spec_of(leaf))


def make_placeholder(spec: Spec) -> Any:
    """A graph placeholder of a spec."""
    shape = None if spec.shape is None else list(spec.shape)
    if spec.sparse:
        return tf.compat.v1.sparse_placeholder(spec.dtype, shape)
    return tf.compat.v1.placeholder(spec.dtype, shape)


def spec_of(value: Any) -> Spec:
    """The spec of a TensorFlow tensor, variable or sparse tensor, of a symbol or a host value."""
    if isinstance(value, tf.Tensor | tf.Variable):
        return _dense(value.dtype, value.shape)
    if isinstance(value, Symbol):
        return value.spec
    if not tf.is_tensor(value):
        return host_spec(value)
    shape = value.shape
    lengths = None if shape.rank is None else tuple(shape.as_list())
    return Spec(value.dtype.base_dtype.name, lengths, isinstance(value, tf.SparseTensor))


def _dense(dtype: tf.DType, shape: tf.TensorShape) -> Spec:
    return _known(dtype, None if shape.rank is None else tuple(shape.as_list()))


@functools.lru_cache(1 << 12)
def _known(dtype: tf.DType, lengths: Shape | None) -> Spec:
    """A spec, which is asked for again and again."""
    return Spec(dtype.base_dtype.name, lengths)


def specs_of(results: Any) -> Said:
    """The spec of a result, or of each of several."""
    return [spec_of(result) for result in results] if isinstance(results, list | tuple) else spec_of(results)
