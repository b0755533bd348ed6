"""C13: symbolic shapes, and their values in a session."""

import numpy as np

from kremote import backend as K

val = np.array([[1, 2], [3, 4]])
kvar = K.variable(value=val)
inputs = K.placeholder(shape=(2, 4, 5))
print(K.shape(kvar))
print(K.shape(inputs))

# To get integer shape (Instead, you can use K.int_shape(x))
assert repr(K.shape(kvar).eval(session=K.get_session())) == "array([2, 2], dtype=int32)"
assert repr(K.shape(inputs).eval(session=K.get_session())) == "array([2, 4, 5], dtype=int32)"
assert repr(K.shape(kvar).eval()) == "array([2, 2], dtype=int32)"
