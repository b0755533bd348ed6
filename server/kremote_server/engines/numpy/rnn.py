"""`rnn`: a step function iterated over the time dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.tensors import Array

from ..structures import flat_list
from .operands import as_dtype, dense, is_given

Tensors = list[Any]


def rnn(
    step_function: Any,
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
    series = [_ordered(dense(item), time_major, go_backwards) for item in flat_list(inputs)]
    states = [dense(state) for state in flat_list(initial_states)]
    fixed = [dense(constant) for constant in constants or []]
    live = _live(mask, input_length, len(series[0]), time_major, go_backwards)
    outputs: Tensors = []
    collected: list[Tensors] = []
    for time in range(len(series[0])):
        results = step_function([*(item[time] for item in series), *states, *fixed])
        count = len(results) - len(states)
        if count < 1:
            raise InvalidValue(
                f"expected a step that gives an output and {len(states)} new states; got {len(results)} results"
            )
        new_outputs, new_states = results[:count], results[count:]
        if live is not None:
            rest = [np.zeros_like(output) for output in new_outputs] if zero_output_for_mask or not outputs else outputs
            new_outputs, new_states = _kept(live[time], new_outputs, rest), _kept(live[time], new_states, states)
        outputs, states = new_outputs, new_states
        collected = [*collected, outputs] if return_all_outputs else [outputs]
    stacked = [np.stack(column) for column in zip(*collected, strict=True)]
    return [*outputs, *(item if time_major else np.swapaxes(item, 0, 1) for item in stacked), *states]


def _ordered(series: Array, time_major: bool, backwards: bool) -> Array:
    """A series with time first, in the order it is gone through."""
    if not time_major:
        series = np.swapaxes(series, 0, 1)
    return series[::-1] if backwards else series


def _live(mask: Any, input_length: Any, steps: int, time_major: bool, backwards: bool) -> Array | None:
    """Which samples are live, (time, batch), from a mask or the lengths of the sequences; None where all are."""
    if mask is not None:
        series = as_dtype(mask, "bool")
        return _ordered(series.reshape(series.shape[:2]), time_major, backwards)
    # An integer says what is known anyhow; lengths of the samples mask.
    if input_length is None or not (is_given(input_length) or isinstance(input_length, list)):
        return None
    lengths, times = as_dtype(input_length, "int32"), np.arange(steps)[:, None]
    return times > lengths.max() - 1 - lengths if backwards else times < lengths


def _kept(live: Array, new: Tensors, old: Tensors) -> Tensors:
    """The new values of live samples, the old ones of the others."""
    return [
        np.where(live.reshape(live.shape + (1,) * (after.ndim - 1)), after, before)
        for after, before in zip(new, old, strict=True)
    ]
