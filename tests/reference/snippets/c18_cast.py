"""C18: a cast is not in place."""

from kremote import backend as K

input = K.placeholder((2, 3), dtype="float32")
print(input)
# It doesn't work in-place as below.
K.cast(input, dtype="float16")
assert K.dtype(input) == "float32"
# you need to assign it.
input = K.cast(input, dtype="float16")
print(input)
assert K.dtype(input) == "float16"
assert K.int_shape(input) == (2, 3)
