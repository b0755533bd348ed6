"""How often a model asks the server: hardly while it is built, and once for each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras.layers import LSTM, Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential

import kremote


def requests(work: Callable[[], Any]) -> int:
    """How many requests something makes."""
    session = kremote.current_session()
    before = session.traffic["requests"]
    work()
    return session.traffic["requests"] - before


def cnn() -> Sequential:
    layers = [Conv2D(16, 3, padding="same", input_shape=(8, 8, 1)), BatchNormalization(), Activation("relu")]
    layers += [MaxPooling2D(), Conv2D(32, 3, padding="same"), BatchNormalization(), Activation("relu")]
    layers += [Dropout(0.25), Flatten(), Dense(64, activation="relu"), Dropout(0.5)]
    return Sequential([*layers, Dense(10, activation="softmax")])


def lstm() -> Sequential:
    return Sequential([LSTM(8, dropout=0.1, input_shape=(4, 3)), Dense(10, activation="softmax")])


def check(make: Callable[[], Sequential], x: Any) -> None:
    models: list[Sequential] = []
    y = np.eye(10)[np.arange(len(x)) % 10]

    def build() -> None:
        models.append(make())
        models[0].compile("adam", "categorical_crossentropy", metrics=["accuracy"])

    # What waits is sent when nobody asks for a while, and when it is 256 instructions; nothing is asked of the server.
    assert requests(build) <= 4
    (model,) = models
    assert requests(lambda: model.train_on_batch(x, y)) <= 6
    assert requests(lambda: [model.train_on_batch(x, y) for _ in range(10)]) == 10
    model.test_on_batch(x, y)
    assert requests(lambda: [model.test_on_batch(x, y) for _ in range(10)]) == 10
    model.predict_on_batch(x)
    assert requests(lambda: model.predict(x, batch_size=len(x) // 4)) == 4
    assert requests(model.get_weights) == 1


def test_a_convolutional_network() -> None:
    check(cnn, np.random.normal(size=(64, 8, 8, 1)))


def test_a_recurrent_network() -> None:
    check(lstm, np.random.normal(size=(64, 4, 3)))
