"""C6: backend, uids, epsilon, floatx, image data format."""

from kremote import backend as K

assert K.backend() == "tensorflow"

assert K.get_uid("dense") == 1
assert K.get_uid("dense") == 2

assert K.epsilon() == 1e-07

K.reset_uids()
assert K.get_uid("dense") == 1

assert K.epsilon() == 1e-07
K.set_epsilon(1e-05)
assert K.epsilon() == 1e-05

assert K.floatx() == "float32"
K.set_floatx("float16")
assert K.floatx() == "float16"

# The page prints 'channels_first' here; its own default is the other.
assert K.image_data_format() == "channels_last"
K.set_image_data_format("channels_first")
assert K.image_data_format() == "channels_first"
K.set_image_data_format("channels_last")
assert K.image_data_format() == "channels_last"
