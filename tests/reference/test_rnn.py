"""Section 10: rnn in the tf.keras form (statements 94 to 108)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from . import recurrence
from .statements import statement

SAMPLES, STEPS, FEATURES, UNITS = 3, 5, 2, 4
RNG = np.random.default_rng(10)
INPUTS = RNG.normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
KERNEL = RNG.normal(size=(FEATURES, UNITS)).astype("float32") / 2
RECURRENT = RNG.normal(size=(UNITS, UNITS)).astype("float32") / 2
STATE = RNG.normal(size=(SAMPLES, UNITS)).astype("float32")
#: Masked at the start, in the middle, at the end.
MASK = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]], "bool")

Step = Callable[[Any, list[Any]], tuple[Any, list[Any]]]


def cell(dot: Callable[[Any, Any], Any], kernel: Any, recurrent: Any) -> Step:
    """A simple recurrent cell, on tensors or on arrays."""

    def step(inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        output = dot(inputs, kernel) + dot(states[0], recurrent)
        return output, [output]

    return step


NUMPY_CELL = cell(np.dot, KERNEL, RECURRENT)


def run(
    K: Any, mode: str, inputs: Any = INPUTS, steps: int | None = STEPS, **options: Any
) -> tuple[Any, Any, list[Any]]:
    """The arrays `K.rnn` gives for the cell: of values at once, or of a placeholder through a function."""
    step = cell(K.dot, K.variable(KERNEL), K.variable(RECURRENT))
    if mode == "eager":
        fed = K.variable(inputs)
    else:
        shape = list(inputs.shape)
        shape[0 if options.get("time_major") else 1] = steps
        fed = K.placeholder(shape=tuple(shape))
    last, outputs, states = K.rnn(step, fed, [K.variable(STATE)], **options)
    if mode == "eager":
        return K.eval(last), K.eval(outputs), [K.eval(state) for state in states]
    got = K.function([fed], [last, outputs, *states])([inputs])
    return got[0], got[1], got[2:]


def assert_same(got: tuple[Any, Any, list[Any]], expected: tuple[Any, Any, list[Any]]) -> None:
    for one, other in zip([got[0], got[1], *got[2]], [expected[0], expected[1], *expected[2]], strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


modes = pytest.mark.parametrize("mode", ["eager", "function"])
unrolled_or_not = pytest.mark.parametrize("unroll", [False, True], ids=["loop", "unrolled"])


@statement(94)
def test_the_signature(K: Any) -> None:
    parameters = list(inspect.signature(K.rnn).parameters.values())
    empty = inspect.Parameter.empty
    assert [(p.name, p.default) for p in parameters[:10]] == [
        ("step_function", empty),
        ("inputs", empty),
        ("initial_states", empty),
        ("go_backwards", False),
        ("mask", None),
        ("constants", None),
        ("unroll", False),
        ("input_length", None),
        ("time_major", False),
        ("zero_output_for_mask", False),
    ]
    assert [(p.name, p.default) for p in parameters[10:]] == [("return_all_outputs", True)], "tf.keras has it, too"


@statement(95, 97, 105)
@modes
@unrolled_or_not
def test_a_step_is_taken_at_each_time(K: Any, mode: str, unroll: bool) -> None:
    assert_same(run(K, mode, unroll=unroll), recurrence.rnn(NUMPY_CELL, INPUTS, [STATE]))


@statement(95)
def test_the_step_function_gets_one_time_and_the_states(K: Any) -> None:
    seen = []

    def step(inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        seen.append((K.int_shape(inputs), type(states), [K.int_shape(state) for state in states]))
        return states[0] + 1.0, [states[0] + 1.0, states[1] * 2.0]

    K.rnn(step, K.zeros((3, 5, 2)), [K.zeros((3, 4)), K.ones((3, 1))])
    assert set(map(str, seen)) == {str(((3, 2), list, [(3, 4), (3, 1)]))}


@statement(95)
def test_as_many_new_states_are_wanted_as_there_were(K: Any) -> None:
    with pytest.raises(ValueError, match=r"2 new states.*got 1"):
        K.rnn(lambda inputs, states: (inputs, [inputs]), K.zeros((3, 5, 2)), [K.zeros((3, 2)), K.zeros((3, 2))])


@statement(95, 97)
def test_states_other_than_the_output_are_kept_as_well(K: Any) -> None:
    def step(inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        total = states[1] + inputs
        return total * 2.0, [total * 2.0, total]

    expected = recurrence.rnn(step, INPUTS, [np.zeros((SAMPLES, FEATURES)), np.ones((SAMPLES, FEATURES))])
    start = [K.zeros((SAMPLES, FEATURES)), K.ones((SAMPLES, FEATURES))]
    last, outputs, states = K.rnn(step, K.variable(INPUTS), start)
    assert_same((K.eval(last), K.eval(outputs), [K.eval(state) for state in states]), expected)


@statement(96)
@modes
def test_inputs_may_have_more_axes(K: Any, mode: str) -> None:
    def step(inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        return inputs + states[0], [inputs + states[0]]

    images = RNG.normal(size=(2, 4, 3, 5)).astype("float32")
    expected = recurrence.rnn(step, images, [np.zeros((2, 3, 5), "float32")])
    fed = K.variable(images) if mode == "eager" else K.placeholder(shape=(2, None, 3, 5))
    last, outputs, states = K.rnn(step, fed, [K.zeros((2, 3, 5))])
    if mode == "eager":
        got = K.batch_get_value([last, outputs, *states])
    else:
        got = K.function([fed], [last, outputs, *states])([images])
    assert_same((got[0], got[1], got[2:]), expected)


@statement(96, 97)
def test_inputs_and_states_may_be_nested(K: Any) -> None:
    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        first, second = inputs
        (total, [count]) = states
        output = total + first * second
        return output, [output, [count + 1.0]]

    other = RNG.normal(size=INPUTS.shape).astype("float32")
    start = [K.zeros((SAMPLES, FEATURES)), [K.zeros((SAMPLES, 1))]]
    last, outputs, (total, [count]) = K.rnn(step, [K.variable(INPUTS), K.variable(other)], start)
    expected = np.cumsum(INPUTS * other, axis=1)
    np.testing.assert_allclose(K.eval(outputs), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(K.eval(last), expected[:, -1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(K.eval(total), expected[:, -1], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(K.eval(count), np.full((SAMPLES, 1), STEPS))


@statement(98)
@modes
@unrolled_or_not
def test_going_backwards(K: Any, mode: str, unroll: bool) -> None:
    expected = recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], go_backwards=True)
    assert_same(run(K, mode, go_backwards=True, unroll=unroll), expected)
    assert_same(expected, recurrence.rnn(NUMPY_CELL, INPUTS[:, ::-1], [STATE]))


@statement(99)
@modes
@unrolled_or_not
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("rank", [2, 3])
def test_a_mask(K: Any, mode: str, unroll: bool, go_backwards: bool, rank: int) -> None:
    mask = MASK if rank == 2 else MASK[:, :, None]
    got = run(K, mode, mask=K.constant(mask, dtype="bool"), unroll=unroll, go_backwards=go_backwards)
    assert_same(got, recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=MASK, go_backwards=go_backwards))


@statement(99)
def test_a_mask_of_numbers(K: Any) -> None:
    """Binary: of zeros and ones as well as of booleans."""
    got = run(K, "eager", mask=K.variable(MASK[:, :, None].astype("float32")))
    assert_same(got, recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=MASK))


@statement(99)
def test_a_mask_that_is_fed(K: Any) -> None:
    fed, mask = K.placeholder(shape=(None, None, FEATURES)), K.placeholder(shape=(None, None), dtype="bool")
    step = cell(K.dot, K.variable(KERNEL), K.variable(RECURRENT))
    last, outputs, states = K.rnn(step, fed, [K.variable(STATE)], mask=mask)
    got = K.function([fed, mask], [last, outputs, *states])([INPUTS, MASK])
    assert_same((got[0], got[1], got[2:]), recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=MASK))


@statement(100)
@modes
@unrolled_or_not
def test_constants_come_after_the_states(K: Any, mode: str, unroll: bool) -> None:
    def step(inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        total, factor, offset = states
        output = total + inputs * factor + offset
        return output, [output]

    factor, offset = np.array([[2.0, -1.0]], "float32"), np.array([[0.5, 0.25]], "float32")
    expected = np.cumsum(INPUTS * factor + offset, axis=1)
    fed = K.variable(INPUTS) if mode == "eager" else K.placeholder(shape=INPUTS.shape)
    start = [K.zeros((SAMPLES, FEATURES))]
    _, outputs, states = K.rnn(step, fed, start, constants=[K.variable(factor), K.variable(offset)], unroll=unroll)
    assert len(states) == 1, "constants are no states"
    got = K.eval(outputs) if mode == "eager" else K.function([fed], [outputs])([INPUTS])[0]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@statement(101)
@modes
def test_unrolled_and_looped_give_the_same(K: Any, mode: str) -> None:
    mask = K.constant(MASK, dtype="bool")
    for options in ({}, {"mask": mask}, {"mask": mask, "zero_output_for_mask": True, "go_backwards": True}):
        assert_same(run(K, mode, unroll=True, **options), run(K, mode, unroll=False, **options))


@statement(102)
@modes
@unrolled_or_not
@pytest.mark.parametrize("length", [STEPS, 2])
def test_an_integer_input_length_changes_nothing(K: Any, mode: str, unroll: bool, length: int) -> None:
    """As in tf.keras, where only a tensor masks."""
    got = run(K, mode, input_length=length, unroll=unroll)
    assert_same(got, recurrence.rnn(NUMPY_CELL, INPUTS, [STATE]))


@statement(102)
@modes
@pytest.mark.parametrize("lengths", [[5, 2, 4], [1, 3, 2], [3, 3, 3]], ids=str)
def test_lengths_of_the_samples_mask_what_lies_beyond(K: Any, mode: str, lengths: list[int]) -> None:
    got = run(K, mode, steps=None, input_length=K.constant(lengths, dtype="int32"))
    mask = np.arange(STEPS)[None] < np.array(lengths)[:, None]
    assert_same(got, recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=mask))


@statement(102)
def test_lengths_of_the_samples_mask_what_comes_first_when_going_backwards(K: Any) -> None:
    lengths = np.array([5, 2, 4], "int32")
    got = run(K, "function", steps=None, input_length=K.constant(lengths, dtype="int32"), go_backwards=True)
    mask = np.arange(STEPS)[None] < lengths[:, None]
    assert_same(got, recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=mask, go_backwards=True))


@statement(102)
def test_a_mask_wins_over_the_lengths(K: Any) -> None:
    lengths = K.constant([5, 5, 5], dtype="int32")
    got = run(K, "eager", mask=K.constant(MASK, dtype="bool"), input_length=lengths)
    assert_same(got, recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=MASK))


@statement(103)
@modes
@unrolled_or_not
@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
def test_time_major(K: Any, mode: str, unroll: bool, masked: bool) -> None:
    options = {"mask": K.constant(MASK.T, dtype="bool")} if masked else {}
    last, outputs, states = run(K, mode, INPUTS.swapaxes(0, 1), time_major=True, unroll=unroll, **options)
    assert outputs.shape == (STEPS, SAMPLES, UNITS)
    expected = recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=MASK if masked else None)
    assert_same((last, outputs.swapaxes(0, 1), states), expected)


@statement(104)
@modes
@unrolled_or_not
def test_masked_steps_give_zeros_or_the_output_before(K: Any, mode: str, unroll: bool) -> None:
    mask = K.constant(MASK, dtype="bool")
    zeroed = run(K, mode, mask=mask, zero_output_for_mask=True, unroll=unroll)
    assert_same(zeroed, recurrence.rnn(NUMPY_CELL, INPUTS, [STATE], mask=MASK, zero_output_for_mask=True))
    assert not zeroed[1][~MASK].any()
    repeated = run(K, mode, mask=mask, zero_output_for_mask=False, unroll=unroll)[1]
    np.testing.assert_array_equal(repeated[0, 3], repeated[0, 2])
    assert not repeated[0, 0].any(), "before the first step there is no output to repeat"


@statement(105)
@pytest.mark.parametrize("steps", [STEPS, None])
def test_what_is_returned(K: Any, steps: int | None) -> None:
    fed = K.placeholder(shape=(SAMPLES, steps, FEATURES))
    step = cell(K.dot, K.variable(KERNEL), K.variable(RECURRENT))
    returned = K.rnn(step, fed, [K.variable(STATE)])
    assert isinstance(returned, tuple)
    last, outputs, states = returned
    assert isinstance(states, list)
    assert K.int_shape(last) == (SAMPLES, UNITS)
    assert K.int_shape(outputs) == (SAMPLES, steps, UNITS)
    assert [K.int_shape(state) for state in states] == [(SAMPLES, UNITS)]


@statement(106)
@pytest.mark.parametrize("shape", [(3,), (3, 5)])
@modes
def test_inputs_of_fewer_than_3_dimensions_are_refused(K: Any, mode: str, shape: tuple[int, ...]) -> None:
    inputs = K.ones(shape) if mode == "eager" else K.placeholder(shape=shape)
    with pytest.raises(ValueError, match="rank 3"):
        K.rnn(lambda inputs, states: (inputs, [inputs]), inputs, [K.zeros(shape)])


@statement(107)
def test_unrolling_an_unknown_number_of_steps_is_refused(K: Any) -> None:
    with pytest.raises(ValueError, match="steps to unroll"):
        K.rnn(NUMPY_CELL, K.placeholder(shape=(3, None, 2)), [K.zeros((3, 4))], unroll=True)


@statement(108)
@modes
@unrolled_or_not
def test_a_mask_without_states_is_refused(K: Any, mode: str, unroll: bool) -> None:
    inputs = K.variable(INPUTS) if mode == "eager" else K.placeholder(shape=INPUTS.shape)
    with pytest.raises(ValueError, match="states"):
        K.rnn(lambda inputs, _: (inputs, []), inputs, [], mask=K.constant(MASK, dtype="bool"), unroll=unroll)


@statement(108)
def test_without_a_mask_no_state_is_needed(K: Any) -> None:
    last, outputs, states = K.rnn(lambda inputs, _: (inputs * 2.0, []), K.variable(INPUTS), [])
    assert states == []
    np.testing.assert_allclose(K.eval(outputs), INPUTS * 2)
    np.testing.assert_allclose(K.eval(last), INPUTS[:, -1] * 2)
