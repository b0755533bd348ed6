"""C19: products of placeholders and of variables."""

from kremote import backend as K

# dot product between tensors
x = K.placeholder(shape=(2, 3))
y = K.placeholder(shape=(3, 4))
xy = K.dot(x, y)
print(xy)
assert K.int_shape(xy) == (2, 4)

x = K.placeholder(shape=(32, 28, 3))
y = K.placeholder(shape=(3, 4))
xy = K.dot(x, y)
print(xy)
assert K.int_shape(xy) == (32, 28, 4)

# Theano-like behavior example
x = K.random_uniform_variable(shape=(2, 3), low=0, high=1)
y = K.ones((4, 3, 5))
xy = K.dot(x, y)
assert K.int_shape(xy) == (2, 4, 5)
