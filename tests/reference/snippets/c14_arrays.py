"""C14: int_shape, ndim, eval, zeros, ones, eye, zeros_like, ones_like, count_params."""

import numpy as np

from kremote import backend as K

inputs = K.placeholder(shape=(2, 4, 5))
assert K.int_shape(inputs) == (2, 4, 5)
val = np.array([[1, 2], [3, 4]])
kvar = K.variable(value=val)
assert K.int_shape(kvar) == (2, 2)

assert K.ndim(inputs) == 3
assert K.ndim(kvar) == 2

kvar = K.variable(np.array([[1, 2], [3, 4]]), dtype="float32")
assert repr(K.eval(kvar)) == "array([[1., 2.],\n       [3., 4.]], dtype=float32)"

kvar = K.zeros((3, 4))
zeros = "array([[0., 0., 0., 0.],\n       [0., 0., 0., 0.],\n       [0., 0., 0., 0.]], dtype=float32)"
assert repr(K.eval(kvar)) == zeros

kvar = K.ones((3, 4))
assert repr(K.eval(kvar)) == zeros.replace("0.", "1.")

kvar = K.eye(3)
assert repr(K.eval(kvar)) == "array([[1., 0., 0.],\n       [0., 1., 0.],\n       [0., 0., 1.]], dtype=float32)"
kvar = K.eye((2, 3))
assert repr(K.eval(kvar)) == "array([[1., 0., 0.],\n       [0., 1., 0.]], dtype=float32)"

kvar = K.variable(np.random.random((2, 3)))
kvar_zeros = K.zeros_like(kvar)
assert repr(K.eval(kvar_zeros)) == "array([[0., 0., 0.],\n       [0., 0., 0.]], dtype=float32)"
kvar_ones = K.ones_like(kvar)
assert repr(K.eval(kvar_ones)) == "array([[1., 1., 1.],\n       [1., 1., 1.]], dtype=float32)"

kvar = K.zeros((2, 3))
assert K.count_params(kvar) == 6
assert repr(K.eval(kvar)) == "array([[0., 0., 0.],\n       [0., 0., 0.]], dtype=float32)"
