"""Every kind of layer builds, trains a step, gives the shape it says, and is kept by its config."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras.models import Sequential, model_from_json

import keras
from keras import backend as K
from keras import layers

#: What a layer is given, by the rank of a sample.
SHAPES = {1: (6,), 2: (5, 4), 3: (6, 6, 3), 4: (4, 4, 4, 2)}

CASES = [
    (layers.Dense(3, activation="relu"), 1),
    (layers.Dense(3, use_bias=False), 2),
    (layers.Activation("tanh"), 1),
    (layers.Dropout(0.5), 1),
    (layers.SpatialDropout1D(0.5), 2),
    (layers.SpatialDropout2D(0.5), 3),
    (layers.SpatialDropout3D(0.5), 4),
    (layers.Flatten(), 3),
    (layers.Reshape((3, 2)), 1),
    (layers.Permute((2, 1)), 2),
    (layers.RepeatVector(3), 1),
    (layers.Lambda(lambda x: x * 2, output_shape=SHAPES[1]), 1),
    (layers.ActivityRegularization(l1=0.1, l2=0.1), 1),
    (layers.Masking(0.0), 2),
    (layers.LeakyReLU(0.3), 1),
    (layers.PReLU(), 1),
    (layers.PReLU(shared_axes=[1, 2]), 3),
    (layers.ELU(0.5), 1),
    (layers.ThresholdedReLU(0.5), 1),
    (layers.Softmax(), 1),
    (layers.ReLU(max_value=6, negative_slope=0.1, threshold=0.2), 1),
    (layers.GaussianNoise(0.1), 1),
    (layers.GaussianDropout(0.1), 1),
    (layers.AlphaDropout(0.1), 1),
    (layers.BatchNormalization(), 1),
    (layers.BatchNormalization(scale=False), 3),
    (layers.BatchNormalization(axis=1), 3),
    (layers.BatchNormalization(center=False), 2),
    (layers.Conv1D(3, 2, dilation_rate=2), 2),
    (layers.Conv1D(3, 2, padding="causal"), 2),
    (layers.Conv2D(3, 2, strides=2, padding="same"), 3),
    (layers.Conv2D(3, 2, dilation_rate=2), 3),
    (layers.Conv3D(3, 2), 4),
    (layers.Conv2DTranspose(3, 2, strides=2), 3),
    (layers.Conv2DTranspose(3, 3, padding="same", output_padding=1, strides=2), 3),
    (layers.Conv3DTranspose(3, 2), 4),
    (layers.SeparableConv1D(3, 2, depth_multiplier=2), 2),
    (layers.SeparableConv2D(3, 2, depth_multiplier=2), 3),
    (layers.DepthwiseConv2D(2, depth_multiplier=2), 3),
    (layers.LocallyConnected1D(3, 2), 2),
    (layers.LocallyConnected2D(3, 2), 3),
    (layers.Cropping1D(1), 2),
    (layers.Cropping2D(((1, 0), (2, 1))), 3),
    (layers.Cropping3D(1), 4),
    (layers.ZeroPadding1D(1), 2),
    (layers.ZeroPadding2D(((1, 0), (2, 1))), 3),
    (layers.ZeroPadding3D(1), 4),
    (layers.UpSampling1D(2), 2),
    (layers.UpSampling2D((2, 3)), 3),
    (layers.UpSampling2D(2, interpolation="bilinear"), 3),
    (layers.UpSampling3D(2), 4),
    (layers.MaxPooling1D(2), 2),
    (layers.MaxPooling2D(2, padding="same", strides=3), 3),
    (layers.MaxPooling3D(2), 4),
    (layers.AveragePooling1D(2), 2),
    (layers.AveragePooling2D(2), 3),
    (layers.AveragePooling3D(2), 4),
    (layers.GlobalMaxPooling1D(), 2),
    (layers.GlobalMaxPooling2D(), 3),
    (layers.GlobalMaxPooling3D(), 4),
    (layers.GlobalAveragePooling1D(), 2),
    (layers.GlobalAveragePooling2D(), 3),
    (layers.GlobalAveragePooling3D(), 4),
    (layers.SimpleRNN(3), 2),
    (layers.GRU(3, return_sequences=True), 2),
    (layers.GRU(3, reset_after=True, implementation=2), 2),
    (layers.LSTM(3, unroll=True), 2),
    (layers.LSTM(3, dropout=0.2, recurrent_dropout=0.2, go_backwards=True), 2),
    (layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)]), 2),
    (layers.Bidirectional(layers.LSTM(3), merge_mode="sum"), 2),
    (layers.TimeDistributed(layers.Dense(3)), 2),
]


def called(case: tuple[layers.Layer, int]) -> str:
    return str(case[0].name)


@pytest.mark.parametrize("case", CASES, ids=called)
def test_a_layer_trains_and_is_kept_by_its_config(case: tuple[layers.Layer, int]) -> None:
    layer, rank = case
    model = Sequential([type(layer).from_config({**layer.get_config(), "batch_input_shape": (None, *SHAPES[rank])})])
    x = np.random.normal(size=(4, *SHAPES[rank])).astype("float32")
    predicted = model.predict(x)
    assert predicted.shape == model.layers[0].compute_output_shape(x.shape) == (4, *model.output_shape[1:])
    assert np.isfinite(predicted).all()
    if model.trainable_weights:
        train_a_step(model, x, predicted)
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)


def train_a_step(model: Sequential, x: Any, predicted: Any) -> None:
    before = model.get_weights()
    trainable = [weight.name for weight in model.trainable_weights]
    model.compile("sgd", "mse")
    loss = model.train_on_batch(x, predicted + np.random.normal(size=predicted.shape))
    assert np.isfinite(loss)
    changed = [bool((old != new).any()) for old, new in zip(before, model.get_weights(), strict=True)]
    assert any(moved for moved, weight in zip(changed, model.weights, strict=True) if weight.name in trainable)


def cosine(a: Any, b: Any) -> Any:
    return (a * b).sum(-1, keepdims=True) / np.linalg.norm(a, axis=-1)[:, None] / np.linalg.norm(b, axis=-1)[:, None]


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        (layers.add, lambda a, b: a + b),
        (layers.subtract, lambda a, b: a - b),
        (layers.multiply, lambda a, b: a * b),
        (layers.average, lambda a, b: (a + b) / 2),
        (layers.maximum, np.maximum),
        (layers.minimum, np.minimum),
        (layers.concatenate, lambda a, b: np.concatenate([a, b], axis=-1)),
        (lambda pair: layers.dot(pair, axes=-1), lambda a, b: (a * b).sum(-1, keepdims=True)),
        (lambda pair: layers.dot(pair, axes=-1, normalize=True), cosine),
    ],
)
def test_layers_that_merge(merge: Any, expected: Any) -> None:
    first, second = layers.Input((4,)), layers.Input((4,))
    model = keras.Model([first, second], merge([first, second]))
    a, b = np.random.normal(size=(2, 3, 4)).astype("float32")
    np.testing.assert_allclose(model.predict([a, b]), expected(a, b), rtol=1e-5)


# What layers compute.


def predicted_by(layer: layers.Layer, x: Any, *weights: Any) -> Any:
    model = Sequential([layer])
    model.build(np.shape(x))
    if weights:
        layer.set_weights(weights)
    return model.predict(np.asarray(x, "float32"))


def test_dense() -> None:
    x, kernel, bias = np.random.normal(size=(2, 3)), np.random.normal(size=(3, 4)), np.random.normal(size=4)
    found = predicted_by(layers.Dense(4, activation="relu", input_shape=(3,)), x, kernel, bias)
    np.testing.assert_allclose(found, np.maximum(x @ kernel + bias, 0), rtol=1e-5)


def test_embedding() -> None:
    table = np.random.normal(size=(5, 2)).astype("float32")
    found = predicted_by(layers.Embedding(5, 2, input_length=3), [[0, 4, 2]], table)
    np.testing.assert_array_equal(found, table[[[0, 4, 2]]])


def test_batch_normalization_uses_moving_statistics_when_it_predicts() -> None:
    x = np.random.normal(size=(4, 3))
    gamma, beta, mean, variance = np.array([[1, 2, 3], [4, 5, 6], [0, 1, 2], [1, 4, 9]], "float64")
    found = predicted_by(layers.BatchNormalization(input_shape=(3,)), x, gamma, beta, mean, variance)
    np.testing.assert_allclose(found, (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta, rtol=1e-5)


def test_batch_normalization_moves_its_statistics_when_it_trains() -> None:
    model = Sequential([layers.BatchNormalization(momentum=0.9, input_shape=(2,))])
    model.compile("sgd", "mse")
    x = np.array([[1.0, 2.0], [3.0, 6.0]])
    model.train_on_batch(x, x)
    _, _, mean, variance = model.get_weights()
    np.testing.assert_allclose(mean, [0.2, 0.4], rtol=1e-5)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * x.var(axis=0) * 2 / (2 - 1.001), rtol=1e-5)


def test_conv2d() -> None:
    x, kernel = np.random.normal(size=(1, 4, 4, 2)), np.random.normal(size=(2, 2, 2, 3))
    found = predicted_by(layers.Conv2D(3, 2, use_bias=False, input_shape=(4, 4, 2)), x, kernel)
    windows = np.lib.stride_tricks.sliding_window_view(x[0], (2, 2), axis=(0, 1))
    np.testing.assert_allclose(found[0], np.einsum("ijcab,abcf->ijf", windows, kernel), rtol=1e-4)


def test_pooling() -> None:
    x = np.random.normal(size=(1, 4, 4, 2)).astype("float32")
    blocks = x.reshape(1, 2, 2, 2, 2, 2)
    np.testing.assert_array_equal(predicted_by(layers.MaxPooling2D(input_shape=(4, 4, 2)), x), blocks.max((2, 4)))
    found = predicted_by(layers.AveragePooling2D(input_shape=(4, 4, 2)), x)
    np.testing.assert_allclose(found, blocks.mean((2, 4)), rtol=1e-5)


def test_dropout_differs_in_fit_and_in_predict() -> None:
    model = Sequential([layers.Dropout(0.5, input_shape=(1000,))])
    model.compile("sgd", "mse")
    x = np.ones((1, 1000))
    np.testing.assert_array_equal(model.predict(x), x)
    assert model.evaluate(x, x, verbose=0) == 0
    losses = [model.train_on_batch(x, x) for _ in range(2)]
    assert losses == pytest.approx([1, 1])  # each element is 0 or 2


def test_channels_first() -> None:
    x = np.random.normal(size=(1, 2, 4, 4))
    kernel = np.random.normal(size=(2, 2, 2, 3))
    first = layers.Conv2D(3, 2, use_bias=False, data_format="channels_first", input_shape=(2, 4, 4))
    last = layers.Conv2D(3, 2, use_bias=False, input_shape=(4, 4, 2))
    found = predicted_by(last, np.moveaxis(x, 1, -1), kernel)
    np.testing.assert_allclose(predicted_by(first, x, kernel), np.moveaxis(found, -1, 1), rtol=1e-4)


def test_a_layer_of_ones_own() -> None:
    class Scale(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(name="factor", shape=(input_shape[-1],), initializer="ones")
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    model = Sequential([Scale(input_shape=(2,))])
    assert [weight.name for weight in model.weights] == ["scale_1/factor:0"]
    model.compile("sgd", "mse")
    x = np.array([[1.0, 2.0]])
    model.train_on_batch(x, x * 3)
    assert (model.get_weights()[0] > 1).all()


def test_a_layer_of_two_outputs_and_a_residual() -> None:
    x = layers.Input((4,))
    hidden = layers.Dense(4, activation="relu")(x)
    model = keras.Model(x, [layers.add([x, hidden]), layers.Dense(1, name="score")(hidden)])
    model.compile("adam", ["mse", "mae"], loss_weights=[1.0, 0.5], metrics={"score": "mse"})
    data = np.random.normal(size=(8, 4))
    names = model.metrics_names
    losses = model.train_on_batch(data, [data, data[:, :1]])
    assert names == ["loss", "add_1_loss", "score_loss", "score_mse"]
    assert losses[0] == pytest.approx(losses[1] + 0.5 * losses[2], rel=1e-5)


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        (lambda x: x[:, -1], (5, 4), (None, 4)),
        (lambda x: K.mean(x, axis=1), (None, 4), (None, 4)),
        (lambda x: K.expand_dims(K.sum(x, axis=[1, 2])), (5, 4), (None, 1)),
        (lambda x: K.batch_dot(x, x, axes=(2, 2)), (5, 4), (None, 5, 5)),
        (lambda x: K.reshape(x, (-1, 20)), (5, 4), (None, 20)),
        (lambda x: K.one_hot(K.cast(x, "int32"), 7), (5,), (None, 5, 7)),
        (lambda x: K.permute_dimensions(x, (0, 2, 1)), (5, None), (None, None, 5)),
        (lambda x: [x[:, :2], x[:, 2:]], (5, 4), [(None, 2, 4), (None, 3, 4)]),
    ],
)
def test_a_lambda_finds_out_its_shape(function: Any, given: Any, expected: Any) -> None:
    x = layers.Input(given)
    made = layers.Lambda(function)(x)
    shapes = [K.int_shape(one) for one in made] if isinstance(made, list) else K.int_shape(made)
    assert shapes == expected
    assert keras.models.Model(x, made).output_shape == expected


def test_a_lambda_of_several_tensors_finds_out_its_shape() -> None:
    left, right = layers.Input((4,)), layers.Input((3,))
    made = layers.Lambda(lambda pair: K.concatenate([pair[0], 2 * pair[1]]), name="joined")
    model = keras.models.Model([left, right], layers.Dense(2)(made([left, right])))
    assert made.output_shape == (None, 7)
    assert model.predict([np.ones((2, 4)), np.ones((2, 3))]).shape == (2, 2)


def test_a_summary_shows_plain_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    Sequential([layers.Flatten(input_shape=(4, 2)), layers.Reshape((-1, 2))]).summary()
    printed = capsys.readouterr().out
    assert "(None, 8) " in printed
    assert "(None, 4, 2) " in printed
