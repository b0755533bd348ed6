"""switch, map_fn, foldl, foldr: against tf_keras, with callables that close over outer handles, and their gradients."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

GENERATOR = np.random.default_rng(11)
THEN, ELSE = GENERATOR.normal(size=(2, 3, 4)), GENERATOR.normal(size=(2, 3, 4))

CONDITIONS = {
    "scalar": np.array(1),
    "false": np.array(0.0),
    "of the same shape": GENERATOR.integers(0, 2, (2, 3, 4)),
    "of the first axes": GENERATOR.integers(0, 2, (2, 3)).astype(bool),
    "with an axis of one": GENERATOR.integers(0, 2, (2, 1, 4)),
    "of one axis": GENERATOR.integers(0, 2, (4,)).astype("float32"),
}


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("called", [False, True])
def test_switch_as_tf_keras(K: ModuleType, name: str, called: bool, waits: bool) -> None:
    import tf_keras

    arrays = [CONDITIONS[name], THEN, ELSE]
    wanted = tf_keras.backend.switch(*(tf_keras.backend.constant(array, dtype=array.dtype) for array in arrays))
    given = [
        K.placeholder(array.shape, dtype=array.dtype) if waits else K.constant(array, dtype=array.dtype)
        for array in arrays
    ]
    expressions = [(lambda one=one: one) if called else one for one in given[1:]]
    chosen = K.switch(given[0], *expressions)
    assert (chosen.shape, chosen.dtype, chosen.symbolic) == ((2, 3, 4), "float64", waits)
    result = K.function(given, [chosen])(arrays)[0] if waits else K.eval(chosen)
    np.testing.assert_array_equal(result, wanted.numpy())


EXPRESSIONS = {
    "the second of a lower rank": (THEN[0], ELSE[0, 0]),
    "the second of rank 0": (THEN[0], np.array(0.5)),
    "the second of a higher rank": (THEN[0], ELSE),
    "the second of one column": (THEN[0], ELSE[0, :, :1]),
}


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_switch_of_expressions_that_broadcast_as_tf_keras(K: ModuleType, name: str, waits: bool) -> None:
    import tf_keras

    arrays = [CONDITIONS["of the first axes"][0][:, None], *EXPRESSIONS[name]]
    wanted = tf_keras.backend.switch(*(tf_keras.backend.constant(array, dtype=array.dtype) for array in arrays))
    given = [
        K.placeholder(array.shape, dtype=array.dtype) if waits else K.constant(array, dtype=array.dtype)
        for array in arrays
    ]
    chosen = K.switch(*given)
    assert chosen.shape == wanted.shape
    result = K.function(given, [chosen])(arrays)[0] if waits else K.eval(chosen)
    np.testing.assert_array_equal(result, wanted.numpy())


@pytest.mark.parametrize("expressions", [("x", 0), ("x", 0.5), (2, "x"), ("x", np.ones((3, 4), "float32"))])
@pytest.mark.parametrize("condition", [np.array(0), np.array(1), THEN[0] > 0, THEN[0, 0] > 0])
def test_switch_of_a_number_or_an_array_and_a_tensor(K: ModuleType, condition: Any, expressions: Any) -> None:
    x = K.constant(THEN[0], dtype="float64")
    chosen = K.switch(K.constant(condition, dtype="bool"), *(x if isinstance(one, str) else one for one in expressions))
    arrays = [THEN[0] if isinstance(one, str) else one for one in expressions]
    if condition.shape:
        np.testing.assert_array_equal(K.eval(chosen), np.where(condition, *arrays))
    else:
        np.testing.assert_array_equal(K.eval(chosen), arrays[0 if condition else 1])
    assert chosen.dtype == "float64"


def test_switch_leaves_the_other_expression_uncomputed(K: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    x, which = K.variable(2.0), K.placeholder((), dtype="bool")
    chosen = K.switch(which, lambda: K.print_tensor(x, "then"), lambda: K.print_tensor(x * 2, "else"))
    assert K.function([which], [chosen])([False]) == [4.0]
    out = capsys.readouterr().out
    assert "else" in out
    assert "then" not in out


def test_switch_of_several_results(K: ModuleType) -> None:
    x = K.placeholder((2,))
    chosen = K.switch(K.sum(x) > 0, lambda: {"a": x, "b": [x * 2]}, lambda: {"a": -x, "b": [x * 3]})
    function = K.function([x], [chosen["a"], chosen["b"][0]])
    np.testing.assert_array_equal(function([[1.0, 1.0]]), [[1, 1], [2, 2]])
    np.testing.assert_array_equal(function([[-1.0, -1.0]]), [[1, 1], [-3, -3]])


def test_switch_of_tensors_of_different_lengths(K: ModuleType) -> None:
    which = K.placeholder((), dtype="bool")
    chosen = K.switch(which, K.ones((2, 3)), K.ones((4, 3)))
    assert chosen.shape == (None, 3)
    assert [K.function([which], [chosen])([flag])[0].shape for flag in (True, False)] == [(2, 3), (4, 3)]


def test_gradient_of_switch(K: ModuleType) -> None:
    x, which = K.placeholder((2,)), K.placeholder(())
    chosen = K.switch(which, lambda: K.square(x), lambda: x * 5)
    (slope,) = K.gradients(K.sum(chosen), [x])
    function = K.function([x, which], [slope])
    np.testing.assert_array_equal(function([[2.0, 3.0], 1.0])[0], [4, 6])
    np.testing.assert_array_equal(function([[2.0, 3.0], 0.0])[0], [5, 5])


@pytest.mark.parametrize(
    ("condition", "then", "otherwise", "error", "says"),
    [
        (np.ones((2, 3)), np.ones(3), np.ones(3), ValueError, "at most the expressions' rank"),
        (np.ones((2, 3)), np.ones(3), np.ones((2, 3)), ValueError, "at most the expressions' rank"),
        (np.ones(3), np.array(1.0), np.array(2.0), ValueError, "at most the expressions' rank"),
        (np.ones(3), np.ones((2, 4)), np.ones((2, 4)), ValueError, "broadcast"),
        (np.array(1), np.ones(2), np.ones(2, "float32"), TypeError, "one dtype"),
    ],
)
def test_switch_refuses(K: ModuleType, condition: Any, then: Any, otherwise: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        K.switch(*(K.constant(array, dtype=array.dtype) for array in (condition, then, otherwise)))


def test_switch_refuses_a_callable_of_nothing(K: ModuleType) -> None:
    with pytest.raises(TypeError, match="gives None"):
        K.switch(K.constant(1.0), lambda: None, lambda: None)


ROWS = GENERATOR.normal(size=(5, 3))


@pytest.mark.parametrize("shape", [None, (5, 3), (None, 3), (None, None)])
def test_map_fn(K: ModuleType, shape: Any) -> None:
    scale = K.variable([1.0, 2.0, 3.0], dtype="float64")

    def norm(row: Any) -> Any:
        return K.sqrt(K.sum(K.square(row * scale)))

    wanted = np.sqrt(np.sum((ROWS * [1, 2, 3]) ** 2, 1))
    if shape is None:
        mapped = K.map_fn(norm, K.constant(ROWS, dtype="float64"))
        assert (mapped.shape, mapped.dtype) == ((5,), "float64")
        np.testing.assert_allclose(K.eval(mapped), wanted, rtol=1e-12)
        return
    x = K.placeholder(shape, dtype="float64")
    mapped = K.map_fn(norm, x)
    assert mapped.shape == shape[:1]
    np.testing.assert_allclose(K.function([x], [mapped])([ROWS])[0], wanted, rtol=1e-12)


def test_map_fn_of_nested_elements_and_results(K: ModuleType) -> None:
    a, b = K.variable([[1.0, 2.0], [3.0, 4.0]]), K.variable([10.0, 20.0])
    mapped = K.map_fn(lambda pair: {"sum": pair[0] + pair[1], "whole": K.cast(pair[1], "int32")}, (a, b))
    np.testing.assert_array_equal(K.eval(mapped["sum"]), [[11, 12], [23, 24]])
    assert K.eval(mapped["whole"]).tolist() == [10, 20]
    assert mapped["whole"].dtype == "int32"


def test_map_fn_of_no_elements(K: ModuleType) -> None:
    x = K.placeholder((None, 3))
    mapped = K.function([x], [K.map_fn(lambda row: K.sum(row) * K.ones((2,)), x)])([np.zeros((0, 3))])[0]
    assert (mapped.shape, mapped.dtype) == ((0, 2), "float32")


def test_map_fn_closes_over_outer_symbols(K: ModuleType) -> None:
    x, offset = K.placeholder((None,)), K.placeholder(())
    mapped = K.map_fn(lambda one: one * 2 + offset, x)
    by_x, by_offset = K.gradients(K.sum(mapped), [x, offset])
    results = K.function([x, offset], [mapped, by_x, by_offset])([[1.0, 2.0, 3.0], 10.0])
    assert [np.asarray(result).tolist() for result in results] == [[12, 14, 16], [2, 2, 2], 3]


@pytest.mark.parametrize(
    ("value", "dtype", "gives"), [(1, "int64", "int64"), (1, "float64", "float64"), (0.5, "int32", "float32")]
)
def test_map_fn_of_a_number(K: ModuleType, value: Any, dtype: str, gives: str) -> None:
    mapped = K.map_fn(lambda row: value, K.ones((3, 2), dtype=dtype))
    assert (mapped.dtype, mapped.shape) == (gives, (3,))
    np.testing.assert_array_equal(K.eval(mapped), [value] * 3)


@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize("dtype", ["int32", "float64", "float32"])
def test_fold_from_a_number(K: ModuleType, start: int, dtype: str) -> None:
    folded = K.foldr(lambda total, one: total + one, K.constant([1, 2, 3], dtype=dtype), start)
    assert (folded.dtype, K.eval(folded)) == (dtype, 6 + start)
    folded = K.foldl(lambda total, one: total + K.cast(one, "float32"), K.constant([1, 2], dtype="int32"), 0.5)
    assert (folded.dtype, K.eval(folded)) == ("float32", 3.5)


def test_map_fn_in_map_fn(K: ModuleType) -> None:
    x = K.variable(ROWS)
    mapped = K.map_fn(lambda row: K.map_fn(lambda one: one + K.sum(row), row), x)
    np.testing.assert_allclose(K.eval(mapped), ROWS + ROWS.sum(1, keepdims=True), rtol=1e-5)


def _accumulated(total: Any, rows: Any) -> Any:
    for row in rows:
        total = total * 0.5 + row
    return total


@pytest.mark.parametrize(
    ("name", "order"), [("foldl", slice(None)), ("foldr", slice(None, None, -1))], ids=["foldl", "foldr"]
)
def test_folds(K: ModuleType, name: str, order: slice) -> None:
    weight = K.variable(0.5, dtype="float64")

    def step(total: Any, row: Any) -> Any:
        return total * weight + row

    fold = {"foldl": K.foldl, "foldr": K.foldr}[name]
    rows = ROWS[order]
    wanted = _accumulated(rows[0], rows[1:])
    folded = fold(step, K.constant(ROWS, dtype="float64"))
    assert (folded.shape, folded.dtype) == ((3,), "float64")
    np.testing.assert_allclose(K.eval(folded), wanted, rtol=1e-12)

    x = K.placeholder((None, 3), dtype="float64")
    start = K.constant([1.0, 1.0, 1.0], dtype="float64")
    folded = fold(step, x, initializer=start)
    (slope,) = K.gradients(K.sum(folded), [weight])
    results = K.function([x], [folded, slope])([ROWS])
    np.testing.assert_allclose(results[0], _accumulated(np.ones(3), rows), rtol=1e-12)
    K.set_value(weight, 0.5 + 1e-6)
    ahead = K.function([x], [K.sum(folded)])([ROWS])[0]
    assert results[1] == pytest.approx((ahead - np.sum(results[0])) / 1e-6, rel=1e-4)


def test_fold_of_nested_values(K: ModuleType) -> None:
    x = K.variable([1.0, 2.0, 3.0])
    total, count = K.foldl(lambda so_far, one: (so_far[0] + one, so_far[1] + 1), x, (K.constant(0.0), K.constant(0.0)))
    assert (float(K.eval(total)), float(K.eval(count))) == (6.0, 3.0)


def test_refusals(K: ModuleType) -> None:
    with pytest.raises(ValueError, match="rank 1 or more"):
        K.map_fn(lambda x: x, K.constant(1.0))
    with pytest.raises(ValueError, match="one length of the first axis"):
        K.map_fn(lambda pair: pair[0], [K.ones((2,)), K.ones((3,))])
    with pytest.raises(TypeError, match="gives None"):
        K.map_fn(lambda x: None, K.ones((2,)))
    with pytest.raises(ValueError, match="int32"):
        K.map_fn(lambda x: x, K.ones((2,)), dtype="int32")
    with pytest.raises(ValueError, match="no elements"):
        K.foldl(lambda total, x: total + x, K.constant([]))
    with pytest.raises(ValueError, match=r"stay float32\[2\]"):
        K.foldl(lambda total, x: K.concatenate([total, x], 0), K.ones((3, 2)))


def test_callables_cost_no_round_trip(K: ModuleType) -> None:
    session = K.variable(1.0).session
    x = K.placeholder((None, 5, 3))
    session.flush()
    before = session.traffic["requests"]
    mapped = K.map_fn(K.sum, x)
    chosen = K.switch(K.sum(mapped) > 0, lambda: mapped, lambda: -mapped)
    last, _, _ = K.rnn(lambda row, states: (row + states[0], [row]), x, [x[:, 0]])
    assert (chosen.shape, last.shape) == ((None,), (None, 3))
    assert session.traffic["requests"] == before
