"""K as Keras 2.3.1 has it: everything symbolic, and what 2.3.1 computes otherwise than its successors."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import scipy.sparse

import keras
from keras import backend as K
from kremote import keras_backend


def test_every_name_keras_imports_is_there() -> None:
    source = Path(keras.backend.__file__).read_text()
    names = re.findall(r"^from \.load_backend import (\w+)", source, re.MULTILINE)
    assert len(names) > 150
    for name in names:
        assert callable(getattr(K, name)), name


def test_keras_calls_the_backend_by_its_modules_name() -> None:
    assert K.backend() == "kremote.keras_backend"


def test_a_name_without_an_op_is_said_to_be_missing() -> None:
    with pytest.raises(AttributeError, match="no_such_op"):
        getattr(keras_backend, "no_such_op")  # noqa: B009


# Everything is symbolic.


def test_an_op_on_variables_reads_them_when_it_is_evaluated() -> None:
    x = K.variable([1.0, 2.0])
    doubled = x * 2
    K.set_value(x, [5.0, 6.0])
    np.testing.assert_array_equal(K.eval(doubled), [10.0, 12.0])
    np.testing.assert_array_equal(K.get_value(x), [5.0, 6.0])


def test_an_op_on_variables_is_a_symbol_in_every_thread() -> None:
    x = K.variable([1.0, 2.0])
    made = []
    thread = Thread(target=lambda: made.append(K.sum(x * 2)))
    thread.start()
    thread.join()
    K.set_value(x, [5.0, 6.0])
    assert K.eval(made[0]) == 22


def test_an_update_waits_for_its_function() -> None:
    count = K.variable(0.0)
    update = K.update_add(count, 1.0)
    assert K.get_value(count) == 0
    step = K.function([], [count], updates=[update])
    assert step([]) == [0.0]
    assert K.get_value(count) == 1


def test_an_update_is_made_when_it_is_evaluated() -> None:
    x = K.variable([1.0, 2.0])
    np.testing.assert_array_equal(K.eval(K.update(x, np.array([3.0, 4.0]))), [3.0, 4.0])
    np.testing.assert_array_equal(K.get_value(x), [3.0, 4.0])
    K.eval(K.update_sub(x, [1.0, 1.0]))
    K.eval(K.moving_average_update(x, K.variable([4.0, 4.0]), 0.5))
    np.testing.assert_array_equal(K.get_value(x), [3.0, 3.5])


def test_updates_are_pairs_or_results_of_update() -> None:
    x, y = K.variable(1.0), K.variable(2.0)
    K.function([], [], updates=[(x, y + 1), K.update(y, x + 10)])([])
    assert K.batch_get_value([x, y]) == [3.0, 11.0]


def test_what_a_function_is_told_besides() -> None:
    a, b = K.placeholder(shape=(2,)), K.placeholder(shape=(2,))
    x = K.variable(0.0)
    f = K.function([a], [a + b], feed_dict={b: [10.0, 20.0]}, fetches=[K.update_add(x, 1.0)], name="sum")
    np.testing.assert_array_equal(f([[1.0, 2.0]])[0], [11.0, 22.0])
    assert len(f([[1.0, 2.0]])) == 1
    assert K.get_value(x) == 2
    with pytest.raises(ValueError, match="unknown"):
        K.function([a], [a], unknown=1)


def test_the_learning_phase_is_a_symbol_that_a_function_may_be_fed() -> None:
    phase = K.learning_phase()
    chosen = K.in_train_phase(lambda: K.constant(1.0), lambda: K.constant(2.0))
    assert chosen._uses_learning_phase
    assert K.function([phase], [chosen])([1]) == [1.0]
    assert K.function([phase], [chosen])([0]) == [2.0]
    assert K.eval(chosen) == 2
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    assert K.eval(K.in_train_phase(K.constant(1.0), K.constant(2.0))) == 1


def test_control_dependencies_run_an_update_first() -> None:
    count = K.variable(0.0)
    with K.control_dependencies([K.update_add(count, 1.0)]):
        after = count * 10
    assert K.function([], [after])([]) == [10.0]


def test_gradients() -> None:
    x, w = K.placeholder(shape=(None, 2)), K.variable([[1.0], [2.0]])
    loss = K.sum(K.square(K.dot(x, w)))
    by_x, by_w = K.gradients(loss, [x, w])
    found = K.function([x], [by_x, by_w])([[[1.0, 1.0]]])
    np.testing.assert_allclose(found[0], [[6.0, 12.0]])
    np.testing.assert_allclose(found[1], [[6.0], [6.0]])
    assert K.gradients(loss, [K.variable(1.0)]) == [None]


# Handles.


def test_handles_have_what_keras_sets_and_reads() -> None:
    x = K.placeholder(shape=(None, 3))
    assert x._keras_shape == (None, 3)
    assert K.int_shape(x) == (None, 3)
    assert x._uses_learning_phase is False
    assert not K.is_keras_tensor(x)
    assert K.is_placeholder(x)
    assert K.is_tensor(x)
    assert not K.is_variable(x)
    x._keras_shape = (None, 4)
    assert K.int_shape(x) == (None, 4)
    constraint = keras.constraints.NonNeg()
    w = K.variable([[1.0]], constraint=constraint)
    assert w.constraint is constraint
    assert K.is_variable(w)
    assert w._keras_shape == (1, 1)
    assert {x, w} == {w, x}
    assert (x == w) is False
    w.trainable = False
    assert not w.trainable
    assert w.dtype == "float32"
    assert w.shape == (1, 1)


def test_a_dynamic_shape_makes_a_tensor_of_zeros() -> None:
    x = K.placeholder(shape=(None, 3))
    zeros = K.zeros(K.shape(x))
    assert not K.is_variable(zeros)
    assert K.function([x], [zeros])([np.ones((2, 3))])[0].shape == (2, 3)
    assert K.is_variable(K.zeros((2, 3)))
    assert not K.is_variable(K.zeros((0, 3)))
    assert K.eval(K.ones((0, 3))).shape == (0, 3)


def test_a_sparse_variable_has_what_keras_reads() -> None:
    x = K.variable(scipy.sparse.eye(2, 3))
    assert (x._keras_shape, x._uses_learning_phase, K.is_sparse(x)) == ((2, 3), False, True)
    joined = K.concatenate([x, x], axis=0)
    assert K.is_sparse(joined)
    np.testing.assert_array_equal(K.eval(joined), np.concatenate([np.eye(2, 3)] * 2))


def test_a_repeated_axis_of_unknown_length_is_known_to_keras() -> None:
    x = K.placeholder((2, None, 3))
    assert K.repeat_elements(x, 2, axis=1)._keras_shape == (2, None, 3)
    assert K.int_shape(K.repeat_elements(x, 2, axis=0)) == (4, None, 3)


def test_a_shape_answers_as_tensorflows_does() -> None:
    shape = K.placeholder((2, None)).get_shape()
    assert (shape, shape.as_list(), shape.ndims) == ((2, None), [2, None], 2)
    assert K.variable([1.0]).shape.rank == 1
    assert type(K.int_shape(K.placeholder((2, None)))) is tuple


def test_a_list_of_tensors_is_a_tensor() -> None:
    x = K.placeholder(shape=(None, 3))
    assert K.function([x], [K.prod([K.shape(x)[0], K.shape(x)[1], 2])])([np.ones((4, 3))]) == [24]


# What 2.3.1 computes otherwise.


def test_zeros_like_is_of_floatx() -> None:
    x = K.constant([1, 2], dtype="int32")
    assert K.dtype(K.zeros_like(x)) == "float32"
    assert K.dtype(K.ones_like(x)) == "float32"
    assert K.dtype(K.ones_like(x, dtype="int32")) == "int32"


def test_eye_is_a_tensor() -> None:
    assert not K.is_variable(K.eye(3))
    np.testing.assert_array_equal(K.eval(K.eye((2, 3))), np.eye(2, 3))


def test_tile_fills_up_from_the_left() -> None:
    x = K.variable([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(K.eval(K.tile(x, 2)), np.tile([[1, 2], [3, 4]], 2))
    np.testing.assert_array_equal(K.eval(K.tile(x, [2, 1])), np.tile([[1, 2], [3, 4]], [2, 1]))
    with pytest.raises(NotImplementedError):
        K.tile(x, [1, 1, 2])


def test_softmax_of_a_single_axis() -> None:
    e = np.exp([1.0, 2.0, 3.0])
    np.testing.assert_allclose(K.eval(K.softmax(K.variable([1.0, 2.0, 3.0]))), e / e.sum(), rtol=1e-5)


def test_the_logits_of_a_softmax_of_a_single_axis_are_remembered() -> None:
    certain = K.softmax(K.variable([100.0, -100.0]))
    assert K.eval(K.categorical_crossentropy(K.variable([0.0, 1.0]), certain)) == 200


def test_a_condition_chooses_rows() -> None:
    rows = K.switch(K.constant([True, False], "bool"), K.variable(np.ones((2, 3))), K.variable(np.zeros((2, 3))))
    np.testing.assert_array_equal(K.eval(rows), [[1, 1, 1], [0, 0, 0]])


def test_variance_of_integers_and_booleans() -> None:
    assert K.eval(K.var(K.constant([1, 3, 5, 7], dtype="int32"))) == 5
    assert K.eval(K.var(K.constant([True, False], dtype="bool"))) == 0.25
    assert K.eval(K.std(K.variable([[1.0, 3.0], [5.0, 5.0]]), axis=1)).tolist() == [1.0, 0.0]


def test_bilinear_images_are_resized_as_tensorflow_1_did() -> None:
    x = K.variable(np.array([1.0, 3.0]).reshape(1, 1, 2, 1))
    resized = K.eval(K.resize_images(x, 1, 2, "channels_last", interpolation="bilinear"))
    np.testing.assert_array_equal(resized.ravel(), [1.0, 2.0, 3.0, 3.0])


@pytest.mark.parametrize("greedy", [True, False])
def test_decoded_paths_are_as_long_as_the_longest(greedy: bool) -> None:
    series = K.placeholder((1, 4, 3))
    paths, _ = K.ctc_decode(series, K.variable([4]), greedy=greedy, merge_repeated=True)
    likely = [[[0.6, 0.1, 0.3], [0.6, 0.1, 0.3], [0.1, 0.2, 0.7], [0.2, 0.7, 0.1]]]
    np.testing.assert_array_equal(K.function([series], paths)([likely])[0], [[0, 1]])


def test_rnn_with_a_mask_needs_states() -> None:
    inputs, mask = K.variable(np.ones((1, 2, 3))), K.variable(np.ones((1, 2)))
    with pytest.raises(ValueError, match="state"):
        K.rnn(lambda x, _: (x, []), inputs, [], mask=mask)


def test_rnn_uses_the_learning_phase_if_its_step_does() -> None:
    inputs = K.placeholder(shape=(2, 3, 4))
    last, outputs, _ = K.rnn(lambda x, _: (K.in_train_phase(x * 2, x) + 1, []), inputs, [])
    assert last._uses_learning_phase
    plain, _, _ = K.rnn(lambda x, _: (x + 1, []), inputs, [])
    assert not getattr(plain, "_uses_learning_phase", False)
    ones = np.ones((2, 3, 4))
    f = K.function([inputs, K.learning_phase()], [outputs])
    assert f([ones, 1])[0].max() == 3
    assert f([ones, 0])[0].max() == 2


def test_numpys_seed_decides_the_numbers_that_are_drawn() -> None:
    def drawn() -> list[float]:
        np.random.seed(7)
        made = [K.random_normal((3,)), K.random_uniform_variable((3,), 0, 1), K.dropout(K.variable(np.ones(50)), 0.5)]
        return [number for value in made for number in K.eval(value).tolist()]

    assert drawn() == drawn()
    samples = K.random_uniform((3,))
    assert K.eval(samples).tolist() != K.eval(samples).tolist()


def test_floatx_epsilon_and_data_format_are_those_of_keras() -> None:
    K.set_floatx("float64")
    assert K.dtype(K.variable([1])) == K.dtype(K.placeholder((2,))) == K.dtype(K.constant(1)) == "float64"
    K.set_floatx("float16")
    assert K.dtype(K.zeros((2,))) == K.dtype(K.random_normal((2,))) == "float16"
    K.set_floatx("float32")
    K.set_epsilon(0.5)
    assert K.eval(K.categorical_crossentropy(K.constant([[1.0, 0.0]]), K.constant([[0.0, 1.0]]))) == pytest.approx(
        [-np.log(0.5)]
    )
    K.set_image_data_format("channels_first")
    assert K.int_shape(K.pool2d(K.placeholder((1, 3, 8, 8)), (2, 2), strides=(2, 2))) == (1, 3, 4, 4)


def test_clear_session_in_a_loop_begins_anew() -> None:
    before = K.variable(1.0)
    for _ in range(3):
        K.clear_session()
        assert K.eval(K.sum(K.variable(np.ones(1000)))) == 1000
        assert K.get_uid("dense") == 1
    with pytest.raises(ValueError, match="clear_session"):
        K.get_value(before)


def test_what_is_asked_for_once_and_again() -> None:
    """The first value is computed op by op, later ones by a compiled function: one sequence, and always current."""
    x = K.variable([1.0, 2.0])
    total = K.sum(x * 3) + 1
    draws = K.random_uniform((4,), seed=5)
    first = [K.eval(draws).tolist() for _ in range(3)]
    assert K.eval(total) == 10
    K.set_value(x, [2.0, 2.0])
    assert K.eval(total) == 13
    function = K.function([], [K.random_uniform((4,), seed=5)])
    assert first == [function([])[0].tolist() for _ in range(3)]
