"""C4: three ways to a variable."""

import numpy as np

from kremote import backend as K

val = np.random.random((3, 4, 5))
var = K.variable(value=val)
of_values = K.eval(var)

# all-zeros variable:
var = K.zeros(shape=(3, 4, 5))
of_zeros = K.eval(var)
# all-ones:
var = K.ones(shape=(3, 4, 5))
of_ones = K.eval(var)

assert np.array_equal(of_values, val.astype("float32"))
assert np.array_equal(of_zeros, np.zeros((3, 4, 5)))
assert np.array_equal(of_ones, np.ones((3, 4, 5)))
