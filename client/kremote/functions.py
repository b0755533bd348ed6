"""`K.function`, and the calls of what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kremote_proto import handles
from kremote_proto.dtypes import wire_dtype
from kremote_proto.errors import InvalidType, InvalidValue, KremoteError
from kremote_proto.ops import graph
from kremote_proto.shapes import compatible
from kremote_proto.specs import Spec

from .operands import is_sparse_array, sparse_array
from .structure import leaves, like, matching_leaves, nesting
from .tensor import Function, Tensor


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any) -> Function:
    """Outputs and updates as a function of inputs, compiled once on the server.

    Args:
        inputs: placeholders, a list or a single one, or a nested structure for calls with such a structure of values.
        outputs: what a call gives: a list for a list of arrays, or a single tensor or a nested structure, likewise.
        updates: what a call changes: results of `K.update` with a symbol, or (variable, new value) pairs.
        name: a name for messages.
        kwargs: `fetches`, further symbols to compute at each call; `feed_dict`, values of further placeholders, which
            are read from the map at each call. `options` and `run_metadata` are TensorFlow's, and None here.

    Returns:
        A function; call it with a list of values, one for each input, for a list of numpy arrays.

    Raises:
        ValueError: when an output depends on a placeholder that is not fed, and for other keywords.

    Example:
        >>> x = K.placeholder(shape=(None,))
        >>> double = K.function([x], [x * 2])
        >>> double([[1.0, 2.0]])
        [array([2., 4.], dtype=float32)]
    """
    fetches, feeds = _of_keywords(**kwargs)
    nested_inputs = inputs if isinstance(inputs, list | tuple | Mapping) else [inputs]
    fed, given = [*leaves(nested_inputs), *feeds], leaves(outputs)
    _check_inputs(fed)
    _check_outputs(given)
    made = graph.function(fed, given, [*_listed(updates), *fetches] or None, name)
    assert isinstance(made, Function)
    made.nested_inputs, made.nested_outputs, made.feeds = nesting(nested_inputs), nesting(outputs), feeds
    return made


def _listed(updates: Any) -> list[Any]:
    if updates is not None and not isinstance(updates, list | tuple | Tensor):
        raise InvalidType(f"expected a list or tuple of updates; got {updates!r}", op="function")
    return [] if updates is None else [updates] if isinstance(updates, Tensor) else list(updates)


def _of_keywords(
    fetches: Any = None, feed_dict: Any = None, options: Any = None, run_metadata: Any = None, **others: Any
) -> tuple[list[Any], Mapping[Any, Any]]:
    """The further symbols, and the map of further values."""
    if others:
        raise InvalidValue(
            f"expected inputs, outputs, updates, name, fetches and feed_dict; got {', '.join(others)}", op="function"
        )
    check_session_options("function", options=options, run_metadata=run_metadata)
    symbols = [] if fetches is None else leaves(fetches)
    for symbol in symbols:
        if not isinstance(symbol, Tensor):
            raise InvalidType(f"expected tensors as fetches; got {symbol!r}", op="function")
    return [symbol for symbol in symbols if symbol.symbolic], {} if feed_dict is None else feed_dict


def check_session_options(op: str, **options: Any) -> None:
    """Refuse what only TensorFlow could use, where it is given."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise InvalidValue(f"expected {' and '.join(given)} of None, which only TensorFlow could use", op=op)


def _check_inputs(inputs: Any) -> None:
    for n, item in enumerate(inputs):
        if isinstance(item, Tensor) and not item.symbolic:
            raise InvalidType(
                f"expected a placeholder, or what is computed from one, as input {n}; got {item!r}, which has a value",
                op="function",
                hint="leave it out: the function reads variables by itself",
            )
        if isinstance(item, int):
            raise InvalidType(
                f"expected a placeholder, or what is computed from one, as input {n}; got {item!r}",
                op="function",
                hint="K.learning_phase() is a number here, not something to feed: leave it out",
            )


def _check_outputs(outputs: Any) -> None:
    for n, item in enumerate(outputs):
        if item is None:
            raise InvalidType(
                f"expected a tensor as output {n}; got None",
                op="function",
                hint="K.gradients gives None for a variable that the loss does not depend on; a cell that is run again "
                "makes a new variable",
            )


def call_function(function: Function, inputs: Any) -> Any:
    """The outputs of a function for one list of inputs, as arrays."""
    try:
        listed = matching_leaves(function.nested_inputs, inputs, f"inputs of {function!r}")
    except KremoteError as error:
        raise error.at(op="function.call") from None
    listed += [function.feeds[placeholder] for placeholder in function.feeds]
    specs = function.spec.inputs
    if len(listed) != len(specs):
        raise InvalidValue(f"expected feed_dict to keep its placeholders; got {len(listed)} values", op="function.call")
    fed = [_fed(value, spec, n) for n, (value, spec) in enumerate(zip(listed, specs, strict=True))]
    return like(function.nested_outputs, graph.call(function, fed))


def _fed(value: Any, spec: Spec | None, position: int) -> Any:
    """A host value as its placeholder takes it."""
    if value is None:
        raise InvalidType(f"expected a value as input {position}; got None", op="function.call")
    if isinstance(value, handles.Handle) or spec is None or spec.dtype in (None, "string", "bfloat16"):
        return value
    _check_sparse(value, spec, position)
    if is_sparse_array(value):
        return sparse_array(value.astype(spec.dtype)) if hasattr(value, "tocoo") else value
    assert spec.dtype is not None
    try:
        array = np.asarray(value).astype(wire_dtype(spec.dtype), copy=False)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"expected {spec} as input {position}; {error}", op="function.call") from None
    if not compatible(array.shape, spec.shape):
        raise InvalidValue(f"expected {spec} as input {position}; got shape {array.shape}", op="function.call")
    return array


def _check_sparse(value: Any, spec: Spec, position: int) -> None:
    if is_sparse_array(value) and not spec.sparse:
        raise InvalidType(
            f"expected dense {spec} as input {position}; got a sparse {type(value).__name__}",
            op="function.call",
            hint="feed its .toarray(), or make the placeholder with sparse=True",
        )
    if spec.sparse and not is_sparse_array(value):
        raise InvalidType(
            f"expected sparse {spec} as input {position}; got {type(value).__name__}",
            op="function.call",
            hint="feed a matrix of scipy.sparse, such as scipy.sparse.csr_matrix(array)",
        )
