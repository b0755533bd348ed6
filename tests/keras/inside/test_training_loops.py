"""Scripts as Keras' users write them: optimizers, callbacks and training loops of their own, and looks inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras.callbacks import Callback
from keras.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    Layer,
    MaxPooling2D,
)
from keras.models import Model, Sequential, load_model
from keras.optimizers import SGD, Adam, Optimizer
from keras.utils import Sequence

from keras import backend as K

from .test_scripts import normal

# Optimizers.


class Multiplied(Optimizer):
    """Momentum with a rate for each layer."""

    def __init__(self, lr: float = 0.1, multipliers: Any = None, **options: Any) -> None:
        super().__init__(**options)
        with K.name_scope(self.__class__.__name__):
            self.iterations = K.variable(0, dtype="int64", name="iterations")
            self.learning_rate = K.variable(lr, name="lr")
        self.multipliers = multipliers or {}

    def get_updates(self, loss: Any, params: Any) -> Any:
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        moments = [K.zeros(K.int_shape(p)) for p in params]
        self.weights = [self.iterations, *moments]
        rate = self.lr / (1.0 + 0.5 * K.cast(self.iterations, K.dtype(self.lr)))
        for p, g, m in zip(params, grads, moments, strict=True):
            factor = next((f for name, f in self.multipliers.items() if name in p.name), 1.0)
            v = 0.9 * m - rate * factor * g
            self.updates.append(K.update(m, v))
            new = p + v
            if getattr(p, "constraint", None) is not None:
                new = p.constraint(new)
            self.updates.append(K.update(p, new))
        return self.updates

    def get_config(self) -> Any:
        return {**super().get_config(), "lr": float(K.get_value(self.lr)), "multipliers": self.multipliers}


def test_an_optimizer_of_ones_own(tmp_path: Any) -> None:
    model = Sequential([Dense(2, input_shape=(2,), name="slow", use_bias=False)])
    model.compile(Multiplied(0.1, {"slow": 0.5}), "mse")
    x, y, (w,) = normal(4, 2), normal(4, 2), model.get_weights()
    m = np.zeros_like(w)
    for step in range(3):
        gradient = x.T @ (x @ w - y) / 4
        m = 0.9 * m - 0.1 / (1 + 0.5 * step) * 0.5 * gradient
        w = w + m
        model.train_on_batch(x, y)
        np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-4, atol=1e-6)
    path = str(tmp_path / "m.h5")
    model.save(path)
    again = load_model(path, custom_objects={"Multiplied": Multiplied})
    np.testing.assert_allclose(K.get_value(again.optimizer.weights[1]), m, rtol=1e-4, atol=1e-6)
    assert again.train_on_batch(x, y) == pytest.approx(model.train_on_batch(x, y), rel=1e-5)


def test_adam_with_amsgrad_and_clipped_gradients() -> None:
    model = Sequential([Dense(1, input_shape=(3,), use_bias=False)])
    model.compile(Adam(lr=0.01, amsgrad=True, clipnorm=0.5, decay=0.1), "mse")
    x, y, (w,) = normal(8, 3), 5 * normal(8, 1), model.get_weights()
    m, v, most = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for t in range(1, 4):
        g = 2 * x.T @ (x @ w - y) / 8
        g *= min(1, 0.5 / np.linalg.norm(g))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        most = np.maximum(most, v)
        rate = 0.01 / (1 + 0.1 * (t - 1)) * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        w = w - rate * m / (np.sqrt(most) + 1e-7)
        model.train_on_batch(x, y)
        np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_is_set_between_steps() -> None:
    model = Sequential([Dense(1, input_shape=(2,), use_bias=False, kernel_initializer="zeros")])
    model.compile(SGD(lr=0.1), "mse")
    model.train_on_batch(np.ones((1, 2)), np.ones((1, 1)))
    np.testing.assert_allclose(model.get_weights()[0], 0.2)
    K.set_value(model.optimizer.lr, 0.0)
    assert K.get_value(model.optimizer.lr) == 0
    model.train_on_batch(np.ones((1, 2)), np.ones((1, 1)))
    np.testing.assert_allclose(model.get_weights()[0], 0.2)


# Training loops, and looking inside.


def test_a_training_loop_of_functions() -> None:
    x, y = K.placeholder((None, 3)), K.placeholder((None, 1))
    hidden, out = Dense(8, activation="tanh"), Dense(1)
    model = Sequential([hidden, out])
    predicted = model(x)
    loss = K.mean(K.square(predicted - y))
    updates = Adam(0.02).get_updates(loss, model.trainable_weights)
    step = K.function([x, y], [loss], updates)
    data, target = normal(64, 3), normal(64, 1)
    losses = [step([data, target])[0] for _ in range(30)]
    assert losses[-1] < losses[0]
    by_params = SGD(0.1).get_updates(params=model.trainable_weights, loss=loss)
    assert len(by_params) >= 4


def test_saliency_and_activation_maps() -> None:
    model = Sequential([Conv2D(3, 3, activation="tanh", padding="same", name="conv", input_shape=(6, 6, 1))])
    model.add(Flatten())
    model.add(Dense(4, activation="softmax"))
    image = normal(1, 6, 6, 1)
    score = model.output[:, 2]
    saliency = K.function([model.input, K.learning_phase()], K.gradients(score, [model.input]))
    (found,) = saliency([image, 0])
    nudge, delta = np.zeros_like(image), 1e-2
    nudge[0, 2, 3, 0] = delta
    slope = (model.predict(image + nudge) - model.predict(image - nudge))[0, 2] / (2 * delta)
    assert found[0, 2, 3, 0] == pytest.approx(slope, rel=0.05, abs=1e-4)
    features = model.get_layer("conv").output
    grads = K.gradients(model.output[:, np.argmax(model.predict(image)[0])], features)[0]
    pooled = K.mean(grads, axis=(0, 1, 2))
    iterate = K.function([model.input], [pooled, features[0]])
    weights, maps = iterate([image])
    assert weights.shape == (3,)
    assert maps.shape == (6, 6, 3)


def test_a_dream() -> None:
    model = Sequential([Conv2D(4, 3, activation="relu", input_shape=(12, 12, 3)), MaxPooling2D(), Conv2D(2, 3)])
    K.set_learning_phase(0)
    dream, loss = model.input, K.variable(0.0)
    for name, coefficient in {"conv2d_1": 0.5, "conv2d_2": 1.5}.items():
        activation = model.get_layer(name).output
        scaling = K.prod(K.cast(K.shape(activation), "float32"))
        loss = loss + coefficient * K.sum(K.square(activation[:, 2:-2, 2:-2, :])) / scaling
    grads = K.gradients(loss, dream)[0]
    grads /= K.maximum(K.mean(K.abs(grads)), K.epsilon())
    fetch = K.function([dream], [loss, grads])
    x = normal(1, 12, 12, 3)
    values = []
    for _ in range(5):
        value, gradient = fetch([x])
        x += 0.05 * gradient
        values.append(value)
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_a_gradient_penalty() -> None:
    critic = Sequential([Dense(8, activation="tanh", input_shape=(3,)), Dense(1)])
    real, fake = Input((3,)), Input((3,))

    class Between(Layer):
        def call(self, inputs: Any) -> Any:
            alpha = K.random_uniform((K.shape(inputs[0])[0], 1))
            return alpha * inputs[0] + (1 - alpha) * inputs[1]

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape[0]

    between = Between()([real, fake])
    scored = critic(between)

    def penalty(y_true: Any, y_pred: Any, of: Any) -> Any:
        gradients = K.gradients(y_pred, of)[0]
        norm = K.sqrt(K.sum(K.square(gradients), axis=np.arange(1, len(gradients.shape))))
        return K.mean(K.square(1 - norm))

    def wasserstein(y_true: Any, y_pred: Any) -> Any:
        return K.mean(y_true * y_pred)

    def of_between(y_true: Any, y_pred: Any) -> Any:
        return penalty(y_true, y_pred, between)

    model = Model([real, fake], [critic(real), critic(fake), scored])
    model.compile(Adam(0.01, beta_1=0, beta_2=0.9), [wasserstein, wasserstein, of_between], loss_weights=[1, 1, 10])
    a, ones = normal(16, 3), np.ones((16, 1))
    (kernel, bias, last, _) = critic.get_weights()
    slope = ((1 - np.tanh(a @ kernel + bias) ** 2) * last.T) @ kernel.T
    expected = ((1 - np.linalg.norm(slope, axis=1)) ** 2).mean()
    assert model.test_on_batch([a, a], [-ones, ones, 0 * ones])[3] == pytest.approx(expected, rel=1e-3)
    history = [model.train_on_batch([a, a], [-ones, ones, 0 * ones])[3] for _ in range(40)]
    assert history[-1] < history[0] / 2


class Watching(Callback):
    """What a user looks at while a model is fitted."""

    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x
        self.seen: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.look = K.function([self.model.input, K.learning_phase()], [self.model.layers[0].output])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append((float(self.look([self.x, 0])[0].sum()), K.eval(self.model.optimizer.lr)))
        K.set_value(self.model.optimizer.lr, K.get_value(self.model.optimizer.lr) / 2)
        assert logs is not None
        assert set(logs) == {"loss", "mae"}


def test_a_callback_that_looks_at_a_layer() -> None:
    model = Sequential([Dense(3, activation="relu", input_shape=(2,)), BatchNormalization(), Dense(1)])
    model.compile(SGD(0.1), "mse", metrics=["mae"])
    watching = Watching(normal(4, 2))
    model.fit(normal(16, 2), normal(16, 1), epochs=3, verbose=0, callbacks=[watching])
    assert [rate for _, rate in watching.seen] == pytest.approx([0.1, 0.05, 0.025])
    assert len({total for total, _ in watching.seen}) == 3


class Batches(Sequence):
    """Batches of two, and what was asked for."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        x = np.full((2, 2), index, "float32")
        return x, x[:, :1]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_sequence_of_batches(workers: int) -> None:
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    history = model.fit_generator(
        Batches(), epochs=2, validation_data=Batches(), workers=workers, shuffle=False, verbose=0, class_weight=None
    )
    assert len(history.history["val_loss"]) == 2
    assert model.predict_generator(Batches(), workers=workers).shape == (10, 1)
    assert np.isfinite(model.evaluate_generator(Batches()))
