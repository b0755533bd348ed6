"""Control flow: branches, folds, recurrences, phases. Callables are written as Python with K at hand."""

from __future__ import annotations

from typing import Any

from ..arguments import Source, array, listed, tensor, variable
from .samples import LENGTHS, RANKS, of_dtypes
from .table import LEFT_OUT, Table

_ELEMS: tuple[Any, ...] = (
    tensor(3, 2),
    *RANKS[2:],
    tensor(),
    *LENGTHS[:3],
    *of_dtypes(3, 2, dtypes=("float16", "float64", "int32", "bool")),
    array(3, 2),
    array(3, 2, dtype="float64"),
    listed(3, 2),
    variable(3, 2),
    [tensor(3, 2), tensor(3)],
    (tensor(3, 2), tensor(3, 2)),
    [],
    None,
)
_MAPPED = (
    Source("lambda x: K.square(x)"),
    Source("lambda x: x"),
    Source("lambda x: K.sum(x)"),
    Source("lambda x: K.zeros_like(x) + K.ones_like(x)"),
    Source("lambda x: K.cast(x, 'float64')"),
    Source("lambda x: K.constant(1.0)"),
    Source("lambda x: K.stack([x, x])"),
    None,
)
_FOLDED = (
    Source("lambda total, x: total + x"),
    Source("lambda total, x: total * 2 + x"),
    Source("lambda total, x: total"),
    Source("lambda total, x: K.sum(x)"),
    None,
)
_INITIAL = (LEFT_OUT, None, tensor(2), tensor(), array(2), listed(2), 0.0, 1, tensor(3), tensor(2, dtype="float64"))

#: Recurrences: a step that adds, one whose state is of another length than its output, one of two states.
_STEPS = (
    Source("lambda x, states: (x + states[0], [x + states[0]])"),
    Source("lambda x, states: (K.tanh(x + states[0]), [states[0] * 0.5])"),
    Source("lambda x, states: (x * 2, [])"),
    Source("lambda x, states: (x + states[0], [states[0] + states[1]])"),
)
_SEQUENCES = (
    tensor(2, 4, 3),
    tensor(1, 1, 3),
    tensor(2, 4, 3, dtype="float64"),
    tensor(2, 4, 2, 3),
    tensor(2, 4),
    tensor(0, 4, 3),
    array(2, 4, 3),
    tensor(2, 0, 3),
)
_MASKS = (LEFT_OUT, None, tensor(2, 4, dtype="bool"), array(2, 4, dtype="bool"), tensor(2, 4, 1, dtype="bool"))
_FLAGS = (LEFT_OUT, False, True)

_CONDITIONS: tuple[Any, ...] = (
    tensor(dtype="bool"),
    tensor(2, 3, dtype="bool"),
    tensor(2, dtype="bool"),
    tensor(3, dtype="bool"),
    tensor(2, 1, dtype="bool"),
    tensor(1, dtype="bool"),
    tensor(2, 3, 4, dtype="bool"),
    tensor(0, 3, dtype="bool"),
    tensor(),
    tensor(dtype="int32"),
    array(2, 3, dtype="bool"),
    array(dtype="bool"),
)
_BRANCHES: tuple[Any, ...] = (
    tensor(2, 3),
    tensor(),
    tensor(2, 3, 4),
    tensor(3),
    tensor(2, 3, dtype="float64"),
    tensor(2, 3, dtype="int32"),
    variable(2, 3),
    array(2, 3),
    Source("lambda: K.ones((2, 3)) * 2"),
    Source("lambda: K.constant(1.0)"),
    1.0,
    None,
)

TABLES = (
    Table(
        "switch",
        {"condition": _CONDITIONS, "then_expression": _BRANCHES, "else_expression": _BRANCHES},
        (
            {"condition": _CONDITIONS, "then_expression": _BRANCHES[:4], "else_expression": _BRANCHES[:4]},
            {"condition": _CONDITIONS[:3], "then_expression": _BRANCHES, "else_expression": _BRANCHES[:9]},
        ),
        most=50,
    ),
    Table(
        "map_fn",
        {
            "fn": _MAPPED,
            "elems": _ELEMS,
            "name": (LEFT_OUT, "m", None),
            "dtype": (LEFT_OUT, None, "float32", "float64"),
        },
        ({"fn": _MAPPED[:4], "elems": _ELEMS[:10]},),
        most=20,
    ),
    *(
        Table(
            op,
            {"fn": _FOLDED, "elems": _ELEMS, "initializer": _INITIAL, "name": (LEFT_OUT, "f", None)},
            ({"fn": _FOLDED[:3], "elems": _ELEMS[:3], "initializer": (LEFT_OUT, tensor(2), tensor())},),
            most=16,
        )
        for op in ("foldl", "foldr")
    ),
    Table(
        "rnn",
        {
            "step_function": _STEPS,
            "inputs": _SEQUENCES,
            "initial_states": (
                [tensor(2, 3)],
                (tensor(2, 3),),
                [array(2, 3)],
                [variable(2, 3)],
                [],
                [tensor(2, 1)],
                [tensor(1, 3)],
                [tensor(2, 3, dtype="float64")],
                [tensor(3)],
            ),
            "go_backwards": _FLAGS,
            "mask": _MASKS,
            "unroll": _FLAGS,
            "input_length": (LEFT_OUT, None, 4),
            "time_major": _FLAGS,
            "zero_output_for_mask": _FLAGS,
            "return_all_outputs": (LEFT_OUT, True, False),
        },
        (
            {
                "go_backwards": (False, True),
                "mask": (None, tensor(2, 4, dtype="bool")),
                "unroll": (False, True),
                "zero_output_for_mask": (False, True),
                "return_all_outputs": (True, False),
            },
            {"step_function": _STEPS[:2], "mask": (None, tensor(2, 4, dtype="bool")), "unroll": (False, True)},
            {
                "inputs": (tensor(4, 2, 3),),
                "time_major": (True,),
                "mask": (None, tensor(4, 2, dtype="bool")),
                "unroll": (False, True),
                "go_backwards": (False, True),
            },
            {
                "step_function": (Source("lambda x, states: (x + states[0] + states[1], [states[0] + 1])"),),
                "constants": ([tensor(2, 3)], [array(2, 3)]),
                "unroll": (False, True),
            },
            {"step_function": (_STEPS[2],), "initial_states": ([],), "unroll": (False, True), "inputs": _SEQUENCES[:4]},
        ),
        most=24,
    ),
    *(
        Table(
            op,
            {
                "x": _BRANCHES[:-2],
                "alt": _BRANCHES[:-2],
                "training": (True, False, 1, 0, LEFT_OUT, None, tensor(dtype="bool"), tensor()),
            },
        )
        for op in ("in_train_phase", "in_test_phase")
    ),
)
