"""C17: random variables; the numbers differ from run to run."""

import numpy as np

from kremote import backend as K

kvar = K.random_uniform_variable((2, 3), 0, 1)
print(kvar)
uniform = K.eval(kvar)
kvar = K.random_normal_variable((2, 3), 0, 1)
print(kvar)
normal = K.eval(kvar)

assert uniform.shape == normal.shape == (2, 3)
assert uniform.dtype == normal.dtype == np.dtype("float32")
assert ((uniform >= 0) & (uniform < 1)).all()
