"""The graph of the TensorFlow engine: that of every engine, and gradients."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue

from ..recording.evaluation import Evaluation
from ..recording.graph import Graph
from ..recording.symbols import Node, Symbol, reachable
from .inference import make_placeholder, spec_of


class DifferentiableGraph(Graph):
    """Ops of symbols, with their derivatives."""

    @staticmethod
    def derivatives(loss: Any, variables: list[Any]) -> list[Any]:
        found = tf.gradients(loss, variables)
        return [
            tf.zeros_like(variable) if gradient is None else tf.convert_to_tensor(gradient)
            for gradient, variable in zip(found, variables, strict=True)
        ]

    def gradients(self, loss: Any, variables: list[Any]) -> list[Symbol | None]:
        """The symbols of the gradients of a symbol; None for a variable it does not depend on."""
        if not isinstance(loss, Symbol):
            raise InvalidValue(
                "expected a symbol as loss; got a concrete value, which has no history to differentiate",
                hint="compute the loss from a K.placeholder, or inside a function decorated with K.symbolic",
            )
        node = Node(None, self.derivatives, {"loss": loss, "variables": variables})
        connected = self._connected(loss, variables)
        return [Symbol(spec_of(x), node, i) if connected[i] else None for i, x in enumerate(variables)]

    def _connected(self, loss: Symbol, variables: list[Any]) -> list[bool]:
        """Which variables TensorFlow finds a gradient for, by tracing the loss once without computing it."""
        found: list[bool] = []

        def trace() -> None:
            targets = [loss, *variables]
            fed = {symbol: make_placeholder(symbol.spec) for symbol in reachable(targets) if symbol.is_placeholder}
            evaluation = Evaluation(self._engine, dict(fed))
            evaluation.run(targets)
            gradients = tf.gradients(evaluation.value(loss), [evaluation.value(variable) for variable in variables])
            found.extend(gradient is not None for gradient in gradients)

        tf.function(trace, autograph=False).get_concrete_function()
        return found
