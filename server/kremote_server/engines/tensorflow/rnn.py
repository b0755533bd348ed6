"""`rnn`: a step function iterated over the time dimension, as a while loop or unrolled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue

from ..recording.symbols import BoundClosure
from ..structures import flat_list

Tensors = list[Any]


def rnn(
    step_function: BoundClosure,
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> Tensors:
    """Iterate a step over time; the flat last outputs, outputs and final states."""
    series = [_as_tensor(item) for item in flat_list(inputs)]
    for item in series:
        if item.shape.rank is None or item.shape.rank < 3:
            raise InvalidValue(f"expected inputs of at least 3 dimensions (samples, time, ...); got shape {item.shape}")
    if not time_major:
        series = [_swap(item) for item in series]
    loop = _Loop(
        step_function,
        series,
        [_as_tensor(state) for state in flat_list(initial_states)],
        [_as_tensor(constant) for constant in constants or []],
        go_backwards,
        zero_output_for_mask,
        return_all_outputs,
    )
    masks = _Masks(mask, input_length, time_major, go_backwards)
    outputs, states = loop.unrolled(masks) if unroll else loop.iterated(masks)
    last = [output[-1] for output in outputs]
    if not time_major:
        outputs = [_swap(output) for output in outputs]
    return [*last, *outputs, *states]


def _as_tensor(value: Any) -> Any:
    return value if tf.is_tensor(value) and not isinstance(value, tf.Variable) else tf.convert_to_tensor(value)


def _swap(tensor: Any) -> Any:
    """Batch-major to time-major, and back."""
    rank = tensor.shape.rank
    return tf.transpose(tensor, [1, 0, *range(2, rank)])


def _spread(condition: Any, like: Any) -> Any:
    """A condition of shape (batch, 1) or (batch,) with ones appended until it broadcasts over `like`."""
    missing = like.shape.rank - condition.shape.rank
    for _ in range(missing):
        condition = tf.expand_dims(condition, -1)
    return condition


class _Masks:
    """Which samples are live at a time step: from a mask, or from the lengths of the sequences."""

    def __init__(self, mask: Any, input_length: Any, time_major: bool, go_backwards: bool) -> None:
        self.series = None
        self.lengths = None
        if mask is not None:
            series = tf.cast(_as_tensor(mask), tf.bool)
            series = tf.expand_dims(series, -1) if series.shape.rank == 2 else series
            series = series if time_major else _swap(series)
            self.series = tf.reverse(series, [0]) if go_backwards else series
        # An integer says what is known anyhow; lengths of the samples mask (statement 102 of the K page).
        elif input_length is not None and (tf.is_tensor(input_length) or isinstance(input_length, list)):
            lengths = tf.cast(input_length, tf.int32)
            self.lengths = tf.reduce_max(lengths) - 1 - lengths if go_backwards else lengths
            self.backwards = go_backwards

    def __bool__(self) -> bool:
        return self.series is not None or self.lengths is not None

    def at(self, time: Any) -> Any:
        """The condition of one time step, (batch, 1) or (batch,)."""
        if self.series is not None:
            return self.series[time]
        return tf.less(self.lengths, time) if self.backwards else tf.greater(self.lengths, time)


class _Loop:
    """One iteration of a step over time-major series."""

    def __init__(
        self,
        step: BoundClosure,
        series: Tensors,
        states: Tensors,
        constants: Tensors,
        go_backwards: bool,
        zero_output_for_mask: bool,
        return_all_outputs: bool,
    ) -> None:
        self.step = step
        self.series = [tf.reverse(item, [0]) for item in series] if go_backwards else series
        self.states = states
        self.constants = constants
        self.zero_output = zero_output_for_mask
        self.all_outputs = return_all_outputs
        static = series[0].shape[0]
        self.static_steps: int | None = static
        self.steps = tf.shape(series[0])[0] if static is None else static

    def _step(self, time: Any, states: Tensors) -> tuple[Tensors, Tensors]:
        results = self.step([*(item[time] for item in self.series), *states, *self.constants])
        count = len(results) - len(states)
        if count < 1:
            raise InvalidValue(
                f"expected a step that gives an output and {len(states)} new states; got {len(results)} results"
            )
        outputs, new_states = results[:count], results[count:]
        for new, old in zip(new_states, states, strict=True):
            new.set_shape(old.shape)
        return outputs, new_states

    def _masked_step(self, masks: _Masks, time: Any, states: Tensors, previous: Tensors) -> tuple[Tensors, Tensors]:
        """One step; a masked sample keeps its states, and repeats its last output or gives zeros."""
        outputs, new_states = self._step(time, states)
        if not masks:
            return outputs, new_states
        live = masks.at(time)
        rest = [tf.zeros_like(output) for output in outputs] if self.zero_output else previous
        return (
            [tf.where(_spread(live, o), o, r) for o, r in zip(outputs, rest, strict=True)],
            [tf.where(_spread(live, new), new, old) for new, old in zip(new_states, states, strict=True)],
        )

    def unrolled(self, masks: _Masks) -> tuple[Tensors, Tensors]:
        """Every step written out; the number of steps must be static."""
        if not self.static_steps:
            raise InvalidValue("Unrolling requires a fixed number of timesteps; got inputs of unknown length in time")
        states, collected = self.states, []
        previous: Tensors = []
        for time in range(self.static_steps):
            if not previous and masks:
                previous = [tf.zeros_like(output) for output in self._step(time, states)[0]]
            previous, states = self._masked_step(masks, time, states, previous)
            collected.append(previous)
        if not self.all_outputs:
            collected = collected[-1:]
        return [tf.stack(column) for column in zip(*collected, strict=True)], states

    def iterated(self, masks: _Masks) -> tuple[Tensors, Tensors]:
        """A while loop over time."""
        first, _ = self._step(0, self.states)
        zeros = [tf.zeros_like(output) for output in first]
        length = self.steps if self.all_outputs else 1
        collected = [tf.TensorArray(output.dtype, length, element_shape=output.shape) for output in first]

        def body(time: Any, collected: Tensors, previous: Tensors, states: Tensors) -> tuple[Any, ...]:
            outputs, new_states = self._masked_step(masks, time, states, previous)
            for output, zero in zip(outputs, zeros, strict=True):
                output.set_shape(zero.shape)
            place = time if self.all_outputs else 0
            collected = [array.write(place, output) for array, output in zip(collected, outputs, strict=True)]
            return time + 1, collected, outputs, new_states

        _, collected, _, states = tf.while_loop(
            lambda time, *_: time < self.steps,
            body,
            (tf.constant(0), collected, zeros, self.states),
            maximum_iterations=self.steps,
        )
        stacked = [array.stack() for array in collected]
        for output in stacked:
            output.set_shape([self.static_steps if self.all_outputs else 1, *output.shape[1:]])
        return stacked, states
