"""Layers, weights and summaries are called what Keras' own backend calls them."""

from __future__ import annotations

import numpy as np
from keras.layers import LSTM, BatchNormalization, Bidirectional, Dense, Input
from keras.models import Model, Sequential

import keras
from keras import backend as K


def names(weights: list[keras.engine.base_layer.Layer]) -> list[str]:
    return [weight.name for weight in weights]


def test_weights_are_named_by_layer_and_kind() -> None:
    model = Sequential([Dense(4, input_shape=(3,)), BatchNormalization(), Dense(2, name="scores")])
    assert names(model.weights) == [
        "dense_1/kernel:0",
        "dense_1/bias:0",
        "batch_normalization_1/gamma:0",
        "batch_normalization_1/beta:0",
        "scores/kernel:0",
        "scores/bias:0",
        "batch_normalization_1/moving_mean:0",
        "batch_normalization_1/moving_variance:0",
    ]


def test_weights_of_a_wrapped_layer_have_both_scopes() -> None:
    model = Sequential([Bidirectional(LSTM(2), input_shape=(3, 1))])
    assert names(model.weights)[0] == "bidirectional_1/forward_lstm_1/kernel:0"
    assert names(model.weights)[-1] == "bidirectional_1/backward_lstm_1/bias:0"


def test_a_shared_layer_has_its_weights_once() -> None:
    shared = Dense(2)
    first, second = Input((3,)), Input((3,))
    model = Model([first, second], [shared(first), shared(second)])
    assert names(model.weights) == ["dense_1/kernel:0", "dense_1/bias:0"]
    assert model.input_names == ["input_1", "input_2"]
    assert [tensor.name for tensor in model.inputs] == ["input_1:0", "input_2:0"]


def test_the_optimizers_weights_are_named_by_it() -> None:
    model = Sequential([Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((1, 3)), np.zeros((1, 2)))
    assert names(model.optimizer.weights) == [
        "SGD/iterations:0",
        "training/SGD/moment_0:0",
        "training/SGD/moment_1:0",
    ]


def test_a_name_that_is_taken_gets_a_number() -> None:
    made = [K.variable(0.0, name="rate"), K.variable(0.0, name="rate"), K.zeros((2,)), K.ones((2,))]
    assert names(made) == ["rate:0", "rate_1:0", "Variable:0", "Variable_1:0"]
    with K.name_scope("outer"), K.name_scope("inner"):
        assert K.variable(0.0, name="rate").name == "outer/inner/rate:0"
        with K.name_scope(""):
            assert K.variable(0.0, name="speed").name == "speed:0"
    with K.name_scope("outer"):
        assert K.variable(0.0, name="rate").name == "outer_1/rate:0"


def test_clear_session_lets_names_begin_anew() -> None:
    for _ in range(2):
        K.clear_session()
        model = Sequential([Dense(2, input_shape=(3,))])
        assert model.name == "sequential_1"
        assert names(model.weights) == ["dense_1/kernel:0", "dense_1/bias:0"]


def test_the_summary_is_keras_own() -> None:
    model = Sequential([Dense(4, input_shape=(3,)), BatchNormalization()])
    lines: list[str] = []
    model.summary(line_length=65, print_fn=lines.append)
    assert lines == [
        'Model: "sequential_1"',
        "_" * 65,
        "Layer (type)                 Output Shape              Param #   ",
        "=" * 65,
        "dense_1 (Dense)              (None, 4)                 16        ",
        "_" * 65,
        "batch_normalization_1 (Batch (None, 4)                 16        ",
        "=" * 65,
        "Total params: 32",
        "Trainable params: 24",
        "Non-trainable params: 8",
        "_" * 65,
    ]
