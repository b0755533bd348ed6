"""Recurrence: a step function over time."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidValue
from ..handles import Function, Tensor
from ..kinds import Structure, TensorLike, Tensors
from ..op import op, rule
from ..operands import ANY, checked, known
from ..shapes import merge
from ..specs import FunctionSpec, Spec

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
def _(
    step_function: FunctionSpec | None,
    inputs: Any,
    initial_states: Any,
    mask: Spec | None,
    constants: list[Spec | None] | None,
    unroll: bool,
    time_major: bool,
    return_all_outputs: bool,
    **_: Any,
) -> list[Spec] | None:
    given = {"inputs": _leaves(inputs), "initial_states": _leaves(initial_states), "constants": constants or []}
    for name, specs in {**given, "mask": [mask]}.items():
        for spec in specs:
            checked(spec, ANY, name)
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
    if step_function is None:
        return None
    states = _leaves(initial_states)
    _check_step(step_function, len(_leaves(inputs)) + len(states) + len(constants or []), len(states))
    time = _time(_leaves(inputs), time_major) if return_all_outputs else 1
    return _results(step_function.outputs, states, time, time_major)


def _check_step(step: FunctionSpec, inputs: int, states: int) -> None:
    if len(step.inputs) != inputs:
        raise InvalidValue(f"expected a step of {inputs} inputs; got one of {len(step.inputs)}")
    if len(step.outputs) <= states:
        raise InvalidValue(
            f"expected a step that gives an output and {states} new states; got {len(step.outputs)} results"
        )


def _time(series: list[Any], time_major: bool) -> int | None:
    """The number of steps, None where it is not known."""
    shape = getattr(series[0], "shape", None)
    return None if shape is None else shape[0 if time_major else 1]


def _results(
    given: tuple[Spec | None, ...], states: list[Spec | None], time: int | None, time_major: bool
) -> list[Spec] | None:
    """The last outputs, the outputs of all steps, the states, None where one is not known."""
    outputs, new_states = given[: len(given) - len(states)], given[len(given) - len(states) :]
    found = [*outputs, *(_stacked(output, time, time_major) for output in outputs)]
    found += [_state(before, after) for before, after in zip(states, new_states, strict=True)]
    known_specs = [spec for spec in found if spec is not None and spec.dtype is not None and spec.shape is not None]
    return known_specs if len(known_specs) == len(found) else None


def _stacked(output: Spec | None, time: int | None, time_major: bool) -> Spec | None:
    if output is None or output.shape is None or not output.shape:
        return None
    leading = (time, output.shape[0]) if time_major else (output.shape[0], time)
    return known(output.dtype, (*leading, *output.shape[1:]))


def _state(before: Spec | None, after: Spec | None) -> Spec | None:
    """A state, which keeps its shape from step to step."""
    if before is None or after is None:
        return None
    try:
        return known(after.dtype or before.dtype, merge(before.shape, after.shape))
    except InvalidValue:
        raise InvalidValue(f"expected a state to stay {before}; got {after} from the step function") from None


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
