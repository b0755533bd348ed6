"""rnn against a loop over time in numpy."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

SAMPLES, STEPS, INPUTS, UNITS = 3, 4, 2, 5
GENERATOR = np.random.default_rng(3)
SERIES = GENERATOR.normal(size=(SAMPLES, STEPS, INPUTS))
STATE = GENERATOR.normal(size=(SAMPLES, UNITS))
KERNEL, RECURRENT = GENERATOR.normal(size=(INPUTS, UNITS)), GENERATOR.normal(size=(UNITS, UNITS)) / 2
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]], bool)


def in_numpy(series: Any, mask: Any = None, backwards: bool = False, zeros: bool = False) -> tuple[Any, Any, Any]:
    """Last output, outputs (samples, time, units) and last state of a simple recurrence."""
    state, output, outputs = STATE, np.zeros_like(STATE), []
    order = range(STEPS)[::-1] if backwards else range(STEPS)
    for t in order:
        new = np.tanh(series[:, t] @ KERNEL + state @ RECURRENT)
        if mask is None:
            state = output = new
            outputs.append(new)
            continue
        here = mask[:, t, None]
        state = np.where(here, new, state)
        output = np.where(here, new, output)
        outputs.append(np.where(here, new, 0) if zeros else output)
    return outputs[-1], np.stack(outputs, 1), state


def in_k(K: ModuleType, series: Any, **arguments: Any) -> tuple[Any, Any, Any]:
    kernel, recurrent = K.variable(KERNEL, dtype="float64"), K.variable(RECURRENT, dtype="float64")

    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        output = K.tanh(K.dot(inputs, kernel) + K.dot(states[0], recurrent))
        return output, [output]

    last, outputs, states = K.rnn(step, series, [K.constant(STATE, dtype="float64")], **arguments)
    return last, outputs, states[0]


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", ["no", "yes", "zeros"])
def test_as_numpy(K: ModuleType, unroll: bool, backwards: bool, masked: str) -> None:
    zeros = masked == "zeros"
    mask = None if masked == "no" else MASK
    arguments = {"unroll": unroll, "go_backwards": backwards, "zero_output_for_mask": zeros}
    given = None if mask is None else K.constant(mask, dtype="bool")
    results = in_k(K, K.constant(SERIES, dtype="float64"), mask=given, **arguments)
    for result, wanted in zip(results, in_numpy(SERIES, mask, backwards, zeros), strict=True):
        np.testing.assert_allclose(K.eval(result), wanted, rtol=1e-12)


def test_time_major(K: ModuleType) -> None:
    series = K.constant(SERIES.transpose(1, 0, 2), dtype="float64")
    last, outputs, state = in_k(K, series, time_major=True)
    wanted = in_numpy(SERIES)
    np.testing.assert_allclose(K.eval(last), wanted[0], rtol=1e-12)
    np.testing.assert_allclose(K.eval(outputs), wanted[1].transpose(1, 0, 2), rtol=1e-12)
    np.testing.assert_allclose(K.eval(state), wanted[2], rtol=1e-12)


def test_of_a_placeholder_with_unknown_time(K: ModuleType) -> None:
    x = K.placeholder((None, None, INPUTS), dtype="float64")
    last, outputs, state = in_k(K, x)
    results = K.function([x], [last, outputs, state])([SERIES])
    for result, wanted in zip(results, in_numpy(SERIES), strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-12)


def test_gradient_through_time(K: ModuleType) -> None:
    x = K.placeholder(SERIES.shape, dtype="float64")
    last, _, _ = in_k(K, x)
    loss = K.sum(K.square(last))
    function = K.function([x], [loss, K.gradients(loss, [x])[0]])
    _, gradient = function([SERIES])
    direction, step = np.sign(SERIES), 1e-6
    ahead, behind = (float(function([SERIES + sign * step * direction])[0]) for sign in (1, -1))
    assert np.vdot(direction, gradient) == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)


def test_refusals(K: ModuleType) -> None:
    def step(inputs: Any, states: Any) -> tuple[Any, Any]:
        return inputs, states

    with pytest.raises(ValueError, match="rank 3"):
        K.rnn(step, K.ones((2, 3)), [])
    with pytest.raises(ValueError, match="unroll"):
        K.rnn(step, K.placeholder((2, None, 3)), [], unroll=True)
    with pytest.raises(ValueError, match="state"):
        K.rnn(step, K.ones((2, 3, 4)), [], mask=K.ones((2, 3)))
