"""C10: a variable with a dtype and a name."""

import numpy as np

from kremote import backend as K

val = np.array([[1, 2], [3, 4]])
kvar = K.variable(value=val, dtype="float64", name="example_var")
assert K.dtype(kvar) == "float64"
print(kvar)
assert "example_var" in str(kvar)
assert repr(K.eval(kvar)) == "array([[1., 2.],\n       [3., 4.]])"
