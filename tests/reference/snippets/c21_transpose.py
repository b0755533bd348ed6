"""C21: transposition of a variable and of a placeholder."""

import numpy as np

from kremote import backend as K

var = K.variable([[1, 2, 3], [4, 5, 6]])
assert repr(K.eval(var)) == "array([[1., 2., 3.],\n       [4., 5., 6.]], dtype=float32)"
var_transposed = K.transpose(var)
assert repr(K.eval(var_transposed)) == "array([[1., 4.],\n       [2., 5.],\n       [3., 6.]], dtype=float32)"

input = K.placeholder((2, 3))
print(input)
input_transposed = K.transpose(input)
print(input_transposed)
assert K.int_shape(input_transposed) == (3, 2)
assert np.array_equal(K.function([input], [input_transposed])([np.ones((2, 3))])[0], np.ones((3, 2)))
