"""`K.function`, and the calls of what it makes."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto import handles
from kremote_proto.dtypes import wire_dtype
from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.ops import graph
from kremote_proto.specs import Spec

from .operands import is_sparse_array, sparse_array
from .tensor import Function, Tensor


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any) -> Function:
    """Outputs and updates as a function of inputs, compiled once on the server.

    Args:
        inputs: placeholders, a list or a single one.
        outputs: what a call gives, in order: a list, or a single tensor for a call that gives a single array.
        updates: what a call changes: results of `K.update` with a symbol, or (variable, new value) pairs.
        name: a name for messages.

    Returns:
        A function; call it with a list of values, one for each input, for a list of numpy arrays.

    Raises:
        ValueError: when an output depends on a placeholder that is not among the inputs, and for arguments that only
            a TensorFlow session could use.

    Example:
        >>> x = K.placeholder(shape=(None,))
        >>> double = K.function([x], [x * 2])
        >>> double([[1.0, 2.0]])
        [array([2., 4.], dtype=float32)]
    """
    if kwargs:
        raise InvalidValue(
            f"expected inputs, outputs, updates and name; got {', '.join(map(repr, kwargs))}, "
            "which only a TensorFlow session could use",
            op="function",
        )
    single = not isinstance(outputs, list | tuple)
    _check_inputs(inputs)
    _check_outputs([outputs] if single else outputs)
    made = graph.function(inputs, [outputs] if single else list(outputs), updates or None, name)
    assert isinstance(made, Function)
    made._single = single
    return made


def _check_inputs(inputs: Any) -> None:
    for n, item in enumerate(inputs if isinstance(inputs, list | tuple) else [inputs]):
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
    if isinstance(inputs, dict):
        raise InvalidType("expected a list of inputs in the function's order; got a dict", op="function.call")
    listed = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    specs = function.spec.inputs
    if len(listed) != len(specs):
        raise InvalidValue(f"expected {len(specs)} inputs of {function!r}; got {len(listed)}", op="function.call")
    fed = [_fed(value, spec, n) for n, (value, spec) in enumerate(zip(listed, specs, strict=True))]
    outputs = graph.call(function, fed)
    return outputs[0] if function._single else outputs


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
    if not _fits(array.shape, spec):
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


def _fits(got: tuple[int, ...], spec: Spec) -> bool:
    if spec.shape is None:
        return True
    return len(got) == len(spec.shape) and all(n in (None, m) for n, m in zip(spec.shape, got, strict=True))
