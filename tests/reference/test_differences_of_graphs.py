"""docs/differences.md: where the references disagree on graphs, loops and random numbers; see `test_differences`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def T() -> Any:
    """`tf_keras.backend`."""
    import tf_keras

    return tf_keras.backend


def test_stop_gradient_of_a_list(K: ModuleType, T: Any) -> None:
    assert len(K.stop_gradient([K.constant(1.0), K.constant(2.0)])) == 2
    assert isinstance(T.stop_gradient([T.constant(1.0)]), map)


def test_gradients_outside_graph_mode(K: ModuleType, T: Any) -> None:
    x = K.placeholder(())
    assert float(K.function([x], K.gradients(x * x, [x]))([3.0])[0]) == 6.0
    with pytest.raises(RuntimeError):
        T.gradients(T.constant(1.0), [T.constant(1.0)])


def test_function_updates_and_a_session_s_keywords(K: ModuleType, T: Any) -> None:
    x, y, count = K.placeholder(()), K.placeholder(()), K.variable(0.0)
    function = K.function([x], [x + y], updates=[(count, x)], feed_dict={y: 1.0}, fetches=[x * 2])
    assert (float(function([3.0])[0]), float(K.eval(count))) == (4.0, 3.0)
    placeholder = T.placeholder(())
    for keyword in ("updates", "feed_dict"):
        with pytest.raises(ValueError, match="not supported"):
            T.function([placeholder], [placeholder], **{keyword: [1]})


def test_function_fewer_values_than_inputs(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        function = backend.function([backend.placeholder((1,)), y := backend.placeholder((1,))], [y])
        with pytest.raises(ValueError, match="expect"):
            function([np.ones(1, "float32")])


def test_switch_a_condition_of_one_axis_over_rows(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        then, otherwise = backend.ones((3, 3)), backend.zeros((3, 3))
        chosen = backend.switch(backend.constant([1.0, 0.0, 1.0]), then, otherwise)
        np.testing.assert_array_equal(backend.eval(chosen), [[1, 0, 1]] * 3)


def test_switch_a_python_boolean(K: ModuleType, T: Any) -> None:
    assert float(K.eval(K.switch(True, K.constant(1.0), K.constant(2.0)))) == 1.0
    with pytest.raises(AttributeError):
        T.switch(True, T.constant(1.0), T.constant(2.0))


def test_in_train_phase_uses_learning_phase_of_what_it_gives(K: ModuleType, T: Any) -> None:
    def chosen(training: Any = None) -> Any:
        return K.symbolic(K.in_train_phase)(K.ones((2,)) + 1, K.zeros((2,)) + 1, training)

    assert chosen()._uses_learning_phase
    assert not hasattr(chosen(training=True), "_uses_learning_phase")
    assert not hasattr(T.in_train_phase(T.constant(1.0), T.constant(2.0)), "_uses_learning_phase")


def test_map_fn_another_dtype_than_the_elements(K: ModuleType, T: Any) -> None:
    import tensorflow as tf

    mapped = K.map_fn(lambda one: K.cast(one, "int32"), K.ones((2,)))
    assert (mapped.dtype, K.eval(mapped).tolist()) == ("int32", [1, 1])
    with pytest.raises(tf.errors.InvalidArgumentError):
        T.map_fn(_as_integer, T.ones((2,)))


def _as_integer(one: Any) -> Any:
    import tensorflow as tf

    return tf.cast(one, "int32")


SERIES = np.arange(1, 9, dtype="float32").reshape(2, 4, 1)
MASK = np.array([[1, 0, 1, 0], [0, 1, 1, 1]], "float32")


def _sum(one: Any, states: Any) -> tuple[Any, list[Any]]:
    total = one + states[0]
    return total, [total]


def run(backend: Any, **options: Any) -> list[np.ndarray[Any, Any]]:
    """The sums of a series so far, as `rnn` gives them: the last, all, the state."""
    given = {
        name: backend.constant(value, dtype=value.dtype) if isinstance(value, np.ndarray) else value
        for name, value in options.items()
    }
    last, outputs, states = backend.rnn(
        lambda one, states: (one + states[0], [one + states[0]]),
        backend.constant(SERIES),
        [backend.zeros((2, 1))],
        **given,
    )
    return [np.asarray(backend.eval(one)) for one in (last, outputs, states[0])]


def test_rnn_a_mask_without_states(K: ModuleType, T: Any) -> None:
    def masked(backend: Any) -> Any:
        return backend.rnn(lambda one, states: (one, []), backend.constant(SERIES), [], mask=backend.constant(MASK))

    with pytest.raises(ValueError, match="states beside a mask"):
        masked(K)
    assert masked(T)[0].shape == (2, 1)


def test_rnn_lengths_of_the_samples_in_an_unrolled_loop(K: ModuleType, T: Any) -> None:
    lengths = np.array([2, 4], "int32")
    for looped, unrolled in zip(run(K, input_length=lengths), run(K, input_length=lengths, unroll=True), strict=True):
        np.testing.assert_array_equal(looped, unrolled)
    np.testing.assert_array_equal(run(K, input_length=lengths)[1][0, :, 0], [1, 3, 3, 3])
    np.testing.assert_array_equal(run(T, input_length=lengths)[1][0, :, 0], [1, 3, 3, 3])
    np.testing.assert_array_equal(run(T, input_length=lengths, unroll=True)[1][0, :, 0], [1, 3, 6, 10])


def test_rnn_zeros_for_masked_steps_unrolled_and_in_reverse(K: ModuleType, T: Any) -> None:
    options: dict[str, Any] = {"mask": MASK, "zero_output_for_mask": True, "go_backwards": True}
    for unroll in (False, True):
        assert run(K, **options, unroll=unroll)[1][0, :, 0].tolist() == [0, 3, 0, 4]
    assert run(T, **options)[1][0, :, 0].tolist() == [0, 3, 0, 4]
    assert run(T, **options, unroll=True)[1][0, :, 0].tolist() == [0, 0, 3, 0]


def test_rnn_the_states_a_step_is_given(K: ModuleType, T: Any) -> None:
    for backend, kind in ((K, list), (T, tuple)):
        seen: list[type] = []

        def step(one: Any, states: Any, seen: list[type] = seen) -> Any:
            seen.append(type(states))
            return one, [one]

        backend.rnn(step, backend.constant(SERIES), [backend.zeros((2, 1))])
        assert set(seen) == {kind}


def test_random_uniform_the_seed_where_none_is_given(K: ModuleType, T: Any) -> None:
    drawn = []
    for backend in (K, T):
        for _ in range(2):
            np.random.seed(7)
            drawn.append(backend.eval(backend.random_uniform((4,))))
    assert not np.array_equal(drawn[0], drawn[1])
