"""C11: what counts as a tensor of a layer; without a layer library, its mark is set by hand."""

import numpy as np

from kremote import backend as K

np_var = np.array([1, 2])
try:
    K.is_keras_tensor(np_var)  # A numpy array is not a symbolic tensor.
except ValueError as error:
    print(error)
else:
    raise AssertionError("expected a ValueError")

k_var = K.placeholder(dtype="float32", shape=(1, 1))
# A variable indirectly created outside of keras is not a Keras tensor.
assert K.is_keras_tensor(k_var) is False

keras_var = K.variable(np_var)
# A variable created with the keras backend is not a Keras tensor.
assert K.is_keras_tensor(keras_var) is False

keras_placeholder = K.placeholder(shape=(2, 4, 5))
# A placeholder is not a Keras tensor.
assert K.is_keras_tensor(keras_placeholder) is False

keras_input = K.placeholder(shape=(None, 10))
keras_input._keras_history = ("input_1", 0, 0)
assert K.is_keras_tensor(keras_input) is True  # An Input is a Keras tensor.

keras_layer_output = K.dot(keras_input, K.ones((10, 10)))
keras_layer_output._keras_history = ("dense_1", 0, 0)
assert K.is_keras_tensor(keras_layer_output) is True  # Any Keras layer output is a Keras tensor.
