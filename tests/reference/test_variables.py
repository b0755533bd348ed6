"""Section 4: sparse tensors, variables, placeholders and what they are (statements 42 to 54)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

from .statements import statement


@statement(42)
@pytest.mark.parametrize("sparse", [False, True])
def test_is_sparse(K: Any, sparse: bool) -> None:
    assert K.is_sparse(K.placeholder((2, 2), sparse=sparse)) is sparse


@statement(42)
def test_a_variable_of_a_sparse_matrix_is_sparse(K: Any) -> None:
    assert K.is_sparse(K.variable(scipy.sparse.csr_matrix([[0.0, 1.0]]))) is True
    assert K.is_sparse(K.variable([[0.0, 1.0]])) is False


@statement(43)
def test_to_dense_of_a_symbol(K: Any) -> None:
    b = K.placeholder((2, 2), sparse=True)
    dense = K.to_dense(b)
    assert (K.is_sparse(b), K.is_sparse(dense)) == (True, False)
    fed = scipy.sparse.coo_matrix([[0.0, 1.0], [2.0, 0.0]])
    np.testing.assert_array_equal(K.function([b], [dense])([fed])[0], fed.toarray())


@statement(43)
def test_to_dense_of_what_is_dense_is_the_same(K: Any) -> None:
    dense = K.to_dense(K.variable([[1.0, 0.0]]))
    assert K.is_sparse(dense) is False
    np.testing.assert_array_equal(K.eval(dense), [[1.0, 0.0]])


@statement(44)
def test_a_variable_has_what_it_was_given(K: Any) -> None:
    def positive(x: Any) -> Any:
        return K.relu(x)

    made = K.variable(np.array([1, -2]), dtype="float64", name="weights", constraint=positive)
    assert K.is_variable(made)
    assert (K.dtype(made), made.name) == ("float64", "weights")
    assert (made._keras_shape, made._uses_learning_phase) == ((2,), False), "Keras metadata"
    assert made.constraint is positive
    np.testing.assert_array_equal(K.eval(made.constraint(made)), [1.0, 0.0])


@statement(44)
def test_a_variable_has_defaults(K: Any) -> None:
    made = K.variable(np.array([1, 2]))
    assert K.dtype(made) == K.floatx()
    assert made.constraint is None


@statement(45)
def test_a_variable_of_a_list(K: Any) -> None:
    kvar = K.variable(value=[[1, 2], [3, 4]], dtype="float64", name="example_var")
    assert K.dtype(kvar) == "float64"
    np.testing.assert_array_equal(K.eval(kvar), np.array([[1.0, 2.0], [3.0, 4.0]], "float64"), strict=True)


@statement(46)
def test_a_variable_is_printed_with_its_name(K: Any, capsys: pytest.CaptureFixture[str]) -> None:
    print(K.variable(value=[[1, 2], [3, 4]], dtype="float64", name="example_var"))
    printed = capsys.readouterr().out
    for part in ("example_var", "(2, 2)", "float64"):
        assert part in printed


@statement(47)
def test_is_variable(K: Any) -> None:
    variable = K.variable([1.0])
    assert K.is_variable(variable) is True
    for other in (variable + 1, K.constant([1.0]), K.placeholder((1,)), np.ones(1), 1.0, None):
        assert K.is_variable(other) is False


@statement(48)
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"value": 3}, np.array(3, "float32")),
        ({"value": [1, 2, 3]}, np.array([1, 2, 3], "float32")),
        ({"value": [1, 2], "dtype": "int32"}, np.array([1, 2], "int32")),
        ({"value": [1, 2, 3, 4], "shape": (2, 2)}, np.array([[1, 2], [3, 4]], "float32")),
        ({"value": 7, "shape": (2, 3), "dtype": "float64"}, np.full((2, 3), 7, "float64")),
        ({"value": [[True]], "dtype": "bool", "name": "flag"}, np.array([[True]])),
    ],
)
def test_a_constant(K: Any, arguments: dict[str, Any], expected: Any) -> None:
    made = K.constant(**arguments)
    assert K.is_tensor(made)
    assert not K.is_variable(made)
    assert (K.int_shape(made), K.dtype(made)) == (expected.shape, expected.dtype.name)
    np.testing.assert_array_equal(K.eval(made), expected, strict=True)


@statement(49, 50)
@pytest.mark.parametrize("other", [np.ones((2, 2)), 1.0, [1.0], None, "text"], ids=lambda value: type(value).__name__)
def test_is_keras_tensor_refuses_what_is_no_tensor(K: Any, other: Any) -> None:
    with pytest.raises(ValueError, match="expected a tensor"):
        K.is_keras_tensor(other)


@statement(50)
def test_what_no_layer_made_is_no_keras_tensor(K: Any) -> None:
    np_var = np.array([1, 2])
    assert K.is_keras_tensor(K.placeholder(dtype="float32", shape=(1, 1))) is False
    assert K.is_keras_tensor(K.variable(np_var)) is False
    assert K.is_keras_tensor(K.placeholder(shape=(2, 4, 5))) is False
    assert K.is_keras_tensor(K.placeholder(shape=(2, 4)) + 1.0) is False


@statement(49, 50)
def test_what_a_layer_made_is_a_keras_tensor(K: Any) -> None:
    """`Input` and layers leave their mark on what they return; they do so on handles as on any tensor."""
    keras_input = K.placeholder(shape=(None, 10))
    keras_input._keras_history = ("layer", 0, 0)
    output = K.dot(keras_input, K.ones((10, 10)))
    assert K.is_keras_tensor(keras_input) is True
    assert K.is_keras_tensor(output) is False
    output._keras_history = ("dense", 0, 0)
    assert K.is_keras_tensor(output) is True


@statement(51)
def test_is_tensor(K: Any) -> None:
    variable = K.variable([1.0])
    for tensor in (variable, variable + 1, K.constant(1.0), K.placeholder((1,)), K.placeholder((1,)) * 2):
        assert K.is_tensor(tensor) is True
    for other in (np.ones(1), np.float32(1.0), 1.0, [1.0], "text", None):
        assert K.is_tensor(other) is False


@statement(52)
@pytest.mark.parametrize(
    ("arguments", "shape", "dtype"),
    [
        ({"shape": (2, None)}, (2, None), "float32"),
        ({"shape": ()}, (), "float32"),
        ({"ndim": 2}, (None, None), "float32"),
        ({"ndim": 0}, (), "float32"),
        ({"shape": (2, 3), "ndim": 5}, (2, 3), "float32"),
        ({"shape": (2,), "dtype": "int32", "name": "indices"}, (2,), "int32"),
        ({}, None, "float32"),
    ],
)
def test_a_placeholder(K: Any, arguments: dict[str, Any], shape: Any, dtype: str) -> None:
    made = K.placeholder(**arguments)
    assert (K.int_shape(made), K.dtype(made)) == (shape, dtype)
    assert K.ndim(made) == (None if shape is None else len(shape))
    assert K.is_sparse(made) is False
    assert made.name == arguments.get("name")


@statement(52)
@pytest.mark.parametrize("fed", [np.ones(()), np.ones((2,)), np.ones((2, 3, 4))], ids=lambda fed: str(fed.ndim))
def test_a_placeholder_of_unknown_rank_takes_any(K: Any, fed: Any) -> None:
    made = K.placeholder()
    np.testing.assert_array_equal(K.function([made], [made + 1.0])([fed])[0], fed + 1)


@statement(53)
@pytest.mark.parametrize("shape", [(2, 4, 5), (None, 4, 5)])
def test_a_placeholder_has_keras_metadata(K: Any, shape: tuple[int | None, ...]) -> None:
    input_ph = K.placeholder(shape=shape)
    assert input_ph._keras_shape == shape
    assert input_ph._uses_learning_phase is False
    for part in (str(shape), "float32"):
        assert part in repr(input_ph)


@statement(54)
def test_is_placeholder(K: Any) -> None:
    placeholder = K.placeholder((2,))
    assert K.is_placeholder(placeholder) is True
    for other in (placeholder + 1, K.variable([1.0]), K.constant(1.0), np.ones(1), None):
        assert K.is_placeholder(other) is False
