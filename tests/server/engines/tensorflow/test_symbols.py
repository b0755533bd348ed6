"""Symbols, functions, gradients and closures of the TensorFlow engine, one instruction at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kremote_proto.messages import Instruction, Program
from kremote_server.worker.session import FIRST_CLIENT_ID

from .calls import Calls, tensor


def test_a_function_sees_variables_as_they_were_and_updates_them_after(call: Calls) -> None:
    w = call("variable", value=[1.0, 2.0])
    x = call("placeholder", shape=[2])
    new = call("operator.add", x=w, y=x)
    update = call("update", x=w, new_x=new)
    f = call("function", inputs=[x], outputs=[w, new, update], updates=[update])
    before, sum_, after = call.value(call("function.call", function=f, inputs=[[10.0, 20.0]]))
    np.testing.assert_array_equal(before, [1, 2])
    np.testing.assert_array_equal(sum_, [11, 22])
    np.testing.assert_array_equal(after, [11, 22])
    np.testing.assert_array_equal(call.value(w), [11, 22])


def test_two_updates_read_the_same_old_values(call: Calls) -> None:
    a, b = call("variable", value=1.0), call("variable", value=2.0)
    x = call("placeholder", shape=[])
    f = call(
        "function",
        inputs=[x],
        outputs=[],
        updates=[[a, call("operator.mul", x=b, y=x)], [b, call("operator.mul", x=a, y=x)]],
    )
    call("function.call", function=f, inputs=[1.0])
    assert (call.value(a), call.value(b)) == (2.0, 1.0)


def test_updates_that_are_other_variables_swap_them(call: Calls) -> None:
    a, b = call("variable", value=1.0), call("variable", value=2.0)
    f = call("function", inputs=[], outputs=[a, b], updates=[[a, b], [b, a]])
    for expected in ([1, 2], [2, 1], [1, 2]):
        np.testing.assert_array_equal(call.value(call("function.call", function=f, inputs=[])), expected)


def test_updates_of_one_variable_are_made_in_the_order_given(call: Calls) -> None:
    a = call("variable", value=0.0)
    f = call("function", inputs=[], outputs=[], updates=[[a, 1.0], [a, 2.0]])
    call("function.call", function=f, inputs=[])
    assert call.value(a) == 2.0


def test_a_function_prints_in_the_order_of_its_outputs(call: Calls) -> None:
    x = call("placeholder", shape=[])
    shown = [call("print_tensor", x=x, message=message) for message in "abc"]
    call("function.call", function=call("function", inputs=[x], outputs=shown), inputs=[1.0])
    assert call.printed == ["a 1.", "b 1.", "c 1."]


def test_gradients_reach_variables_and_placeholders_and_miss_the_rest(call: Calls) -> None:
    w, other = call("variable", value=[3.0, 4.0]), call("variable", value=1.0)
    x = call("placeholder", shape=[2])
    loss = call("sum", x=call("square", x=call("operator.mul", x=w, y=x)))
    gradients = call.result("gradients", loss=loss, variables=[w, x, other])
    assert gradients["items"][2] is None
    by_w, by_x = ({"ref": gradients["id"], "item": i} for i in range(2))
    f = call("function", inputs=[x], outputs=[by_w, by_x])
    got_w, got_x = call.value(call("function.call", function=f, inputs=[[1.0, 2.0]]))
    np.testing.assert_array_equal(got_w, 2 * np.array([3, 4]) * np.array([1, 2]) ** 2)
    np.testing.assert_array_equal(got_x, 2 * np.array([1, 2]) * np.array([3, 4]) ** 2)


def test_gradients_of_a_concrete_loss_say_what_to_do(call: Calls) -> None:
    error = call.error("gradients", loss=call("variable", value=1.0), variables=[call("variable", value=1.0)])
    assert error["code"] == "invalid_value"
    assert "placeholder" in error["hint"]


def test_a_chain_deeper_than_pythons_recursion_limit_runs(call: Calls) -> None:
    x = call("placeholder", shape=[])
    first = FIRST_CLIENT_ID
    previous = [x, *({"ref": first + i} for i in range(1499))]
    instructions = [
        Instruction("operator.add", {"x": before, "y": 1.0}, first + i) for i, before in enumerate(previous)
    ]
    call.session.run(Program(instructions))
    f = call("function", inputs=[x], outputs=[{"ref": first + 1499}])
    assert call.value(call("function.call", function=f, inputs=[0.5]))[0] == 1500.5


def test_an_unfed_placeholder_is_named(call: Calls) -> None:
    x = call("placeholder", shape=[2], name="images")
    y = call("square", x=x)
    assert "'images'" in call.error("eval", x=y)["message"]
    f = call("function", inputs=[], outputs=[y])
    assert "'images'" in call.error("function.call", function=f, inputs=[])["message"]


@pytest.mark.parametrize(
    ("fed", "message"),
    [
        ([[1.0, 2.0, 3.0]], "expected shape (2,) for input 0 ('x'); got (3,)"),
        ([], "expected 1 inputs"),
        (["a"], "string"),
    ],
)
def test_a_wrong_feed_says_what_was_expected(call: Calls, fed: list[Any], message: str) -> None:
    x = call("placeholder", shape=[2], name="x")
    f = call("function", inputs=[x], outputs=[call("square", x=x)])
    error = call.error("function.call", function=f, inputs=fed)
    assert error["code"] in ("invalid_value", "invalid_type")
    assert message in error["message"]


def test_an_update_that_took_effect_is_no_update_of_a_function(call: Calls) -> None:
    count, x = call("variable", value=0.0), call("placeholder", shape=[])
    done = call("update_add", x=count, increment=1.0)
    assert "took effect" in call.error("function", inputs=[x], outputs=[x], updates=[done])["hint"]
    waiting = call("update_add", symbolic=True, x=count, increment=1.0)
    f = call("function", inputs=[x], outputs=[x], updates=[waiting])
    for _ in range(3):
        call("function.call", function=f, inputs=[0.0])
    assert call.value(count) == 4.0


def accumulator(call: Calls, scale: dict[str, int]) -> dict[str, int]:
    """A step that adds its input times `scale` to its state."""
    x, state = (call("placeholder", symbolic=True, shape=[None, 2]) for _ in range(2))
    total = call("operator.add", x=state, y=call("operator.mul", x=x, y=call("square", symbolic=True, x=scale)))
    return call("function", inputs=[x, state], outputs=[total, total])


SERIES = np.arange(12, dtype="float32").reshape(2, 3, 2)
ZEROS = np.zeros((2, 2), "float32")


@pytest.mark.parametrize("unroll", [False, True])
def test_rnn_runs_a_step_that_closes_over_a_variable(call: Calls, unroll: bool) -> None:
    scale = call("variable", value=[2.0, 3.0])
    step = accumulator(call, scale)
    result = call("rnn", step_function=step, inputs=tensor(SERIES), initial_states=[tensor(ZEROS)], unroll=unroll)
    last, outputs, state = call.value(result)
    expected = np.cumsum(SERIES * np.array([4.0, 9.0]), axis=1)
    np.testing.assert_allclose(outputs, expected)
    np.testing.assert_allclose(last, expected[:, -1])
    np.testing.assert_allclose(state, expected[:, -1])


def test_gradients_pass_through_rnn_to_what_its_step_closes_over(call: Calls) -> None:
    scale = call("variable", value=[2.0, 3.0])
    series = call("placeholder", shape=[2, None, 2])
    factor = call("placeholder", shape=[2], name="factor")
    step = accumulator(call, call("operator.mul", x=scale, y=factor))
    result = call("rnn", step_function=step, inputs=series, initial_states=[tensor(ZEROS)])
    loss = call("sum", x={**result, "item": 0})
    gradients = call("gradients", loss=loss, variables=[scale])
    f = call("function", inputs=[series, factor], outputs=[{**gradients, "item": 0}])
    (got,) = call.value(call("function.call", function=f, inputs=[tensor(SERIES), [1.0, 2.0]]))
    np.testing.assert_allclose(got, 2 * np.array([2, 3]) * np.array([1, 2]) ** 2 * SERIES.sum((0, 1)))


def test_print_tensor_reaches_the_reply_from_inside_a_function(call: Calls) -> None:
    x = call("placeholder", shape=[2])
    f = call("function", inputs=[x], outputs=[call("print_tensor", x=x, message="x is ")])
    call("function.call", function=f, inputs=[[1.0, 2.0]])
    assert call.printed == ["x is [1. 2.]"], "one space, whoever gave it"


def test_sparse_placeholders_are_fed_sparse_tensors(call: Calls) -> None:
    x = call("placeholder", shape=[2, 2], sparse=True)
    f = call("function", inputs=[x], outputs=[call("to_dense", tensor=x)])
    sparse = {
        "dtype": "float32",
        "shape": [2, 2],
        "indices": tensor(np.array([[0, 1]])),
        "values": tensor(np.array([5.0], "float32")),
    }
    (dense,) = call.value(call("function.call", function=f, inputs=[sparse]))
    np.testing.assert_array_equal(dense, [[0, 5], [0, 0]])
    assert "sparse" in call.error("function.call", function=f, inputs=[[[1.0, 0.0], [0.0, 1.0]]])["message"]


def test_an_error_inside_a_function_shows_no_file_of_the_server(call: Calls) -> None:
    x, i = call("placeholder", shape=[None]), call("placeholder", shape=[None], dtype="int32")
    f = call("function", inputs=[x, i], outputs=[call("gather", reference=x, indices=i)])
    error = call.error("function.call", function=f, inputs=[[1.0, 2.0], [5]])
    assert error["message"] == "indices[0] = 5 is not in [0, 2)"


def test_a_step_may_hold_gradients(call: Calls) -> None:
    x, state = (call("placeholder", shape=[None, 2]) for _ in range(2))
    squares = call("operator.mul", x=call("square", x=x), y=call("variable", value=0.5))
    by_x = {**call("gradients", loss=squares, variables=[x]), "item": 0}
    step = call("function", inputs=[x, state], outputs=[by_x, by_x])
    result = call("rnn", step_function=step, inputs=tensor(SERIES), initial_states=[tensor(ZEROS)])
    np.testing.assert_allclose(call.value(result)[1], SERIES)


def test_an_update_that_a_step_needs_is_made_once(call: Calls) -> None:
    count = call("variable", value=0.0)
    step = accumulator(call, call("update_add", symbolic=True, x=count, increment=2.0))
    result = call("rnn", step_function=step, inputs=tensor(SERIES), initial_states=[tensor(ZEROS)])
    np.testing.assert_allclose(call.value(result)[0], SERIES.sum(axis=1) * 4)
    assert call.value(count) == 2.0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"inputs": []}, "at least one tensor of inputs"),
        ({"inputs": tensor(np.zeros((2, 0, 2), "float32"))}, "at least one step"),
        ({"inputs": tensor(np.zeros((1, 10_001, 1), "float32")), "unroll": True}, "at most 10000 steps"),
        ({"initial_states": []}, "a step of 1 inputs; got one of 2"),
        ({"initial_states": [tensor(ZEROS)] * 2}, "a step of 3 inputs; got one of 2"),
    ],
)
def test_rnn_says_what_does_not_fit_its_step(call: Calls, changed: dict[str, Any], message: str) -> None:
    arguments = {"inputs": tensor(SERIES), "initial_states": [tensor(ZEROS)], **changed}
    step = accumulator(call, call("variable", value=1.0))
    assert message in call.error("rnn", step_function=step, **arguments)["message"]


def test_a_step_gives_an_output_and_every_state(call: Calls) -> None:
    x, state = (call("placeholder", shape=[None, 2]) for _ in range(2))
    step = call("function", inputs=[x, state], outputs=[x])
    error = call.error("rnn", step_function=step, inputs=tensor(SERIES), initial_states=[tensor(ZEROS)])
    assert "an output and 1 new states; got 1 results" in error["message"]


def test_a_function_with_updates_is_no_step(call: Calls) -> None:
    x, state = (call("placeholder", shape=[None, 2]) for _ in range(2))
    count = call("variable", value=0.0)
    step = call("function", inputs=[x, state], outputs=[x, state], updates=[[count, 1.0]])
    error = call.error("rnn", step_function=step, inputs=tensor(SERIES), initial_states=[tensor(ZEROS)])
    assert "without updates" in error["message"]
