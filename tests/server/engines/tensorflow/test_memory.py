"""Tensors share the memory of arrays where they can, and are right where they cannot."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kremote_proto.dtypes import DTYPES
from kremote_server.aligned_memory import aligned_bytes
from kremote_server.engines.tensorflow.memory import array_of, tensor_of


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2), (1, 1)])
def test_an_array_of_each_dtype_comes_back(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.ones(shape, tf.as_dtype(dtype).as_numpy_dtype)
    array = np.full(shape, b"text", object) if dtype == "string" else array
    tensor = tensor_of(array)
    assert (tensor.dtype.name, tuple(tensor.shape)) == (dtype, shape)
    back = array_of(tensor)
    assert (back.dtype, back.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(back, array)


def test_an_aligned_array_is_not_copied() -> None:
    body = aligned_bytes(1 << 20).data
    array = np.frombuffer(body, "float32")
    tensor = tensor_of(array)
    assert np.shares_memory(array_of(tensor), array)
    array[0] = 5
    del array, body
    gc.collect()
    assert float(tensor[0]) == 5


@pytest.mark.parametrize(
    "array",
    [
        np.frombuffer(bytes(range(64)), "uint8"),
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0)[::2],
        np.frombuffer(bytearray(65), "uint8")[1:].view("float32"),
    ],
    ids=["read alone", "columns first", "with gaps", "not aligned"],
)
def test_other_arrays_are_copied(array: Any) -> None:
    tensor = tensor_of(array)
    np.testing.assert_array_equal(array_of(tensor), array)
    assert not np.shares_memory(array_of(tensor), array)


def test_what_was_read_of_a_variable_stays() -> None:
    variable = tf.Variable(tensor_of(np.zeros(1000)))
    read = array_of(tf.convert_to_tensor(variable))
    variable.assign_add(np.ones(1000))
    assert not read.any()
    assert not read.flags.writeable


def test_a_variable_made_of_an_array_does_not_change_it() -> None:
    array = np.zeros(1000)
    kept = tensor_of(array)
    variable = tf.Variable(kept)
    variable.assign_add(np.ones(1000))
    assert not array.any()
    np.testing.assert_array_equal(kept, array)
