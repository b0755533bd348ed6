"""`K.rnn`: the step function is traced here, and the loop runs on the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.ops import rnn as declared
from kremote_proto.specs import Spec

from .operands import floatx_spec
from .structure import leaves, like
from .tensor import Tensor
from .tracing import trace_callable

Step = Callable[[Any, Any], tuple[Any, Any]]


def rnn(
    step_function: Step,
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """A step function applied to each step of time, each time with the states the last one gave.

    Args:
        step_function: a callable of inputs (samples, ...) and a list of states to an output (samples, ...) and a list
            of new states. It is called once, with symbols.
        inputs: tensor (samples, time, ...) of rank 3 or more, or a nested structure of such.
        initial_states: the states before the first step, (samples, ...), a list or a nested structure.
        go_backwards: go through time in reverse, and give the outputs in that order.
        mask: tensor (samples, time) or (samples, time, 1), zero at every step to leave out.
        constants: values the step function gets after the states.
        unroll: write out every step instead of looping.
        input_length: the number of steps; a 1-d tensor, one number for each sample, masks what lies beyond.
        time_major: inputs, mask and outputs are (time, samples, ...).
        zero_output_for_mask: the output of a masked step is zeros; otherwise it is the output before.
        return_all_outputs: False keeps the last output alone, as one step of time.

    Returns:
        `(last_output, outputs, new_states)`: the output of the last step (samples, ...), those of all steps (samples,
        time, ...), and the states after the last step.

    Raises:
        ValueError: when inputs are of rank below 3, when `unroll` is set and the number of steps is not known, or when
            there is a mask and no state.

    Example:
        >>> steps = K.variable([[[1.0], [2.0], [3.0]]])
        >>> def step(inputs, states):
        ...     total = inputs + states[0]
        ...     return total, [total]
        >>> last_output, outputs, new_states = K.rnn(step, steps, [K.zeros((1, 1))])
        >>> K.eval(outputs)[0, :, 0]
        array([1., 3., 6.], dtype=float32)
    """
    constants = list(constants or [])
    step_specs = [_step_spec(_spec(leaf, "inputs"), unroll, time_major) for leaf in leaves(inputs)]
    state_leaves = leaves(initial_states)
    if mask is not None and not state_leaves:
        raise InvalidValue("expected states beside a mask; got none", op="rnn")
    specs = [*step_specs, *(_spec(leaf, "initial_states") for leaf in state_leaves)]
    specs += [_spec(leaf, "constants") for leaf in constants]

    step = _Step(step_function, inputs, initial_states)
    function, trace = trace_callable(step, specs)
    with trace.mode:
        results = declared.rnn(
            function,
            leaves(inputs),
            state_leaves,
            go_backwards=go_backwards,
            mask=mask,
            constants=constants or None,
            unroll=unroll,
            input_length=input_length,
            time_major=time_major,
            zero_output_for_mask=zero_output_for_mask,
            return_all_outputs=return_all_outputs,
        )
    return step.structured(results, trace.uses_learning_phase)


class _Step:
    """A step function that takes and gives leaves, and remembers how they were nested."""

    def __init__(self, step_function: Step, inputs: Any, states: Any) -> None:
        self._step_function = step_function
        self._inputs = inputs
        self._states = list(states) if isinstance(states, tuple) and not hasattr(states, "_fields") else states
        self._output: Any = None
        self._uses_learning_phase = False

    def __call__(self, placeholders: list[Tensor]) -> Sequence[Any]:
        count = len(leaves(self._inputs))
        states = like(self._states, placeholders[count:])
        constants = placeholders[count + len(leaves(self._states)) :]
        if constants:
            states = [*states, *constants] if isinstance(states, list) else [states, *constants]
        given = self._step_function(like(self._inputs, placeholders[:count]), states)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise InvalidType(f"expected (output, new_states) from the step function; got {given!r}", op="rnn")
        self._output, new_states = given
        wanted, got = len(leaves(self._states)), len(leaves(new_states))
        if wanted != got:
            raise InvalidValue(f"expected {wanted} new states from the step function; got {got}", op="rnn")
        output_leaves = leaves(self._output)
        self._uses_learning_phase = any(getattr(leaf, "_uses_learning_phase", False) for leaf in output_leaves)
        return [*output_leaves, *leaves(new_states)]

    def structured(self, results: Sequence[Any], uses_learning_phase: bool) -> tuple[Any, Any, Any]:
        """The flat results of the op as `K.rnn` gives them."""
        count = len(leaves(self._output))
        last_output = like(self._output, results[:count])
        if uses_learning_phase or self._uses_learning_phase:
            for leaf in leaves(last_output):
                leaf._uses_learning_phase = True
        return last_output, like(self._output, results[count:]), like(self._states, results[2 * count :])


def _spec(leaf: Any, name: str) -> Spec:
    if leaf is None or callable(leaf):
        raise InvalidType(f"expected tensors in {name}; got {leaf!r}", op="rnn")
    return floatx_spec(leaf)


def _step_spec(spec: Spec, unroll: bool, time_major: bool) -> Spec:
    """What the step function sees of an input."""
    if spec.shape is None:
        if unroll:
            raise InvalidValue(f"expected a known number of steps to unroll; got inputs of {spec}", op="rnn")
        return spec
    if len(spec.shape) < 3:
        raise InvalidValue(f"expected inputs of rank 3 or more, (samples, time, ...); got {spec}", op="rnn")
    samples, time = (1, 0) if time_major else (0, 1)
    if unroll and spec.shape[time] is None:
        raise InvalidValue(f"expected a known number of steps to unroll; got inputs of {spec}", op="rnn")
    return Spec(spec.dtype, (spec.shape[samples], *spec.shape[2:]), spec.sparse)
