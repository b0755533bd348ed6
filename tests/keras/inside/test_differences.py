"""docs/differences.md: where the references disagree, each row has a test of what `kremote.keras_backend` does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras import backend as K

from ...reference.tables import name_of, rows

COLUMN = "`kremote.keras_backend`"
ROWS = [
    row
    for row in rows("Where the references disagree")
    if row[COLUMN] != "None" and not row[COLUMN].startswith("Keras' own")
]


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    tests = [name for name in globals() if name.startswith("test_")]
    assert [name_of(row) for row in ROWS] == tests[1:]


def test_learning_phase_what_nobody_set() -> None:
    assert (K.is_tensor(K.learning_phase()), K.dtype(K.learning_phase())) == (True, "bool")


def test_name_scope_one_entered_again() -> None:
    names = []
    for _ in range(2):
        with K.name_scope("again"):
            names.append(K.variable(1.0, name="v").name)
    assert names == ["again/v:0", "again_1/v:0"]


def test_get_session_whether_it_is_there() -> None:
    assert K.get_session().run(K.variable(3.0)) == 3


def test_print_tensor_where_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    K.eval(K.print_tensor(K.variable([1.0, 2.0]), "here:"))
    assert capsys.readouterr().out == "here: [1. 2.]\n"


def test_variable_its_name_as_shown() -> None:
    variable = K.variable(1.0, name="example_var")
    assert variable.name == "example_var:0"
    assert "'example_var:0'" in repr(variable)


def test_zeros_a_length_of_0() -> None:
    assert not K.is_variable(K.zeros((0, 2)))
    assert K.eval(K.zeros((0, 2))).shape == (0, 2)


def test_eye_what_it_gives() -> None:
    assert K.is_tensor(K.eye(2))
    assert not K.is_variable(K.eye(2))


def test_eye_a_pair_of_lengths() -> None:
    np.testing.assert_array_equal(K.eval(K.eye((2, 3))), np.eye(2, 3))


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_zeros_like_the_dtype_where_none_is_given(dtype: str) -> None:
    assert K.dtype(K.zeros_like(K.variable([1], dtype=dtype))) == "float32"


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_ones_like_the_dtype_where_none_is_given(dtype: str) -> None:
    assert K.dtype(K.ones_like(K.variable([1], dtype=dtype))) == "float32"


def test_zeros_like_what_it_gives() -> None:
    assert not K.is_variable(K.zeros_like(K.variable([1.0])))


def test_arange_a_tensor_as_start() -> None:
    start = K.placeholder((), dtype="int32")
    function = K.function([start], [K.arange(start)])
    assert [function([n])[0].tolist() for n in (3, -3)] == [[0, 1, 2], []]


def test_get_value_an_array() -> None:
    array = np.ones(2)
    assert K.get_value(array) is array


def test_set_value_a_value_of_another_shape() -> None:
    with pytest.raises(ValueError, match="shape"):
        K.set_value(K.ones((2,)), np.ones(3))


def test_update_when_the_variable_changes() -> None:
    variable = K.variable([1.0])
    update = K.update(variable, [2.0])
    assert K.get_value(variable) == 1
    K.function([], [], updates=[update])([])
    assert K.get_value(variable) == 2


def test_dtype_of_a_variable() -> None:
    assert K.dtype(K.variable(1.0)) == "float32"


def test_is_keras_tensor_of_a_placeholder() -> None:
    assert not K.is_keras_tensor(K.placeholder((2,)))


def test_placeholder_neither_shape_nor_ndim() -> None:
    assert K.ndim(K.placeholder()) is None


def test_placeholder_its_keras_shape() -> None:
    assert K.placeholder((2, None))._keras_shape == (2, None)


def test_gather_negative_indices() -> None:
    with pytest.raises(ValueError, match="not in"):
        K.eval(K.gather(K.variable([1.0, 2.0]), K.constant([-1], dtype="int32")))


def test_var_of_integers() -> None:
    variance = K.var(K.constant([1, 4], dtype="int32"))
    assert (K.dtype(variance), K.eval(variance)) == ("int32", 2)


def test_softmax_a_single_axis() -> None:
    np.testing.assert_allclose(K.eval(K.softmax(K.variable([1.0, 1.0]))), [0.5, 0.5])


def test_softmax_a_tuple_of_axes() -> None:
    np.testing.assert_allclose(K.eval(K.softmax(K.ones((2, 2)), axis=(0, 1))), np.full((2, 2), 0.25))


def test_relu_a_threshold_and_float64() -> None:
    x = K.constant([1.0, 0.1], dtype="float64")
    np.testing.assert_array_equal(K.eval(K.relu(x, threshold=0.5)), [1.0, 0.0])


def normalized(shape: tuple[int, ...]) -> Any:
    statistics = K.constant([1.0, 2.0, 4.0], shape=shape)
    result = K.batch_normalization(K.ones((2, 3, 2, 2)), statistics, statistics, statistics, statistics, axis=1)
    return K.eval(result)[0, :, 0, 0]


WANTED = [1.0, 2 - 2 / np.sqrt(2.001), 4 - 12 / np.sqrt(4.001)]


def test_batch_normalization_statistics_of_four_axes_with_axis_1() -> None:
    np.testing.assert_allclose(normalized((1, 3, 1, 1)), WANTED, rtol=1e-4)


def test_batch_normalization_statistics_of_one_axis_with_axis_1() -> None:
    np.testing.assert_allclose(normalized((3,)), WANTED, rtol=1e-4)


def test_tile_fewer_numbers_than_axes() -> None:
    assert K.int_shape(K.tile(K.ones((2, 2)), [3])) == K.int_shape(K.tile(K.ones((2, 2)), 3)) == (2, 6)


def test_tile_more_numbers_than_axes() -> None:
    with pytest.raises(NotImplementedError):
        K.tile(K.ones((2,)), [1, 2])


def test_batch_flatten_no_samples_of_no_elements() -> None:
    assert K.eval(K.batch_flatten(K.constant(np.ones((0, 0))))).shape == (0, 0)


def resized(interpolation: str) -> Any:
    images = K.constant([0.0, 4.0], shape=(1, 1, 2, 1))
    return K.eval(K.resize_images(images, 1, 2, "channels_last", interpolation)).ravel().tolist()


def test_resize_images_where_a_bilinear_one_looks() -> None:
    assert resized("bilinear") == [0.0, 2.0, 4.0, 4.0]


def test_resize_images_the_interpolations() -> None:
    assert resized("nearest") == [0, 0, 4, 4]
    with pytest.raises(ValueError, match="'nearest' or 'bilinear'"):
        resized("bicubic")


def test_resize_images_one_image_of_rank_3() -> None:
    with pytest.raises(ValueError, match="rank 4"):
        K.resize_images(K.ones((2, 2, 1)), 2, 2, "channels_last")


def test_conv1d_causal_channels_first() -> None:
    with pytest.raises(ValueError, match="causal"):
        K.conv1d(K.ones((1, 1, 3)), K.ones((2, 1, 1)), padding="causal", data_format="channels_first")


def test_conv2d_strides_for_every_axis_of_x() -> None:
    with pytest.raises(ValueError, match="strides as two integers"):
        K.conv2d(K.ones((1, 4, 4, 1)), K.ones((2, 2, 1, 1)), strides=(1, 2, 2, 1))


@pytest.mark.parametrize("error", [AssertionError, ValueError])
def test_conv2d_transpose_two_dilation_rates(error: type[Exception]) -> None:
    with pytest.raises(error, match="dilation_rate"):
        K.conv2d_transpose(K.ones((1, 2, 2, 1)), K.ones((2, 2, 1, 1)), (1, 4, 4, 1), dilation_rate=(1, 2))


def test_local_conv1d_channels_first() -> None:
    result = K.local_conv1d(K.ones((2, 1, 4)), K.ones((3, 2, 1)), (2,), (1,), "channels_first")
    assert K.int_shape(result) == (2, 1, 3)


def test_pool2d_the_number_of_sizes() -> None:
    with pytest.raises(ValueError, match="pool_size"):
        K.pool2d(K.ones((1, 4, 4, 1)), (2, 2, 2))


def decoded(**options: Any) -> Any:
    likely = [[[0.9, 0.05, 0.05], [0.05, 0.05, 0.9], [0.9, 0.05, 0.05]]]
    return K.eval(K.ctc_decode(K.variable(likely), K.constant([3], dtype="int32"), **options)[0][0]).tolist()


def test_ctc_decode_the_lengths_of_its_paths() -> None:
    assert decoded() == [[0, 0]]


def test_ctc_decode_equal_labels_side_by_side_by_beams() -> None:
    assert decoded(greedy=False) == [[0, 0]]


def test_stop_gradient_of_a_list() -> None:
    stopped = K.stop_gradient([K.variable(1.0), K.variable(2.0)])
    assert isinstance(stopped, list)
    assert [K.eval(one) for one in stopped] == [1, 2]


def test_gradients_outside_graph_mode() -> None:
    x = K.variable(3.0)
    assert K.eval(K.gradients(x * x, [x])[0]) == 6


def test_function_updates_and_a_session_s_keywords() -> None:
    x, y, count = K.placeholder(()), K.placeholder(()), K.variable(0.0)
    function = K.function([x], [x + y], updates=[(count, x)], feed_dict={y: 1.0}, fetches=[x * 2])
    assert (function([3.0]), K.get_value(count)) == ([4.0], 3.0)


def test_function_fewer_values_than_inputs() -> None:
    x, y = K.placeholder((1,)), K.placeholder((1,))
    with pytest.raises(ValueError, match="expect"):
        K.function([x, y], [x])([np.ones(1)])


def test_switch_a_condition_of_one_axis_over_rows() -> None:
    chosen = K.switch(K.variable([1.0, 0.0, 1.0]), K.ones((3, 3)), K.zeros((3, 3)))
    np.testing.assert_array_equal(K.eval(chosen), [[1, 1, 1], [0, 0, 0], [1, 1, 1]])


def test_switch_a_python_boolean() -> None:
    assert K.eval(K.switch(True, K.variable(1.0), K.variable(2.0))) == 1


def test_in_train_phase_uses_learning_phase_of_what_it_gives() -> None:
    assert K.in_train_phase(K.ones((2,)) + 1, K.zeros((2,)))._uses_learning_phase
    chosen = K.in_train_phase(K.ones((2,)) + 1, K.zeros((2,)), training=True)
    assert not getattr(chosen, "_uses_learning_phase", False)


def test_map_fn_another_dtype_than_the_elements() -> None:
    mapped = K.map_fn(lambda one: K.cast(one, "int32"), K.ones((2,)))
    assert (K.dtype(mapped), K.eval(mapped).tolist()) == ("int32", [1, 1])


SERIES = np.arange(1, 9, dtype="float32").reshape(2, 4, 1)


def _sum(one: Any, states: Any) -> tuple[Any, list[Any]]:
    return one + states[0], [one + states[0]]


def test_rnn_a_mask_without_states() -> None:
    with pytest.raises(ValueError, match="states beside a mask"):
        K.rnn(lambda one, _: (one, []), K.variable(SERIES), [], mask=K.ones((2, 4)))


def test_rnn_lengths_of_the_samples_in_an_unrolled_loop() -> None:
    lengths = np.array([2, 4], "int32")
    outputs = K.rnn(_sum, K.variable(SERIES), [K.zeros((2, 1))], unroll=True, input_length=lengths)[1]
    assert K.eval(outputs)[0, :, 0].tolist() == [1, 3, 3, 3]


def test_rnn_the_states_a_step_is_given() -> None:
    seen = []

    def step(one: Any, states: Any) -> Any:
        seen.append(type(states))
        return one, [one]

    K.rnn(step, K.variable(SERIES), [K.zeros((2, 1))])
    assert set(seen) == {list}


def test_random_uniform_the_seed_where_none_is_given() -> None:
    drawn = []
    for _ in range(2):
        np.random.seed(7)
        drawn.append(K.eval(K.random_uniform((4,))).tolist())
    assert drawn[0] == drawn[1]
