"""C9: sparse placeholders."""

from kremote import backend as K

a = K.placeholder((2, 2), sparse=False)
assert K.is_sparse(a) is False
b = K.placeholder((2, 2), sparse=True)
assert K.is_sparse(b) is True

c = K.to_dense(b)
assert K.is_sparse(c) is False
