"""C16: dtypes; variables have no '_ref'."""

import numpy as np

from kremote import backend as K

assert K.dtype(K.placeholder(shape=(2, 4, 5))) == "float32"
assert K.dtype(K.placeholder(shape=(2, 4, 5), dtype="float32")) == "float32"
assert K.dtype(K.placeholder(shape=(2, 4, 5), dtype="float64")) == "float64"
# Keras variable
kvar = K.variable(np.array([[1, 2], [3, 4]]))
assert K.dtype(kvar) == "float32"
kvar = K.variable(np.array([[1, 2], [3, 4]]), dtype="float32")
assert K.dtype(kvar) == "float32"
