"""C20: products of batches."""

import numpy as np

from kremote import backend as K

x = K.variable([[1, 2], [3, 4]])
y = K.variable([[5, 6], [7, 8]])
assert K.eval(K.batch_dot(x, y, axes=1)).tolist() == [[17.0], [53.0]]

inner_products = []
for xi, yi in zip(K.eval(x), K.eval(y), strict=True):
    inner_products.append(xi.dot(yi))
assert np.stack(inner_products).tolist() == [17.0, 53.0]

x = K.ones(shape=(100, 20))
y = K.ones(shape=(100, 30, 20))
assert K.int_shape(K.batch_dot(x, y, axes=(1, 2))) == (100, 30)

x_batch = K.ones(shape=(32, 20, 1))
y_batch = K.ones(shape=(32, 30, 20))
xy_batch_dot = K.batch_dot(x_batch, y_batch, axes=(1, 2))
assert K.int_shape(xy_batch_dot) == (32, 1, 30)
