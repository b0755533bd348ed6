"""What `rnn` is to compute, in NumPy: a loop over time, one sample's mask at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
Step = Callable[[Array, list[Array]], tuple[Array, list[Array]]]


def rnn(
    step: Step,
    inputs: Array,
    initial_states: list[Array],
    *,
    go_backwards: bool = False,
    mask: Array | None = None,
    zero_output_for_mask: bool = False,
) -> tuple[Array, Array, list[Array]]:
    """`(last_output, outputs, new_states)` of inputs (samples, time, ...) and a mask (samples, time)."""
    if go_backwards:
        inputs, mask = inputs[:, ::-1], None if mask is None else mask[:, ::-1]
    states = list(initial_states)
    outputs: list[Array] = []
    for time in range(inputs.shape[1]):
        output, new_states = step(inputs[:, time], states)
        if mask is not None:
            live = mask[:, time].astype(bool)
            repeated = outputs[-1] if outputs and not zero_output_for_mask else np.zeros_like(output)
            output = _where(live, output, repeated)
            new_states = [_where(live, new, old) for new, old in zip(new_states, states, strict=True)]
        states = new_states
        outputs.append(output)
    return outputs[-1], np.stack(outputs, axis=1), states


def _where(live: Array, new: Array, old: Array) -> Array:
    return np.where(live.reshape(-1, *[1] * (new.ndim - 1)), new, old)
