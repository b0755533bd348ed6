"""Programs compiled: the interpretation of one, traced with tensors of a graph in the place of values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import tensorflow as tf

from .. import seeds
from ..programs import NotCompiled, Outcome
from ..state import SessionState
from .calling import UNCHANGED, Traced
from .seeds import ProgramCounter, VariableCounter

Body = Callable[[list[Any]], Outcome]


def signature(value: Any) -> Hashable | None:
    """What a compiled program must know of an input: dtype, shape, whether it is a variable. None for anything else."""
    if not isinstance(value, tf.Tensor | tf.Variable) or value.shape.rank is None:
        return None
    return value.dtype, tuple(value.shape.as_list()), isinstance(value, tf.Variable)


def compiled(body: Body, values: Sequence[Any], state: SessionState) -> Callable[[Sequence[Any]], list[Any]]:
    """The outputs of a body for values of the specs of these.

    What the body changes is assigned when all else was computed: a program that fails changes nothing.
    """
    variables = [isinstance(value, tf.Variable) for value in values]
    specs = [(value.dtype, value.shape) for value in values]
    assert isinstance(state.seeds, VariableCounter)
    counter = ProgramCounter(state.seeds)

    def traced(*given: Any) -> list[Any]:
        read = [
            _read(handle, *spec) if variable else handle
            for handle, variable, spec in zip(given, variables, specs, strict=True)
        ]
        with counter.begun():
            token = seeds.counter.set(counter)
            try:
                outcome = body(read)
            finally:
                seeds.counter.reset(token)
            changed = [(given[place], _fitting(value, *specs[place])) for place, value in outcome.changed.items()]
            outputs = [tf.convert_to_tensor(output) for output in outcome.outputs]
            with tf.control_dependencies([tf.group(*_last())]):
                for handle, value in changed:
                    tf.raw_ops.AssignVariableOp(resource=handle, value=value)
                counter.assign()
                return [*outputs, tf.constant(True)]

    given = [_signature(variable, *spec) for variable, spec in zip(variables, specs, strict=True)]
    called = Traced(traced, given, UNCHANGED)
    called.trace()

    def call(values: Sequence[Any]) -> list[Any]:
        fed = [value.handle if of_variable else value for value, of_variable in zip(values, variables, strict=True)]
        results: list[Any] = called(*fed)
        return results[:-1]

    return call


def _signature(variable: bool, dtype: Any, shape: Any) -> Any:
    return tf.TensorSpec([], tf.resource) if variable else tf.TensorSpec(shape, dtype)


def _read(handle: Any, dtype: Any, shape: Any) -> Any:
    value = tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype)
    value.set_shape(shape)
    return value


def _fitting(value: Any, dtype: Any, shape: Any) -> Any:
    if value.dtype != dtype or value.shape.as_list() != shape.as_list():
        raise NotCompiled(f"a value of {value.dtype.name} {value.shape} for a variable of {dtype.name} {shape}")
    return value


def _last() -> list[Any]:
    """The operations that nothing is computed from: none may be left out, as each may fail."""
    operations = tf.compat.v1.get_default_graph().get_operations()
    used = {tensor.op for operation in operations for tensor in operation.inputs}
    used.update(before for operation in operations for before in operation.control_inputs)
    return [operation for operation in operations if operation not in used and operation.type != "Placeholder"]
