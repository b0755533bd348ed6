"""The catalogue: one module a family, one declaration an op."""

from . import (
    convolution,
    creation,
    elementwise,
    graph,
    indexing,
    linear,
    logic,
    nn,
    operators,
    reductions,
    rnn,
    shapes,
    updates,
    variables,
)

__all__ = [
    "convolution",
    "creation",
    "elementwise",
    "graph",
    "indexing",
    "linear",
    "logic",
    "nn",
    "operators",
    "reductions",
    "rnn",
    "shapes",
    "updates",
    "variables",
]
