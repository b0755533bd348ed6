"""docs/differences.md: where the references disagree, each row has a test of what kremote and tf_keras do."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .tables import rows

ROWS = rows("Where the references disagree")


@pytest.fixture
def T() -> Any:
    """`tf_keras.backend`."""
    import tf_keras

    return tf_keras.backend


def name_of(row: dict[str, str]) -> str:
    """The name of a row's test: the name and what differs, in words."""
    words = re.sub(r"\W|_", " ", f"{row['name']} {row['what differs']}").lower()
    return "_".join(["test", *words.split()])


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    own = {"test_every_row_has_its_test_and_every_test_its_row", "test_every_cell_says_something"}
    tests = [name for name in globals() if name.startswith("test_") and name not in own]
    assert [name_of(row) for row in ROWS] == tests


def test_every_cell_says_something() -> None:
    assert [row for row in ROWS if not all(row.values())] == []


def test_backend_what_it_names(K: ModuleType, T: Any) -> None:
    assert K.backend() == K.variable(1.0).session.engine == T.backend() == "tensorflow"


def test_cast_to_floatx_a_tensor(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        assert backend.dtype(backend.cast_to_floatx(backend.constant([1.0], dtype="float64"))) == "float32"


def test_set_epsilon_what_is_no_number(K: ModuleType, T: Any) -> None:
    with pytest.raises(ValueError, match="expected a number as epsilon"):
        K.set_epsilon("a")
    before = T.epsilon()
    try:
        T.set_epsilon("a")
        assert T.epsilon() == "a"
    finally:
        T.set_epsilon(before)


def test_learning_phase_what_nobody_set(K: ModuleType, T: Any) -> None:
    assert K.learning_phase() == T.learning_phase() == 0
    symbol = K.symbolic(K.learning_phase)()
    assert (symbol.symbolic, symbol.dtype, symbol.shape) == (True, "bool", ())


def test_name_scope_one_entered_again(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        for name in ("v", "w"):
            with backend.name_scope("again"):
                assert backend.variable(1.0, name=name).name.startswith(f"again/{name}")


def test_get_session_whether_it_is_there(K: ModuleType, T: Any) -> None:
    assert float(K.get_session().run(K.constant(1.0))) == 1.0
    assert not hasattr(T, "get_session")


def test_print_tensor_where_it_prints(K: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    K.eval(K.print_tensor(K.constant([1.0, 2.0]), "here:"))
    assert capsys.readouterr().out == "here: [1. 2.]\n"


def test_variable_its_name_as_shown(K: ModuleType, T: Any) -> None:
    assert K.variable(1.0, name="example_var").name == "example_var"
    assert "'example_var'" in repr(K.variable(1.0, name="example_var_again"))[:40].replace("_again", "")
    assert T.variable(1.0, name="example_var").name == "example_var:0"


def test_zeros_a_length_of_0(K: ModuleType, T: Any) -> None:
    assert K.is_variable(K.zeros((0, 2)))
    assert not hasattr(T.zeros((0, 2)), "assign")


def test_eye_what_it_gives(K: ModuleType, T: Any) -> None:
    assert K.is_variable(K.eye(2))
    assert hasattr(T.eye(2), "assign")


def test_eye_a_pair_of_lengths(K: ModuleType, T: Any) -> None:
    np.testing.assert_array_equal(K.eval(K.eye((2, 3))), np.eye(2, 3))
    with pytest.raises(TypeError):
        T.eye((2, 3))


def test_zeros_like_the_dtype_where_none_is_given(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        assert backend.dtype(backend.zeros_like(backend.variable([1.0], dtype="float64"))) == "float64"


def test_ones_like_the_dtype_where_none_is_given(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        assert backend.dtype(backend.ones_like(backend.variable([1.0], dtype="float64"))) == "float64"


def test_zeros_like_what_it_gives(K: ModuleType, T: Any) -> None:
    assert not K.is_variable(K.zeros_like(K.variable([1.0])))
    assert not hasattr(T.zeros_like(T.variable([1.0])), "assign")


def test_arange_a_tensor_as_start(K: ModuleType) -> None:
    start = K.placeholder((), dtype="int32")
    np.testing.assert_array_equal(K.function([start], [K.arange(start)])([3])[0], [0, 1, 2])
    np.testing.assert_array_equal(K.function([start], [K.arange(start)])([-3])[0], [])


def test_get_value_an_array(K: ModuleType, T: Any) -> None:
    array = np.ones(2)
    assert K.get_value(array) is array
    assert T.get_value(array) is array


def test_set_value_a_value_of_another_shape(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        with pytest.raises(ValueError, match="shape"):
            backend.set_value(backend.ones((2,)), np.ones(3))


def test_update_when_the_variable_changes(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        variable = backend.variable([1.0])
        backend.update(variable, [2.0])
        np.testing.assert_array_equal(backend.eval(variable), [2.0])
    x, variable = K.placeholder((1,)), K.variable([1.0])
    function = K.function([x], [], updates=[K.update(variable, x)])
    np.testing.assert_array_equal(K.eval(variable), [1.0])
    function([[5.0]])
    np.testing.assert_array_equal(K.eval(variable), [5.0])


def test_dtype_of_a_variable(K: ModuleType, T: Any) -> None:
    assert K.dtype(K.variable(1.0)) == T.dtype(T.variable(1.0)) == "float32"


def test_is_keras_tensor_of_a_placeholder(K: ModuleType, T: Any) -> None:
    assert not K.is_keras_tensor(K.placeholder((2,)))
    assert T.is_keras_tensor(T.placeholder((2,)))


def test_placeholder_neither_shape_nor_ndim(K: ModuleType, T: Any) -> None:
    assert K.placeholder().shape is None
    assert T.placeholder().shape.rank is None


def test_placeholder_its_keras_shape(K: ModuleType, T: Any) -> None:
    assert K.placeholder((2, None))._keras_shape == (2, None)
    assert not hasattr(T.placeholder((2, None)), "_keras_shape")


def test_placeholder_a_ragged_one(K: ModuleType, T: Any) -> None:
    with pytest.raises(NotImplementedError, match="ragged"):
        K.placeholder((None, None), ragged=True)
    assert T.placeholder((None, None), ragged=True).shape.rank == 2


def test_gather_negative_indices(K: ModuleType, T: Any) -> None:
    import tensorflow as tf

    with pytest.raises(ValueError, match="not in"):
        K.eval(K.gather(K.constant([1.0, 2.0]), np.array([-1])))
    with pytest.raises(tf.errors.InvalidArgumentError):
        T.gather(T.constant([1.0, 2.0]), [-1])


def test_var_of_integers(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        with pytest.raises(TypeError):
            backend.var(backend.constant([1, 4], dtype="int32"))


def test_softmax_a_single_axis(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        with pytest.raises(ValueError, match=r"rank 2|1D"):
            backend.softmax(backend.constant([1.0, 2.0]))


def test_softmax_a_tuple_of_axes(K: ModuleType, T: Any) -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    for backend in (K, T):
        result = backend.eval(backend.softmax(backend.constant(x), axis=(0, 1)))
        np.testing.assert_allclose(result, np.exp(x) / np.exp(x).sum(), rtol=1e-5)


def test_relu_a_threshold_and_float64(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        x = backend.constant([1.0, 0.1], dtype="float64")
        np.testing.assert_array_equal(backend.eval(backend.relu(x, threshold=0.5)), [1.0, 0.0])


STATISTICS = np.array([1.0, 2.0, 4.0], "float32")


def normalized(backend: Any, shape: tuple[int, ...]) -> Any:
    x = backend.ones((2, 3, 2, 2))
    mean, var = (backend.constant(STATISTICS, shape=shape) for _ in range(2))
    return backend.eval(backend.batch_normalization(x, mean, var, mean, var, axis=1, epsilon=0.001))[0, :, 0, 0]


WANTED = (1 - STATISTICS) / np.sqrt(STATISTICS + 0.001) * STATISTICS + STATISTICS


def test_batch_normalization_statistics_of_four_axes_with_axis_1(K: ModuleType, T: Any) -> None:
    import tensorflow as tf

    np.testing.assert_allclose(normalized(K, (1, 3, 1, 1)), WANTED, rtol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError):
        normalized(T, (1, 3, 1, 1))


def test_batch_normalization_statistics_of_one_axis_with_axis_1(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        np.testing.assert_allclose(normalized(backend, (3,)), WANTED, rtol=1e-4)


def test_tile_fewer_numbers_than_axes(K: ModuleType, T: Any) -> None:
    import tensorflow as tf

    assert K.tile(K.ones((2, 2)), [3]).shape == K.tile(K.ones((2, 2)), 3).shape == (2, 6)
    with pytest.raises(tf.errors.InvalidArgumentError):
        T.tile(T.ones((2, 2)), [3])


def resized(backend: Any, interpolation: str) -> Any:
    images = backend.constant([0.0, 4.0], shape=(1, 1, 2, 1))
    return backend.eval(backend.resize_images(images, 1, 2, "channels_last", interpolation))[0, 0, :, 0].tolist()


def test_resize_images_where_a_bilinear_one_looks(K: ModuleType, T: Any) -> None:
    assert resized(K, "bilinear") == resized(T, "bilinear") == [0.0, 1.0, 3.0, 4.0]


def test_resize_images_the_interpolations(K: ModuleType, T: Any) -> None:
    names = ("area", "bicubic", "bilinear", "gaussian", "lanczos3", "lanczos5", "mitchellcubic", "nearest")
    for name in names:
        np.testing.assert_allclose(resized(K, name), resized(T, name), rtol=1e-5, atol=1e-6)
    for backend in (K, T):
        with pytest.raises(ValueError, match="interpolation"):
            resized(backend, "cubic")


def test_pool2d_the_number_of_sizes(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        with pytest.raises(ValueError, match="pool_size"):
            backend.pool2d(backend.ones((1, 4, 4, 1)), (2, 2, 2))


PROBABILITIES = np.array([[[0.9, 0.05, 0.05], [0.05, 0.05, 0.9], [0.9, 0.05, 0.05]]], "float32")


def decoded(backend: Any, **options: Any) -> Any:
    lengths = backend.constant([3], dtype="int32")
    return backend.eval(backend.ctc_decode(backend.constant(PROBABILITIES), lengths, **options)[0][0]).tolist()


def test_ctc_decode_the_lengths_of_its_paths(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        assert decoded(backend) == [[0, 0, -1]]


def test_ctc_decode_equal_labels_side_by_side_by_beams(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        assert decoded(backend, greedy=False) == [[0, -1, -1]]
    assert decoded(K, greedy=False, merge_repeated=False) == [[0, 0, -1]]


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


def test_function_a_tuple_of_outputs(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        x = backend.placeholder((2,))
        assert isinstance(backend.function([x], (x, x * 2))([np.ones((2,), "float32")]), tuple)


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
