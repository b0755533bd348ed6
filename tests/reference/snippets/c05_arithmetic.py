"""C5: tensors of random numbers, and arithmetic with them."""

import numpy as np

from kremote import backend as K

# Initializing Tensors with Random Numbers
b = K.random_uniform_variable(shape=(3, 4), low=0, high=1)  # Uniform distribution
c = K.random_normal_variable(shape=(3, 4), mean=0, scale=1)  # Gaussian distribution
d = K.random_normal_variable(shape=(3, 4), mean=0, scale=1)

# Tensor Arithmetic
a = b + c * K.abs(d)
assert K.int_shape(a) == (3, 4)
assert np.allclose(K.eval(a), K.eval(b) + K.eval(c) * np.abs(K.eval(d)))
c = K.dot(a, K.transpose(b))
assert K.int_shape(c) == (3, 3)
assert np.allclose(K.eval(c), K.eval(a) @ K.eval(b).T, rtol=1e-4)
a = K.sum(b, axis=1)
assert K.int_shape(a) == (3,)
assert np.allclose(K.eval(a), K.eval(b).sum(axis=1))
a = K.softmax(b)
assert K.int_shape(a) == (3, 4)
assert np.allclose(K.eval(a).sum(axis=1), 1)
a = K.concatenate([b, c], axis=-1)
assert K.int_shape(a) == (3, 7)
assert np.array_equal(K.eval(a), np.hstack([K.eval(b), K.eval(c)]))
