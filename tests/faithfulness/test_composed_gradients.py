"""Gradients through recurrences, loops, branches and phases, of gradients, and of nothing, as tf_keras has them.

All is written in graph mode, where what is computed of variables alone has gradients too.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from .arguments import Draw, tensor, variable
from .gradients import Gradients, Make, by_graph, by_tape
from .outcome import shown

SAMPLES, STEPS, LENGTH, UNITS = 2, 4, 3, 2
SERIES = tensor(SAMPLES, STEPS, LENGTH, dtype="float64")
STATE = tensor(SAMPLES, UNITS, dtype="float64")
KERNEL = variable(LENGTH, UNITS, dtype="float64")
RECURRENT = variable(UNITS, UNITS, dtype="float64")
MASK = tensor(SAMPLES, STEPS, dtype="bool")


@dataclass(frozen=True)
class Composed:
    """What a user writes with K, and of which tensors."""

    name: str
    #: Called with K and the tensors.
    written: Any
    tensors: tuple[Draw, ...]

    @property
    def make(self) -> Make:
        return lambda K, place: self.written(K, *(place(draw, seed) for seed, draw in enumerate(self.tensors)))


def recurrence(name: str, **flags: Any) -> Composed:
    """A simple recurrence whose step closes over two variables; all its results count."""

    def written(K: ModuleType, series: Any, state: Any, kernel: Any, recurrent: Any, mask: Any) -> Any:
        def step(inputs: Any, states: Any) -> Any:
            output = K.tanh(K.dot(inputs, kernel) + K.dot(states[0], recurrent))
            return output, [output]

        if flags.get("time_major"):
            series, mask = K.permute_dimensions(series, (1, 0, 2)), K.transpose(mask)
        arguments = {key: value for key, value in flags.items() if key != "masked"}
        return K.rnn(step, series, [state], mask=mask if flags.get("masked") else None, **arguments)

    return Composed(name, written, (SERIES, STATE, KERNEL, RECURRENT, MASK))


def _with_constants(K: ModuleType, series: Any, state: Any, constant: Any, *, unroll: bool) -> Any:
    def step(inputs: Any, states: Any) -> Any:
        new = K.sigmoid(inputs * states[1] + states[0])
        return new * states[2], [new]

    return K.rnn(step, series, [state], constants=[constant, K.square(constant)], unroll=unroll)


def _of_two_states(K: ModuleType, series: Any, state: Any, cell: Any, gate: Any) -> Any:
    """The output and the states of another length than the inputs, one that is a symbol from outside."""

    def step(inputs: Any, states: Any) -> Any:
        cell = states[1] * K.sigmoid(gate) + K.sum(inputs, -1, keepdims=True)
        return K.tanh(cell) * states[0], [states[0] * 0.9, cell]

    return K.rnn(step, series, [state, cell], mask=None)


RECURRENCES = (
    recurrence("looped"),
    recurrence("unrolled", unroll=True),
    recurrence("masked", masked=True),
    recurrence("masked, unrolled", masked=True, unroll=True),
    recurrence("masked, zeros", masked=True, zero_output_for_mask=True),
    recurrence("backwards", go_backwards=True),
    recurrence("backwards, masked", go_backwards=True, masked=True),
    recurrence("backwards, unrolled", go_backwards=True, unroll=True),
    recurrence("time first", time_major=True),
    recurrence("time first, masked", time_major=True, masked=True),
    recurrence("the last output alone", return_all_outputs=False),
    *(
        Composed(
            f"constants{name}",
            lambda K, *given, unroll=unroll: _with_constants(K, *given, unroll=unroll),
            (tensor(2, 4, 3), tensor(2, 3), tensor(2, 3)),
        )
        for name, unroll in (("", False), (", unrolled", True))
    ),
    Composed("two states", _of_two_states, (SERIES, STATE, STATE, tensor(UNITS, dtype="float64"))),
)

_ROWS = (tensor(4, 3), tensor(3), variable(3))
LOOPS = (
    Composed("map_fn", lambda K, x, y, v: K.map_fn(lambda row: K.tanh(row * v) + K.square(y), x), _ROWS),
    Composed("map_fn to sums", lambda K, x, y, v: K.map_fn(lambda row: K.sum(K.exp(row * v) * y), x), _ROWS),
    Composed(
        "map_fn of two",
        lambda K, x, y, v: K.map_fn(lambda two: two[0] * two[1] * v, (x, K.square(x)), "m", "float32"),
        _ROWS,
    ),
    Composed(
        "map_fn in map_fn",
        lambda K, x, y, v: K.map_fn(lambda row: K.map_fn(lambda one: one * K.sum(row * v), row), x),
        _ROWS,
    ),
    Composed("map_fn of what it does not use", lambda K, x, y, v: K.map_fn(lambda row: y * v, x), _ROWS),
    Composed("foldl", lambda K, x, y, v: K.foldl(lambda total, row: K.tanh(total * v) + row * y, x), _ROWS),
    Composed("foldr", lambda K, x, y, v: K.foldr(lambda total, row: K.tanh(total * v) + row * y, x), _ROWS),
    Composed(
        "foldl from a start", lambda K, x, y, v: K.foldl(lambda total, row: total * v + K.square(row), x, y), _ROWS
    ),
    Composed(
        "foldr from a start", lambda K, x, y, v: K.foldr(lambda total, row: total * v + K.square(row), x, y), _ROWS
    ),
)

_BRANCHES = (tensor(2, 3), tensor(2, 3), variable(2, 3))


def _switched(greater: bool) -> Any:
    """Branches that close over symbols and a variable; by what the branch not taken has, the gradient is zeros."""
    return lambda K, x, y, v: K.switch(
        K.greater(K.sum(K.abs(x)), 0.0 if greater else 1e6), lambda: K.square(x) * v, lambda: K.exp(y) * v
    )


BRANCHES = (
    Composed("switch to the first", _switched(True), _BRANCHES),
    Composed("switch to the second", _switched(False), _BRANCHES),
    Composed("switch by element", lambda K, x, y, v: K.switch(K.greater(x, y), K.square(x) * v, y * v), _BRANCHES),
    Composed("switch by row", lambda K, x, y, v: K.switch(K.greater(x[:, :1], y[:, :1]), x * v, K.exp(y)), _BRANCHES),
    Composed(
        "one branch has no limit",
        lambda K, x, y, v: K.switch(K.greater(K.sum(K.abs(x)), 0.0), lambda: x * v, lambda: K.log(y - 100.0)),
        _BRANCHES,
    ),
    *(
        Composed(
            f"{op}, {training}",
            lambda K, x, y, v, op=op, training=training: getattr(K, op)(
                lambda: x * v, lambda: K.square(y) * v, training
            ),
            _BRANCHES,
        )
        for op in ("in_train_phase", "in_test_phase")
        for training in (0, 1)
    ),
    Composed(
        "in_train_phase, a tensor",
        lambda K, x, y, v: K.in_train_phase(lambda: x * v, lambda: K.square(y) * v, K.greater(K.sum(K.abs(x)), 0.0)),
        _BRANCHES,
    ),
)

_TWO = (tensor(2, 3), tensor(2, 3))
NONE = (
    Composed("unconnected", lambda K, x, y: K.square(x), _TWO),
    Composed("an unconnected variable", lambda K, x, v: K.square(x), (tensor(2, 3), variable(3))),
    Composed("stop_gradient", lambda K, x, y: K.stop_gradient(K.square(x)) * y, _TWO),
    Composed("stop_gradient of a part", lambda K, x, y: K.stop_gradient(K.square(x)) * x * y, _TWO),
    Composed("through integers", lambda K, x, y: K.cast(K.cast(x, "int32"), "float32") + y, _TWO),
    Composed("through a comparison", lambda K, x, y: K.cast(K.greater(x, 0.0), "float32") + y, _TWO),
    Composed("through places", lambda K, x, y: K.cast(K.argmax(x), "float32") + K.sum(y), _TWO),
    Composed("through a shape", lambda K, x, y: K.ones_like(x) + y, _TWO),
    Composed("through rounding", lambda K, x, y: K.round(x) + K.sign(y) * y, _TWO),
    Composed("through rows", lambda K, x, y: K.gather(x, K.cast(K.abs(y[0]) * 0.9, "int32")), _TWO),
    Composed("a penalty", lambda K, x, v: K.sum(x * v) + 0.1 * K.sum(K.square(v)), (tensor(2, 3), variable(3))),
    Composed("a gathered variable", lambda K, v, y: K.gather(v, [1, 1, 0]) * y, (variable(2, 3), tensor(3, 3))),
    Composed("to one of many", lambda K, x, y: K.categorical_crossentropy(K.softmax(x), y, from_logits=True), _TWO),
)

_ONE = (tensor(2, 3, dtype="float64"),)
SECOND = (
    *(
        Composed(op, lambda K, x, op=op: getattr(K, op)(x), _ONE)
        for op in ("tanh", "square", "sigmoid", "exp", "softmax", "softplus", "elu", "sin", "logsumexp", "l2_normalize")
    ),
    Composed("dot", lambda K, x, y: K.dot(x, y), (tensor(2, 3, dtype="float64"), tensor(3, 4, dtype="float64"))),
    Composed("batch_dot", lambda K, x, y: K.batch_dot(K.tanh(x), y), (tensor(2, 3, 4), tensor(2, 4, 3))),
    Composed("a layer", lambda K, x, v: K.tanh(K.dot(x, v)), (tensor(2, 3), variable(3, 4))),
    Composed("conv2d", lambda K, x, v: K.conv2d(K.square(x), v), (tensor(1, 4, 4, 2), variable(2, 2, 2, 3))),
    Composed("an unconnected tensor", lambda K, x, y: K.square(x), _TWO),
)


@pytest.mark.parametrize(
    ("composed", "order"),
    [
        pytest.param(RECURRENCES, 1, id="recurrences"),
        pytest.param(LOOPS, 1, id="loops"),
        pytest.param(BRANCHES, 1, id="branches"),
        pytest.param(NONE, 1, id="none"),
        pytest.param(SECOND, 2, id="second order"),
    ],
)
def test_as_tf_keras(K: ModuleType, composed: tuple[Composed, ...], order: int) -> None:
    gradients, wanted = Gradients(K, order), [by_tape(one.make, order) for one in composed]
    for one, theirs in zip(composed, wanted, strict=True):
        K.symbolic(gradients.add)(one.make, theirs.shapes)
    wrong = [
        f"{one.name}: {what}\n    tf_keras: {shown(theirs.gradients)}\n    kremote:  {shown(got)}"
        for one, theirs, got in zip(composed, wanted, gradients.computed(), strict=True)
        if (what := theirs.difference(got)) and (order == 2 or by_graph(one.make).difference(got))
    ]
    assert not wrong, "\n".join(wrong)
