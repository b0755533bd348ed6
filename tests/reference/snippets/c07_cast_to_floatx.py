"""C7: an array in the default float type."""

import numpy

from kremote import backend as K

assert K.floatx() == "float32"
arr = numpy.array([1.0, 2.0], dtype="float64")
assert arr.dtype == numpy.dtype("float64")
new_arr = K.cast_to_floatx(arr)
print(repr(new_arr))

assert repr(new_arr) == "array([1., 2.], dtype=float32)"
assert repr(new_arr.dtype) == "dtype('float32')"
