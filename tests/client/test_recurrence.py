"""`K.rnn`: how the step function is traced, and what is refused before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kremote import backend as K
from kremote.current import current_session
from kremote.tensor import Tensor

from .fake_server import OPS, FakeServer


@pytest.fixture(autouse=True)
def _entered(session: Any) -> None:
    """Inside a session; its rnn gives as many zeros as results are asked for."""


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments the server's rnn was given."""
    seen: dict[str, Any] = {}

    def rnn(**arguments: Any) -> list[Any]:
        seen.update(arguments)
        return [np.full((1,), n, "float32") for n in range(9)]

    monkeypatch.setitem(OPS, "rnn", rnn)
    return seen


STATE = np.zeros((2, 3), "float32")


def sum_step(inputs: Any, states: Any) -> tuple[Any, Any]:
    total = inputs + states[0]
    return total, [total]


def instructions(fake: FakeServer) -> list[dict[str, Any]]:
    """Those sent, with those that wait."""
    current_session().flush()
    return [instruction for program in fake.programs for instruction in program["instructions"]]


def test_the_step_is_called_once_with_symbols_of_one_step(fake: FakeServer) -> None:
    seen: list[Any] = []

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        seen.append((inputs.shape, inputs.symbolic, [state.shape for state in states]))
        return sum_step(inputs, states)

    K.rnn(step, K.variable(np.zeros((2, 7, 3))), [STATE])
    assert seen == [((2, 3), True, [(2, 3)])]


def test_results_have_the_structure_of_the_step(fake: FakeServer, asked: dict[str, Any]) -> None:
    """Statement 105."""

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        a, b = inputs["a"], inputs["b"]
        return {"sum": a + b, "pair": (a, b)}, [states[0], (states[1][0],)]

    steps = K.variable(np.zeros((2, 7, 3)))
    states = [np.zeros((2, 3), "float32"), (np.zeros((2, 4), "float32"),)]
    last, outputs, new_states = K.rnn(step, {"b": steps, "a": steps}, states)
    assert list(last) == ["pair", "sum"]
    assert [last["pair"][0].eval()[0], last["pair"][1].eval()[0], last["sum"].eval()[0]] == [0, 1, 2]
    assert [outputs["pair"][0].eval()[0], outputs["sum"].eval()[0]] == [3, 5]
    assert (new_states[0].eval()[0], new_states[1][0].eval()[0]) == (6, 7)
    assert len(asked["inputs"]) == 2
    assert len(asked["initial_states"]) == 2


def test_constants_come_after_the_states(fake: FakeServer) -> None:
    """Statement 100."""
    seen = []

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        seen.append([state.shape for state in states])
        return sum_step(inputs, states)

    K.rnn(step, K.variable(np.zeros((2, 7, 3))), (STATE,), constants=[np.zeros(5), 2.0])
    assert seen == [[(2, 3), (5,), ()]]


def test_time_major_inputs(fake: FakeServer) -> None:
    """Statement 103."""
    seen = []

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        seen.append(inputs.shape)
        return sum_step(inputs, states)

    K.rnn(step, K.variable(np.zeros((7, 2, 3))), [STATE], time_major=True)
    assert seen == [(2, 3)]


@pytest.mark.parametrize(
    ("shape", "options", "states", "said"),
    [
        ((2, 3), {}, 1, "rank 3 or more"),
        ((2, None, 3), {"unroll": True}, 1, "known number of steps"),
        ((None, 2, 3), {"unroll": True, "time_major": True}, 1, "known number of steps"),
        ((2, 7, 3), {"mask": np.ones((2, 7))}, 0, "states beside a mask"),
    ],
)
def test_what_the_reference_page_refuses(
    fake: FakeServer, shape: Any, options: dict[str, Any], states: int, said: str
) -> None:
    """Statements 106, 107 and 108."""
    called = []

    def step(inputs: Any, given: Any) -> tuple[Any, Any]:
        called.append(inputs)
        return inputs, given

    with pytest.raises(ValueError, match=said):
        K.rnn(step, K.placeholder(shape), [STATE] * states, **options)
    assert called == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda inputs, states: inputs, "expected .output, new_states."),
        (lambda inputs, states: (inputs, []), "expected 1 new states .*; got 0"),
        (lambda inputs, states: (None, states), "got None"),
    ],
)
def test_a_step_function_that_gives_something_else(step: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        K.rnn(step, K.variable(np.zeros((2, 7, 3))), [STATE])


def test_an_error_in_the_step_function_is_the_user_s_own_and_ends_graph_mode() -> None:
    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        K.rnn(step, K.variable(np.zeros((2, 7, 3))), [STATE])
    assert not K.constant(1.0).symbolic


def flags(fake: FakeServer) -> dict[str, bool]:
    return {i["op"]: bool(i.get("symbolic")) for i in instructions(fake)}


def test_inside_the_step_everything_is_a_symbol_and_the_result_is_not(fake: FakeServer) -> None:
    v = K.variable(np.ones((2, 3)))

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        product = v * 2  # of concrete things only, and yet read at each step
        assert product.symbolic
        return sum_step(inputs + product, states)

    last, _, _ = K.rnn(step, K.variable(np.zeros((2, 7, 3))), [STATE])
    assert not last.symbolic
    assert flags(fake)["operator.mul"]
    assert not flags(fake)["rnn"]


def test_a_closure_over_an_outer_symbol_makes_a_symbol(fake: FakeServer) -> None:
    outer = K.placeholder((2, 3))

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        return sum_step(inputs + outer, states)

    last, _, _ = K.rnn(step, K.variable(np.zeros((2, 7, 3))), [STATE])
    assert last.symbolic
    assert flags(fake)["rnn"]


def test_an_outer_symbol_that_is_the_output_itself_makes_a_symbol(fake: FakeServer) -> None:
    outer = K.placeholder((2, 3))
    last, _, _ = K.rnn(lambda inputs, states: (outer, states), K.variable(np.zeros((2, 7, 3))), [STATE])
    assert last.symbolic


def test_a_symbol_of_an_inner_trace_is_none_outside(fake: FakeServer) -> None:
    """A step that calls K.rnn itself: the inner placeholders do not make the outer result a symbol."""
    steps = K.variable(np.zeros((2, 7, 3)))

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        inner, _, _ = K.rnn(sum_step, steps, [states[0]])
        assert isinstance(inner, Tensor)
        assert inner.symbolic
        inner._value.items = None
        return inputs + states[0], [states[0]]

    last, _, _ = K.rnn(step, steps, [STATE])
    assert not last.symbolic


def test_a_symbol_of_outside_reaches_through_an_inner_trace(fake: FakeServer) -> None:
    outer = K.placeholder((2, 3))
    steps = K.variable(np.zeros((2, 7, 3)))

    def inner_step(inputs: Any, states: Any) -> tuple[Any, Any]:
        return sum_step(inputs + outer, states)

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        K.rnn(inner_step, steps, [states[0]])
        return inputs + states[0], [states[0]]

    last, _, _ = K.rnn(step, steps, [STATE])
    assert last.symbolic


def test_the_learning_phase_mark_is_passed_on(fake: FakeServer) -> None:
    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        total, new = sum_step(inputs, states)
        total._uses_learning_phase = True
        return total, new

    steps = K.variable(np.zeros((2, 7, 3)))
    last, outputs, _ = K.rnn(step, steps, [STATE])
    assert last._uses_learning_phase
    assert not hasattr(outputs, "_uses_learning_phase")
    plain, _, _ = K.rnn(sum_step, steps, [STATE])
    assert not hasattr(plain, "_uses_learning_phase")
