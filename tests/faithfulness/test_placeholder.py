"""Placeholders: the dtype and static shape of what is made, as tf_keras has them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from . import reference
from .outcome import Refused

SHAPES: tuple[Any, ...] = ((2, 3), (), (None, 3), [2, None], (0,), None, (None, None, None, 1))
DTYPES = (None, "float64", "float16", "int32", "int64", "bool", "uint8", "complex64", "string", float)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_as_tf_keras(K: ModuleType, shape: Any, dtype: Any) -> None:
    from tf_keras.src import backend as keras

    # The page has a shape win over ndim, also one of no axes; to tf_keras a shape or an ndim of nothing is none.
    for ndim in (None,) if not shape else (None, 0, 3):
        theirs = reference.specs(keras.placeholder(shape, ndim, dtype))[0]
        ours = K.placeholder(shape, ndim, dtype)
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert K.int_shape(ours) == keras.int_shape(keras.placeholder(shape, ndim, dtype))
        assert K.ndim(ours) == keras.ndim(keras.placeholder(shape, ndim, dtype))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("shape", "dtype"), [((-1, 2), None), ("a", None), ((2,), "wrong")])
def test_refused_as_tf_keras(K: ModuleType, shape: Any, dtype: Any) -> None:
    from tf_keras.src import backend as keras

    kinds = []
    for backend in (keras, K):
        with pytest.raises((TypeError, ValueError)) as caught:
            backend.placeholder(shape, dtype=dtype)
        kinds.append(Refused.of(caught.value).kinds)
    assert kinds[0] & kinds[1]
