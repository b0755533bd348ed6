"""C15: the number of elements; the page defines only kvar, and asks for the size of inputs."""

import numpy as np

from kremote import backend as K

val = np.array([[1, 2], [3, 4]])
kvar = K.variable(value=val)
inputs = K.placeholder(shape=(2, 4, 5))
print(K.size(inputs))

assert K.eval(K.size(kvar)) == 4
assert K.eval(K.size(inputs)) == 40
