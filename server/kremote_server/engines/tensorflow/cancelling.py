"""Calls of traced functions that an interruption stops inside: at the next turn of a loop, that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from tensorflow.python.eager import cancellation, context, execute

from .. import interruption


def assigns(concrete: Any) -> bool:
    """Whether a function may change a variable, of which one that is stopped inside could do a part."""
    definition = concrete.graph.as_graph_def()
    nodes = chain(definition.node, *(function.node_def for function in definition.library.function))
    return any(node.op.startswith(("Assign", "Resource")) for node in nodes)


def cancellable(
    call: Callable[[Sequence[Any]], Any], concrete: Any, configuration: bytes
) -> Callable[[Sequence[Any]], Any]:
    """A call as one op that a session's interruption stops; outside of sessions, `call`."""
    captured = list(concrete.captured_inputs)
    taken = [tensor.dtype.as_datatype_enum for tensor in concrete.inputs]
    given = [tensor.dtype.as_datatype_enum for tensor in concrete.outputs]
    types = ("Tin", taken, "Tout", given)
    attributes = (*types, "f", concrete, "config", "", "config_proto", configuration, "executor_type", "")

    def stoppable(values: Sequence[Any]) -> Any:
        session = interruption.current.get()
        if session is None:
            return call(values)
        # Public functions call either fast or so that it can be stopped; this is how they do the latter.
        stop = cancellation.CancellationManager()
        with session.cancelled_by(stop.start_cancel):
            return execute.execute_with_cancellation(
                "StatefulPartitionedCall", len(given), [*values, *captured], attributes, context.context(), stop
            )

    return stoppable
