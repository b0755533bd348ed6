"""Variables: made, read and changed."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import scipy.stats

DTYPES = ("float16", "float32", "float64", "int32", "bool")


@pytest.mark.parametrize("dtype", DTYPES)
def test_variable(K: ModuleType, dtype: str) -> None:
    value = np.array([[1, 0], [3, 4]])
    made = K.variable(value, dtype=dtype)
    np.testing.assert_array_equal(K.eval(made), value.astype(dtype))
    assert K.eval(made).dtype == dtype
    assert (K.dtype(made), K.int_shape(made), K.is_variable(made)) == (dtype, (2, 2), True)


def test_variable_of_every_kind_of_value(K: ModuleType) -> None:
    for value in (2, 2.5, [1, 2], [[0.1], [0.2]], np.float64(0.1), np.arange(3), K.constant([1.0, 2.0])):
        wanted = np.asarray(K.eval(value) if K.is_tensor(value) else value, "float32")
        np.testing.assert_array_equal(K.eval(K.variable(value)), wanted)
    assert K.eval(K.variable(0.1, dtype="float64")) == 0.1, "not rounded to float32 on the way"


def test_variable_of_a_sparse_matrix_is_a_sparse_tensor(K: ModuleType) -> None:
    matrix = scipy.sparse.coo_matrix(([1.0, 2.0, 3.0], ([0, 1, 1], [0, 2, 2])), shape=(3, 4))
    sparse = K.variable(matrix)
    assert K.is_sparse(sparse)
    np.testing.assert_array_equal(K.eval(K.to_dense(sparse)), matrix.toarray().astype("float32"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 2)])
def test_zeros_and_ones(K: ModuleType, shape: tuple[int, ...], dtype: str) -> None:
    for function, reference in ((K.zeros, np.zeros), (K.ones, np.ones)):
        made = function(shape, dtype=dtype)
        assert K.is_variable(made)
        np.testing.assert_array_equal(K.eval(made), reference(shape, dtype))
        assert (K.eval(made).dtype, made.dtype, made.shape) == (dtype, dtype, shape)


def test_zeros_and_ones_of_a_dynamic_shape_are_tensors(K: ModuleType) -> None:
    x = K.placeholder((None, 3))
    zeros, ones = K.zeros(K.shape(x)), K.ones((K.shape(x)[0], 2))
    assert not K.is_variable(zeros)
    first, second = K.function([x], [zeros, ones])([np.empty((4, 3))])
    np.testing.assert_array_equal(first, np.zeros((4, 3)))
    np.testing.assert_array_equal(second, np.ones((4, 2)))


def test_zeros_of_a_concrete_shape_tensor_is_a_variable(K: ModuleType) -> None:
    made = K.zeros(K.shape(K.variable([[1.0, 2.0]])))
    assert K.eval(made).shape == (1, 2)
    K.set_value(made, [[3.0, 4.0]])
    np.testing.assert_array_equal(K.eval(made), [[3, 4]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [3, (2, 3), (4, 2)])
def test_eye(K: ModuleType, size: Any, dtype: str) -> None:
    made = K.eye(size, dtype=dtype)
    rows, columns = size if isinstance(size, tuple) else (size, size)
    wanted = np.eye(rows, columns, dtype=dtype)
    np.testing.assert_array_equal(K.eval(made), wanted)
    assert (made.dtype, made.shape, K.is_variable(made)) == (dtype, wanted.shape, True)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_random_variables(K: ModuleType, dtype: str) -> None:
    for made, distribution in (
        (K.random_uniform_variable((50, 40), -1, 3, dtype=dtype, seed=11), scipy.stats.uniform(-1, 4)),
        (K.random_normal_variable((50, 40), 2, 0.5, dtype=dtype, seed=12), scipy.stats.norm(2, 0.5)),
    ):
        value = K.eval(made)
        assert (value.dtype, value.shape, made.shape) == (dtype, (50, 40), (50, 40))
        assert scipy.stats.kstest(value.astype("float64").ravel(), distribution.cdf).pvalue > 1e-3


def test_seeds(K: ModuleType) -> None:
    for function in (K.random_uniform_variable, K.random_normal_variable):
        same, again, other = (K.eval(function((8,), 0, 1, seed=seed)) for seed in (5, 5, -6))
        np.testing.assert_array_equal(same, again)
        assert not np.array_equal(same, other)
        first, second = K.eval(function((8,), 0, 1)), K.eval(function((8,), 0, 1))
        assert not np.array_equal(first, second), "without a seed each draw is another"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_updates_are_immediate(K: ModuleType, dtype: str) -> None:
    x = K.variable([1, 2], dtype=dtype)
    assert K.eval(K.update(x, K.constant([5, 7], dtype=dtype))).tolist() == [5, 7]
    assert K.eval(K.update_add(x, [3, 4])).tolist() == [8, 11]
    assert K.eval(K.update_sub(x, np.array([1, 1], dtype))).tolist() == [7, 10]
    assert K.eval(x).tolist() == [7, 10]
    assert K.eval(x).dtype == dtype


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_uniform_integers(K: ModuleType, dtype: str) -> None:
    drawn = K.eval(K.random_uniform_variable((200,), -1, 2, dtype=dtype, seed=3))
    assert drawn.dtype == dtype
    assert sorted(set(drawn.tolist())) == [-1, 0, 1]


def test_eye_of_a_size_that_is_a_tensor(K: ModuleType) -> None:
    size = K.constant(2, dtype="int32")
    for made, wanted in ((K.eye(size), np.eye(2)), (K.eye((size, 3)), np.eye(2, 3))):
        assert K.is_variable(made)
        assert made.shape == wanted.shape
        np.testing.assert_array_equal(K.eval(made), wanted)


@pytest.mark.parametrize(
    ("dtype", "start", "value", "momentum", "wanted"),
    [
        ("float32", [1, 2], 3.0, 0.5, [2, 2.5]),
        ("float32", [1, 2], [3.0, 4.0], [0.5, 0.0], [2, 4]),
        ("float32", [1, 2], np.array([3, 5]), 0.5, [2, 3.5]),
        ("float32", [1, 2], [True, False], 0.5, [1, 1]),
        ("float16", [1, 2], [3.0, 4.0], 0.5, [2, 3]),
        ("int32", [1, 2], np.array([3.7, 4.2]), 0, [3, 4]),
        ("complex64", [2j, 2], [0, 0], 0.5, [1j, 1]),
    ],
)
def test_what_a_moving_average_casts_and_broadcasts(
    K: ModuleType, dtype: str, start: Any, value: Any, momentum: Any, wanted: Any
) -> None:
    x = K.variable(np.array(start), dtype=dtype)
    K.moving_average_update(x, value, momentum)
    got = K.eval(x)
    assert (got.dtype, got.tolist()) == (dtype, wanted)


def test_moving_average_update(K: ModuleType) -> None:
    x = K.variable([1.0, 2.0], dtype="float64")
    moved = K.moving_average_update(x, np.array([3.0, 4.0]), 0.9)
    np.testing.assert_allclose(K.eval(moved), [1.2, 2.2], rtol=1e-12)
    np.testing.assert_allclose(K.eval(x), [1.2, 2.2], rtol=1e-12)


def test_updates_with_a_symbol_wait_for_the_function(K: ModuleType) -> None:
    p = K.placeholder((2,))
    set_, added, less = K.variable([1.0, 2.0]), K.variable([1.0, 2.0]), K.variable([1.0, 2.0])
    average = K.variable([1.0, 2.0])
    updates = [
        K.update(set_, p),
        K.update_add(added, p),
        K.update_sub(less, p),
        K.moving_average_update(average, p, 0.5),
    ]
    function = K.function([p], [p * 2], updates)
    assert K.eval(set_).tolist() == [1, 2]
    assert function([[3.0, 4.0]])[0].tolist() == [6, 8]
    changed = [value.tolist() for value in K.batch_get_value([set_, added, less, average])]
    assert changed == [[3, 4], [4, 6], [-2, -2], [2, 3]]


def test_get_and_set_values(K: ModuleType) -> None:
    x, y = K.variable([1.0, 2.0]), K.variable(3, dtype="int32")
    assert K.get_value(x).tolist() == [1, 2]
    K.set_value(x, np.array([4, 5], "int64"))
    K.batch_set_value([(x, K.get_value(x) + 1), (y, 7)])
    values = K.batch_get_value([x, y, x])
    assert [value.tolist() for value in values] == [[5, 6], 7, [5, 6]]
    assert [value.dtype for value in values] == ["float32", "int32", "float32"]
    assert K.batch_get_value([]) == []
    K.batch_set_value([])


def test_pairs_to_set_may_be_counted_out(K: ModuleType) -> None:
    x, y = K.variable([1.0, 2.0]), K.variable(3, dtype="int32")
    K.batch_set_value(zip([x, y], [[4.0, 5.0], 6], strict=True))
    assert [value.tolist() for value in K.batch_get_value([x, y])] == [[4, 5], 6]
    K.batch_set_value({x: [7.0, 8.0]}.items())
    assert K.get_value(x).tolist() == [7, 8]


def test_a_value_read_is_not_changed_later(K: ModuleType) -> None:
    x = K.variable([1.0, 2.0])
    before, total = K.identity(x), x + 0
    K.update_add(x, [1.0, 1.0])
    assert K.eval(before).tolist() == [1, 2]
    assert K.eval(total).tolist() == [1, 2]
    assert K.eval(x).tolist() == [2, 3]


REFUSED: dict[str, tuple[type[Exception], str, Callable[[ModuleType, Any], Any]]] = {
    "update's shape": (
        ValueError,
        "expected a value of the variable's shape [2]; got [3]",
        lambda K, x: K.update(x, [1.0, 2.0, 3.0]),
    ),
    "update's dtype": (TypeError, "K.cast", lambda K, x: K.update(x, K.constant([1, 2], dtype="int32"))),
    "update_add's shape": (ValueError, "expected a value of the variable's shape", lambda K, x: K.update_add(x, 1.0)),
    "update_sub's shape": (
        ValueError,
        "expected a value of the variable's shape",
        lambda K, x: K.update_sub(x, K.ones((2, 2))),
    ),
    "moving_average_update's shape": (
        ValueError,
        "expected shapes that broadcast; got [2] and [3]",
        lambda K, x: K.moving_average_update(x, [1.0, 2.0, 3.0], 0.9),
    ),
    "update of a tensor": (TypeError, "expected a variable", lambda K, x: K.update(x + 1, x)),
    "set_value's shape": (
        ValueError,
        "expected a value of the variable's shape [2]; got [3]",
        lambda K, x: K.set_value(x, np.zeros(3)),
    ),
    "batch_set_value's shape": (
        ValueError,
        "expected a value of",
        lambda K, x: K.batch_set_value([(x, [0.0, 0.0]), (x, [0.0])]),
    ),
    "batch_set_value's pairs": (TypeError, "expected a pair", lambda K, x: K.batch_set_value([(x,)])),
    "variable's text": (
        TypeError,
        "expected a value that can be cast to float32",
        lambda K, x: K.variable(np.array(["a"])),
    ),
    "variable's dtype": (TypeError, "expected a dtype", lambda K, x: K.variable(1.0, dtype="floaty")),
    "zeros' length": (ValueError, "expected lengths of 0 or more; got [2, -1]", lambda K, x: K.zeros((2, -1))),
    "ones' unknown length": (ValueError, "expected known lengths", lambda K, x: K.ones((2, None))),
    "eye's size": (ValueError, "expected the number of rows and columns", lambda K, x: K.eye((1, 2, 3))),
    "moving_average_update's rank": (
        ValueError,
        "expected a value of",
        lambda K, x: K.moving_average_update(x, [[1.0, 2.0]], 0.9),
    ),
    "uniform bytes": (
        TypeError,
        "expected samples of a float dtype, int32 or int64",
        lambda K, x: K.random_uniform_variable((2,), 0, 9, dtype="int8"),
    ),
    "uniform integers": (
        ValueError,
        "expected bounds with",
        lambda K, x: K.random_uniform_variable((2,), 9, 9, dtype="int32"),
    ),
    "normal integers": (
        ValueError,
        "expected samples of a float dtype",
        lambda K, x: K.random_normal_variable((2,), 0, 1, dtype="int32"),
    ),
    "normal shape": (ValueError, "expected lengths of 0 or more", lambda K, x: K.random_normal_variable((-2,), 0, 1)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(K: ModuleType, what: str) -> None:
    error, says, act = REFUSED[what]
    x = K.variable([1.0, 2.0])
    with pytest.raises(error) as caught:
        K.eval(act(K, x))
    assert says in str(caught.value)
    assert K.eval(x).tolist() == [1, 2], "nothing was changed"


def test_variables_are_assigned_as_tensorflow_s_are(K: ModuleType) -> None:
    v = K.variable([1.0, 2.0])
    before = v.value()
    assert v.assign([3.0, 4.0]) is v
    assert v.assign_add([1.0, 1.0]) is v
    np.testing.assert_array_equal(v.assign_sub(np.array([0.5, 0.5])).numpy(), [3.5, 4.5])
    np.testing.assert_array_equal(K.batch_get_value([before, v.read_value()]), [[1.0, 2.0], [3.5, 4.5]])


def test_assigning_a_symbol_is_an_update(K: ModuleType) -> None:
    v, x = K.variable([1.0, 2.0]), K.placeholder((2,))
    K.function([x], [], updates=[v.assign_add(x)])([[1.0, 1.0]])
    np.testing.assert_array_equal(K.get_value(v), [2.0, 3.0])
