"""The learning phase as a number and as a symbol, the choices by it, and the order control_dependencies gives."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest


def test_a_number_eagerly_and_a_symbol_in_graph_mode(K: ModuleType) -> None:
    assert K.learning_phase() == 0
    phase = K.symbolic(K.learning_phase)()
    assert (phase.shape, phase.dtype, phase.symbolic) == ((), "bool", True)
    assert K.symbolic(K.learning_phase)() is phase, "one for the session"
    K.set_learning_phase(1)
    assert K.symbolic(K.learning_phase)() == 1


def test_a_function_is_fed_the_phase_or_tests(K: ModuleType) -> None:
    phase = K.symbolic(K.learning_phase)()
    x = K.placeholder((2,))
    chosen = K.symbolic(K.in_train_phase)(lambda: x * 2, lambda: x * 3)
    assert chosen._uses_learning_phase
    assert K.function([x], [chosen])([[1.0, 1.0]])[0].tolist() == [3, 3]
    fed = K.function([x, phase], [chosen])
    assert fed([[1.0, 1.0], 1])[0].tolist() == [2, 2]
    assert fed([[1.0, 1.0], 0.0])[0].tolist() == [3, 3]


def test_a_new_symbol_after_clear_session(K: ModuleType) -> None:
    before = K.symbolic(K.learning_phase)()
    K.clear_session()
    after = K.symbolic(K.learning_phase)()
    assert after is not before
    assert K.function([after], [after])([True]) == [True]


@pytest.mark.parametrize(("training", "wanted"), [(1, 1.0), (True, 1.0), (0, 2.0), (False, 2.0), (None, 2.0)])
def test_in_train_phase_of_numbers(K: ModuleType, training: int | None, wanted: float) -> None:
    assert float(K.eval(K.in_train_phase(K.constant(1.0), lambda: K.constant(2.0), training))) == wanted
    assert float(K.eval(K.in_test_phase(lambda: K.constant(2.0), K.constant(1.0), training))) == wanted


def test_in_train_phase_of_a_tensor(K: ModuleType) -> None:
    training = K.placeholder((), dtype="bool")
    chosen = K.in_train_phase(K.constant([1.0]), K.constant([2.0]), training)
    function = K.function([training], [chosen])
    assert [function([flag])[0].tolist() for flag in (True, False)] == [[1.0], [2.0]]


def test_the_phase_in_a_step_of_rnn_is_that_outside(K: ModuleType) -> None:
    def step(inputs: object, states: list[object]) -> tuple[object, list[object]]:
        output = K.in_train_phase(lambda: inputs * 2, inputs) + states[0]  # type: ignore[operator]
        return output, [output]

    with K.learning_phase_scope(1):
        trained, _, _ = K.rnn(step, K.ones((1, 3, 1)), [K.zeros((1, 1))])
    tested, _, _ = K.rnn(step, K.ones((1, 3, 1)), [K.zeros((1, 1))])
    assert (float(K.eval(trained)[0, 0]), float(K.eval(tested)[0, 0])) == (6.0, 3.0)


def test_learning_phase_scope(K: ModuleType) -> None:
    with K.learning_phase_scope(1):
        assert K.learning_phase() == 1
        with K.learning_phase_scope(0):
            assert K.learning_phase() == 0
        assert K.learning_phase() == 1
    assert K.learning_phase() == 0
    with pytest.raises(ValueError, match="0 or 1"), K.learning_phase_scope(2):
        pass


def test_a_mean_as_keras_metrics_keep_it(K: ModuleType) -> None:
    x = K.placeholder((None,))
    total, count = K.zeros(()), K.zeros(())

    @K.symbolic  # type: ignore[untyped-decorator]
    def build() -> object:
        with K.control_dependencies([K.update_add(total, K.sum(x))]):
            counted = K.update_add(count, K.cast(K.size(x), "float32"))
        with K.control_dependencies(counted):
            return total / count

    mean = K.function([x], [build()])
    assert mean([[2.0, 4.0]]) == [3.0]
    assert mean([[9.0]]) == [5.0]
    assert [float(K.eval(variable)) for variable in (total, count)] == [15.0, 3.0]


def test_an_update_of_a_number_comes_after_the_others(K: ModuleType) -> None:
    first, second = K.variable(0.0, dtype="float64"), K.variable(0.0, dtype="float64")

    @K.symbolic  # type: ignore[untyped-decorator]
    def build() -> object:
        with K.control_dependencies([K.update_add(first, 1.0)]):
            return K.update_add(second, 2.0)

    K.function([], [build()])([])
    assert [float(K.eval(variable)) for variable in (first, second)] == [1.0, 2.0]


def test_no_dependencies(K: ModuleType) -> None:
    count = K.variable(0.0)

    @K.symbolic  # type: ignore[untyped-decorator]
    def build() -> object:
        with K.control_dependencies([K.update_add(count, 1.0)]), K.control_dependencies(None):
            return count * 10

    assert K.function([], [build()])([]) == [0.0]
    assert float(K.eval(count)) == 0.0
    with K.control_dependencies([count]):
        np.testing.assert_array_equal(K.eval(count + 1), 1.0)
    with pytest.raises(TypeError, match="expected tensors"), K.control_dependencies(["x"]):
        pass
