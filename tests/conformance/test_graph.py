"""Placeholders, functions, gradients, evaluation."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"shape": (2, 4, 5)}, (2, 4, 5)),
        ({"shape": (None, 4, 5)}, (None, 4, 5)),
        ({"ndim": 3}, (None, None, None)),
        ({"shape": (2,), "ndim": 3}, (2,)),
        ({"shape": ()}, ()),
        ({}, None),
    ],
)
def test_placeholder(K: ModuleType, arguments: dict[str, Any], shape: Any) -> None:
    for dtype in (None, "float64", "int32", "bool"):
        made = K.placeholder(**arguments, dtype=dtype)
        assert (made.shape, made.dtype, made.symbolic) == (shape, dtype or "float32", True)


@pytest.mark.parametrize(
    ("arguments", "says"), [({"shape": (-1,)}, "expected lengths"), ({"ndim": -1}, "expected ndim")]
)
def test_placeholder_refuses(K: ModuleType, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        K.placeholder(**arguments)


def test_function(K: ModuleType) -> None:
    x, y = K.placeholder((None, 2)), K.placeholder(())
    w = K.variable([[1.0], [2.0]])
    function = K.function([x, y], [K.dot(x, w) * y, K.shape(x)])
    product, shape = function([[[1, 2], [3, 4], [5, 6]], 10.0])
    np.testing.assert_array_equal(product, [[50], [110], [170]])
    assert product.dtype == "float32"
    assert shape.tolist() == [3, 2]
    K.set_value(w, [[0.0], [1.0]])
    assert function([[[1, 2]], 1.0])[0].tolist() == [[2]], "variables are read when the function runs"


def test_function_call_refuses(K: ModuleType) -> None:
    x = K.placeholder((None, 2))
    function = K.function([x], [x])
    with pytest.raises(ValueError, match="expected 1 inputs"):
        function([])
    with pytest.raises(ValueError, match="expected float32"):
        function([np.zeros((2, 3))])
    with pytest.raises(ValueError, match="placeholder"):
        K.function([x], [x + K.placeholder((2,))])([[[1.0, 2.0]]])


def test_updates_of_a_function_see_the_values_before(K: ModuleType) -> None:
    x, w = K.placeholder(()), K.variable(1.0)
    function = K.function([x], [w * x], [(w, w + x)])
    assert [float(function([2.0])[0]) for _ in range(3)] == [2, 6, 10]


def test_gradients(K: ModuleType) -> None:
    x, w, unused = K.placeholder((3,)), K.variable([1.0, 2.0, 3.0]), K.variable(0.0)
    loss = K.sum(x * w * w)
    by_w, by_x, by_nothing = K.gradients(loss, [w, x, unused])
    assert by_nothing is None
    assert (by_w.shape, by_w.dtype) == ((3,), "float32")
    first, second = K.function([x], [by_w, by_x])([[1.0, 1.0, 2.0]])
    assert first.tolist() == [2, 4, 12]
    assert second.tolist() == [1, 4, 9]


def test_gradients_of_gradients(K: ModuleType) -> None:
    x = K.placeholder(())
    (slope,) = K.gradients(x**3, [x])
    (curvature,) = K.gradients(slope, [x])
    assert float(K.function([x], [curvature])([2.0])[0]) == 12


def test_gradients_stop(K: ModuleType) -> None:
    x = K.placeholder((2,))
    (slope,) = K.gradients(K.sum(K.stop_gradient(x) * x), [x])
    assert K.function([x], [slope])([[3.0, 5.0]])[0].tolist() == [3, 5]


def test_gradients_refuse_integers(K: ModuleType) -> None:
    x = K.placeholder((2,), dtype="int32")
    with pytest.raises(TypeError, match="expected loss of a float dtype"):
        K.gradients(K.sum(x), [x])


def test_print_tensor(K: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    x = K.placeholder((2,))
    printed = K.print_tensor(x, "x is ")
    assert (printed.shape, printed.dtype) == ((2,), "float32")
    assert K.function([x], [printed * 2])([[1.5, 2.5]])[0].tolist() == [3, 5]
    out = capsys.readouterr().out
    assert "x is" in out
    assert "1.5" in out


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint16", "int64", "bool", "complex64"])
def test_eval(K: ModuleType, dtype: str) -> None:
    value = np.array([[0, 1], [1, 0]], dtype)
    evaluated = K.eval(K.constant(value, dtype=dtype))
    np.testing.assert_array_equal(evaluated, value)
    assert evaluated.dtype == dtype


def test_eval_of_what_needs_a_placeholder_is_refused(K: ModuleType) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        K.eval(K.placeholder((2,)) + 1)


def test_a_symbol_is_told_its_shape(K: ModuleType) -> None:
    x = K.placeholder((None, None))
    symbol = x * 2
    symbol.set_shape((None, 4))
    K.function([x], [symbol])  # the server answers, and knows less
    assert K.int_shape(symbol) == (None, 4)
    assert K.int_shape(K.dot(symbol, K.ones((4, 3)))) == (None, 3)
    with pytest.raises(ValueError, match=r"equal shapes; got \[\?, 4\] and \[2, 5\]"):
        symbol.set_shape([2, 5])
