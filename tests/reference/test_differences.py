"""docs/differences.md: where the references disagree, each row has a test of what kremote and tf_keras do."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from . import test_differences_of_graphs
from .tables import name_of, rows

ROWS = rows("Where the references disagree")


@pytest.fixture
def T() -> Any:
    """`tf_keras.backend`."""
    import tf_keras

    return tf_keras.backend


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    own = {"test_every_row_has_its_test_and_every_test_its_row", "test_every_cell_says_something"}
    tests = [name for name in [*globals(), *vars(test_differences_of_graphs)] if name.startswith("test_")]
    assert [name_of(row) for row in ROWS] == [name for name in tests if name not in own and "of_graphs" not in name]


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


def test_tile_more_numbers_than_axes(K: ModuleType, T: Any) -> None:
    import tensorflow as tf

    with pytest.raises(ValueError, match="expected a count for each axis"):
        K.tile(K.ones((2,)), [1, 2])
    with pytest.raises(tf.errors.InvalidArgumentError):
        T.tile(T.ones((2,)), [1, 2])


def test_batch_flatten_no_samples_of_no_elements(K: ModuleType, T: Any) -> None:
    for backend, samples in ((K, 0), (T, 1)):
        nothing = backend.constant(np.ones((0, 0)))
        assert backend.eval(backend.batch_flatten(nothing)).shape == (samples, 0)


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


def test_resize_images_one_image_of_rank_3(K: ModuleType, T: Any) -> None:
    with pytest.raises(ValueError, match="rank 4"):
        K.resize_images(K.ones((2, 2, 1)), 2, 2, "channels_last")
    assert T.resize_images(T.ones((2, 2, 1)), 2, 2, "channels_last").shape == (4, 2, 1)


def test_conv1d_causal_channels_first(K: ModuleType, T: Any) -> None:
    def convolved(backend: Any, channels: int) -> Any:
        kernel = backend.ones((2, channels, 1))
        return backend.conv1d(backend.ones((1, 1, 3)), kernel, padding="causal", data_format="channels_first")

    with pytest.raises(ValueError, match="causal"):
        convolved(K, 1)
    assert convolved(T, 2).shape == (1, 1, 2), "the channel that was added counts"


def test_conv2d_strides_for_every_axis_of_x(K: ModuleType, T: Any) -> None:
    def convolved(backend: Any) -> Any:
        return backend.conv2d(backend.ones((1, 4, 4, 1)), backend.ones((2, 2, 1, 1)), strides=(1, 2, 2, 1))

    with pytest.raises(ValueError, match="strides as two integers"):
        convolved(K)
    assert convolved(T).shape == (1, 2, 2, 1)


def test_conv2d_transpose_two_dilation_rates(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        x, kernel = backend.ones((1, 2, 2, 1)), backend.ones((2, 2, 1, 1))
        with pytest.raises(ValueError, match="dilation_rate") as caught:
            backend.conv2d_transpose(x, kernel, (1, 4, 4, 1), dilation_rate=(1, 2))
        assert isinstance(caught.value, AssertionError) is (backend is K)


def test_local_conv1d_channels_first(K: ModuleType, T: Any) -> None:
    for backend in (K, T):
        x, kernel = backend.ones((2, 1, 4)), backend.ones((3, 2, 1))
        assert backend.local_conv1d(x, kernel, (2,), (1,), "channels_first").shape == (2, 1, 3)


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
