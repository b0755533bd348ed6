"""Calls of traced functions, without what a `tf.function` does in Python at each call.

A `tf.function` binds and checks its arguments anew, which takes longer than a small function runs: what is called here
is the op that graphs call functions by, as `tf.raw_ops` offers it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from .cancelling import assigns, cancellable

Call = Callable[[Sequence[Any]], Any]


def _unchanged() -> bytes:
    """The configuration that runs a graph as it was traced: results have the bits of the same ops run eagerly."""
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    found: bytes = config.SerializeToString()
    return found


UNCHANGED = _unchanged()


class Traced:
    """A body that gives a list of tensors, traced once and called as one op; `configuration` says how it is run."""

    def __init__(self, body: Callable[..., Any], signature: Sequence[Any], configuration: bytes = b"") -> None:
        self._function = tf.function(body, input_signature=signature, autograph=False)
        self._dense = all(isinstance(spec, tf.TensorSpec) for spec in signature)
        self._configuration = configuration
        self._call: Call | None = None

    def __call__(self, *values: Any) -> Any:
        """The results for values that are tensors of the signature's dtypes and shapes."""
        if not tf.executing_eagerly():
            return self._function(*values)
        return (self._call or self.trace())(values)

    def trace(self) -> Call:
        """Trace the body now."""
        self._call = self._traced()
        return self._call

    def _traced(self) -> Call:
        concrete = self._function.get_concrete_function()
        results = concrete.structured_outputs
        listed = isinstance(results, list | tuple) and all(isinstance(result, tf.Tensor) for result in results)
        if not (self._dense and listed):
            return lambda values: self._function(*values)
        if any(result.dtype == tf.int32 for result in results):
            # Of a shape the op refuses to give these: "unexpected full type information" (TensorFlow 2.21).
            return lambda values: concrete(*values)
        captured, dtypes = list(concrete.captured_inputs), [output.dtype for output in concrete.outputs]
        configuration = self._configuration

        def call(values: Sequence[Any]) -> Any:
            found = tf.raw_ops.StatefulPartitionedCall(
                args=[*values, *captured], Tout=dtypes, f=concrete, config_proto=configuration
            )
            return found if dtypes else []

        return call if assigns(concrete) else cancellable(call, concrete, configuration)
