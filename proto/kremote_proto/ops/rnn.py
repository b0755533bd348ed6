"""Recurrence: a step function over time."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidValue
from ..handles import Function, Tensor
from ..kinds import Structure, TensorLike, Tensors
from ..op import op, rule
from ..specs import Spec

#: How many steps may be written out.
MOST_UNROLLED = 10_000


@op
def rnn(
    step_function: Function,
    inputs: Structure,
    initial_states: Structure,
    go_backwards: bool = False,
    mask: TensorLike | None = None,
    constants: Tensors | None = None,
    unroll: bool = False,
    input_length: TensorLike | None = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> list[Tensor]:
    """A step function applied to each step of time, each time with the states the last one gave.

    `K.rnn` takes a Python callable `step_function(inputs, states)`, traces it once, and gives the results below in the
    structure of the step's output and states. Over HTTP the step is a function whose inputs are the leaves of one
    step's inputs, then those of the states, then the constants, and whose outputs are the leaves of the output, then
    those of the new states.

    Args:
        step_function: a function of (samples, ...) inputs and states to an output (samples, ...) and new states; the
            first of the states is the output before.
        inputs: tensor (samples, time, ...) of rank 3 or more, or a nested structure of such.
        initial_states: the states before the first step, (samples, ...), nested as the step's.
        go_backwards: go through time in reverse, and give the outputs in that order.
        mask: tensor (samples, time) or (samples, time, 1), zero at every step to leave out.
        constants: values passed to each step after the states.
        unroll: write out every step instead of looping.
        input_length: the number of steps; a 1-d tensor, one number for each sample, masks what lies beyond.
        time_major: inputs, mask and outputs are (time, samples, ...).
        zero_output_for_mask: the output of a masked step is zeros; otherwise it is the output before.
        return_all_outputs: False keeps the last output alone, as one step of time.

    Returns:
        The leaves of the last output (samples, ...), then those of the outputs (samples, time, ...), then those of the
        states after the last step.

    Raises:
        ValueError: when inputs are of rank below 3, when there is no step of time, when `unroll` is set and the
            number of steps is not known or above 10000, or when there is a mask and no state.

    Example:
        >>> steps = K.variable([[[1.0], [2.0], [3.0]]])
        >>> def step(inputs, states):
        ...     total = inputs + states[0]
        ...     return total, [total]
        >>> last_output, outputs, new_states = K.rnn(step, steps, [K.zeros((1, 1))])
        >>> K.eval(outputs)[0, :, 0]
        array([1., 3., 6.], dtype=float32)
    """


@rule(rnn)
def _(inputs: Any, initial_states: Any, mask: Spec | None, unroll: bool, time_major: bool, **_: Any) -> None:
    if not _leaves(inputs):
        raise InvalidValue("expected at least one tensor of inputs; got none")
    for series in _leaves(inputs):
        if not isinstance(series, Spec) or series.shape is None:
            continue
        if len(series.shape) < 3:
            raise InvalidValue(f"expected inputs of rank 3 or more, (samples, time, ...); got {series}")
        _check_steps(series.shape[0 if time_major else 1], unroll)
    if mask is not None and not _leaves(initial_states):
        raise InvalidValue("expected at least one state, since there is a mask; got no states")


def _check_steps(steps: int | None, unroll: bool) -> None:
    if steps == 0:
        raise InvalidValue("expected at least one step of time; got inputs with none")
    if unroll and (steps is None or steps > MOST_UNROLLED):
        raise InvalidValue(
            f"expected at most {MOST_UNROLLED} steps, since unroll is set; got {steps or 'an unknown number'}"
        )


def _leaves(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        structure = list(structure.values())
    if not isinstance(structure, list | tuple):
        return [structure]
    return [leaf for item in structure for leaf in _leaves(item)]
