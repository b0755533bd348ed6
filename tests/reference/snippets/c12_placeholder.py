"""C12: a placeholder knows its shape."""

from kremote import backend as K

input_ph = K.placeholder(shape=(2, 4, 5))
print(input_ph)
assert input_ph._keras_shape == (2, 4, 5)
assert "shape=(2, 4, 5)" in repr(input_ph)
