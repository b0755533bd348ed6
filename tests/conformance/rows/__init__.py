"""The rows: one or more for each op, by family."""

from __future__ import annotations

from . import (
    convolution,
    ctc,
    elementwise,
    linear,
    local_convolution,
    logic,
    losses,
    nn,
    normalization,
    operators,
    padding,
    pooling,
    rearranging,
    reductions,
    resizing,
    separable_convolution,
    shapes,
    transposed_convolution,
)
from .row import Case, Row, Sample, draw, replaced

_FAMILIES = (
    convolution,
    ctc,
    elementwise,
    linear,
    local_convolution,
    logic,
    losses,
    nn,
    normalization,
    operators,
    padding,
    pooling,
    rearranging,
    reductions,
    resizing,
    separable_convolution,
    shapes,
    transposed_convolution,
)
ROWS: tuple[Row, ...] = tuple(row for family in _FAMILIES for row in family.ROWS)

#: Ops that keep state or make and use symbols have tests of their own: the file that has them.
ELSEWHERE = {
    "test_state.py": (
        "variable",
        "zeros",
        "ones",
        "eye",
        "random_uniform_variable",
        "random_normal_variable",
        "update",
        "update_add",
        "update_sub",
        "moving_average_update",
        "get_value",
        "batch_get_value",
        "set_value",
        "batch_set_value",
    ),
    "test_graph.py": ("placeholder", "function", "function.call", "gradients", "print_tensor", "eval"),
    "test_rnn.py": ("rnn",),
    "test_random.py": (
        "dropout",
        "random_bernoulli",
        "random_binomial",
        "random_normal",
        "random_uniform",
        "truncated_normal",
    ),
    "test_ctc.py": ("ctc_decode", "ctc_label_dense_to_sparse"),
    "test_normalization.py": ("normalize_batch_in_training",),
    "test_control.py": ("switch", "map_fn", "foldl", "foldr"),
    "test_phases.py": ("placeholder.with_default", "control.after"),
}

#: The K function that makes an op of another namespace.
CALLED_AS = {
    "function.call": "function",
    "placeholder.with_default": "learning_phase",
    "control.after": "control_dependencies",
}

__all__ = ["CALLED_AS", "ELSEWHERE", "ROWS", "Case", "Row", "Sample", "draw", "replaced"]
