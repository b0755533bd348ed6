"""Recurrent layers: what they compute, and states, masks, wrappers and cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras.models import Model, Sequential
from keras.optimizers import Adam

from keras import backend as K
from keras import layers


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def lstm(x: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """The outputs of an LSTM, step by step."""
    units = recurrent.shape[0]
    hidden = carried = np.zeros((len(x), units))
    outputs = []
    for step in np.swapaxes(x, 0, 1):
        i, f, c, o = np.split(step @ kernel + hidden @ recurrent + bias, 4, axis=-1)
        carried = sigmoid(f) * carried + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(carried)
        outputs.append(hidden)
    return np.stack(outputs, axis=1)


@pytest.fixture
def x() -> Any:
    return np.random.normal(size=(2, 5, 3)).astype("float32")


@pytest.mark.parametrize("options", [{}, {"unroll": True}, {"implementation": 1}, {"implementation": 2}])
def test_lstm(x: Any, options: dict[str, Any]) -> None:
    layer = layers.LSTM(4, return_sequences=True, recurrent_activation="sigmoid", input_shape=(5, 3), **options)
    model = Sequential([layer])
    np.testing.assert_allclose(model.predict(x), lstm(x, *model.get_weights()), rtol=1e-4, atol=1e-6)


def test_simple_rnn_backwards(x: Any) -> None:
    model = Sequential([layers.SimpleRNN(4, go_backwards=True, input_shape=(5, 3))])
    kernel, recurrent, bias = model.get_weights()
    hidden = np.zeros((2, 4))
    for step in np.swapaxes(x, 0, 1)[::-1]:
        hidden = np.tanh(step @ kernel + hidden @ recurrent + bias)
    np.testing.assert_allclose(model.predict(x), hidden, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("reset_after", [False, True])
def test_gru(x: Any, reset_after: bool) -> None:
    layer = layers.GRU(4, recurrent_activation="sigmoid", reset_after=reset_after, input_shape=(5, 3))
    model = Sequential([layer])
    layer.set_weights([np.random.normal(size=weight.shape) for weight in layer.get_weights()])
    kernel, recurrent, bias = layer.get_weights()
    of_input, of_state = bias if reset_after else (bias, np.zeros(12))
    hidden = np.zeros((2, 4))
    for step in np.swapaxes(x, 0, 1):
        z, r, new = np.split(step @ kernel + of_input, 3, axis=-1)
        uz, ur, un = np.split(hidden @ recurrent + of_state, 3, axis=-1)
        z, r = sigmoid(z + uz), sigmoid(r + ur)
        new = np.tanh(new + r * un) if reset_after else np.tanh(new + (r * hidden) @ recurrent[:, 8:])
        hidden = z * hidden + (1 - z) * new
    np.testing.assert_allclose(model.predict(x), hidden, rtol=1e-3, atol=1e-5)


def test_a_masked_step_changes_nothing(x: Any) -> None:
    model = Sequential([layers.Masking(-1.0, input_shape=(5, 3)), layers.LSTM(4)])
    shorter = Sequential([layers.LSTM(4, input_shape=(None, 3))])
    shorter.set_weights(model.get_weights())
    masked = x.copy()
    masked[:, 3:] = -1.0
    np.testing.assert_allclose(model.predict(masked), shorter.predict(x[:, :3]), rtol=1e-5)


def test_an_embedding_masks_zeros_through_layers_and_the_loss() -> None:
    model = Sequential(
        [
            layers.Embedding(6, 3, mask_zero=True, input_length=4),
            layers.LSTM(3, return_sequences=True),
            layers.TimeDistributed(layers.Dense(1)),
        ]
    )
    model.compile("sgd", "mse")
    words = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    y = np.zeros((2, 4, 1))
    errors = model.predict(words)[..., 0] ** 2 * (words > 0)
    assert model.test_on_batch(words, y) == pytest.approx(errors.mean(), rel=1e-4)


def test_states_are_kept_from_batch_to_batch(x: Any) -> None:
    stateful = Sequential([layers.LSTM(4, stateful=True, batch_input_shape=(2, None, 3))])
    whole = Sequential([layers.LSTM(4, input_shape=(None, 3))])
    whole.set_weights(stateful.get_weights())
    stateful.predict(x[:, :2], batch_size=2)
    np.testing.assert_allclose(stateful.predict(x[:, 2:], batch_size=2), whole.predict(x), rtol=1e-4, atol=1e-6)
    stateful.reset_states()
    np.testing.assert_allclose(stateful.predict(x, batch_size=2), whole.predict(x), rtol=1e-4, atol=1e-6)
    stateful.layers[0].reset_states([np.ones((2, 4)), np.ones((2, 4))])
    assert K.get_value(stateful.layers[0].states[0]).sum() == 8


def test_states_are_returned_and_given(x: Any) -> None:
    inputs = layers.Input((5, 3))
    outputs, hidden, carried = layers.LSTM(4, return_sequences=True, return_state=True)(inputs)
    decoded = layers.LSTM(4)(inputs, initial_state=[hidden, carried])
    model = Model(inputs, [outputs, hidden, carried, decoded])
    found = model.predict(x)
    np.testing.assert_allclose(found[0][:, -1], found[1], rtol=1e-5)
    assert found[3].shape == (2, 4)


@pytest.mark.parametrize("merge", ["sum", "mul", "concat", "ave"])
def test_bidirectional(x: Any, merge: str) -> None:
    model = Sequential([layers.Bidirectional(layers.SimpleRNN(4), merge_mode=merge, input_shape=(5, 3))])
    weights = model.get_weights()
    forward = Sequential([layers.SimpleRNN(4, weights=weights[:3], input_shape=(5, 3))]).predict(x)
    backward = Sequential([layers.SimpleRNN(4, weights=weights[3:], go_backwards=True, input_shape=(5, 3))]).predict(x)
    merged = {"sum": forward + backward, "mul": forward * backward, "ave": (forward + backward) / 2}
    merged["concat"] = np.concatenate([forward, backward], axis=-1)
    np.testing.assert_allclose(model.predict(x), merged[merge], rtol=1e-5, atol=1e-6)


def test_time_distributed_images() -> None:
    model = Sequential([layers.TimeDistributed(layers.Conv2D(2, 2), input_shape=(3, 4, 4, 1))])
    images = np.random.normal(size=(2, 3, 4, 4, 1))
    single = Sequential([layers.Conv2D(2, 2, weights=model.get_weights(), input_shape=(4, 4, 1))])
    expected = np.stack([single.predict(images[:, t]) for t in range(3)], axis=1)
    np.testing.assert_allclose(model.predict(images), expected, rtol=1e-5)


@pytest.mark.parametrize("options", [{"return_sequences": True}, {"padding": "same", "dropout": 0.2, "stateful": True}])
def test_conv_lstm(options: dict[str, Any]) -> None:
    model = Sequential([layers.ConvLSTM2D(2, 2, batch_input_shape=(2, 3, 4, 4, 1), **options)])
    model.compile("sgd", "mse")
    images = np.random.normal(size=(2, 3, 4, 4, 1))
    before = model.predict(images, batch_size=2)
    assert before.shape == model.output_shape
    assert np.isfinite(model.train_on_batch(images, np.zeros(before.shape)))


def test_dropout_in_a_recurrent_layer(x: Any) -> None:
    model = Sequential([layers.LSTM(8, dropout=0.5, recurrent_dropout=0.5, input_shape=(5, 3))])
    assert model.outputs[0]._uses_learning_phase
    np.testing.assert_array_equal(model.predict(x), model.predict(x))
    look = K.function([model.input, K.learning_phase()], [model.output])
    assert (look([x, 1])[0] != look([x, 1])[0]).any()
    np.testing.assert_allclose(look([x, 0])[0], model.predict(x), rtol=1e-5)


def test_a_cell_of_ones_own(x: Any) -> None:
    class Summing(layers.Layer):
        def __init__(self, units: int) -> None:
            self.units = self.state_size = units
            super().__init__()

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units), initializer="ones")
            self.built = True

        def call(self, inputs: Any, states: Any) -> Any:
            total = K.dot(inputs, self.kernel) + states[0]
            return total, [total]

    model = Sequential([layers.RNN(Summing(2), input_shape=(5, 3))])
    np.testing.assert_allclose(model.predict(x), np.repeat(x.sum(axis=(1, 2))[:, None], 2, axis=1), rtol=1e-4)


def test_a_recurrent_model_learns_to_remember() -> None:
    model = Sequential([layers.GRU(12, input_shape=(6, 1)), layers.Dense(1)])
    model.compile(Adam(0.02), "mse")
    data = np.random.choice([0.0, 1.0], size=(256, 6, 1))
    history = model.fit(data, data[:, 0], batch_size=32, epochs=25, verbose=0)
    assert history.history["loss"][-1] < 0.05
