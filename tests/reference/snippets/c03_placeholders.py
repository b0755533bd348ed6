"""C3: three ways to an input placeholder."""

from kremote import backend as K

inputs = K.placeholder(shape=(2, 4, 5))
first = K.int_shape(inputs)
# also works:
inputs = K.placeholder(shape=(None, 4, 5))
second = K.int_shape(inputs)
# also works:
inputs = K.placeholder(ndim=3)
third = K.int_shape(inputs)

assert first == (2, 4, 5)
assert second == (None, 4, 5)
assert third == (None, None, None)
