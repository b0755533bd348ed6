"""C22: rnn; the page gives its signature, and no example."""

import inspect

import numpy as np

from kremote import backend as K

signature = (
    "step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False, "
    "input_length=None, time_major=False, zero_output_for_mask=False"
)
printed = ", ".join(str(p).partition(":")[0] for p in inspect.signature(K.rnn).parameters.values())
names = [part.partition("=")[0] for part in signature.split(", ")]
assert printed.split(", ")[: len(names)] == names


def step_function(input, states):
    """A running total."""
    output = input + states[0]
    return output, [output]


steps = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
last_output, outputs, new_states = K.rnn(step_function, K.variable(steps), [K.zeros((2, 1))])
assert K.eval(last_output).tolist() == [[6.0], [15.0]]
assert K.eval(outputs).tolist() == [[[1.0], [3.0], [6.0]], [[4.0], [9.0], [15.0]]]
assert K.eval(new_states[0]).tolist() == [[6.0], [15.0]]
