"""Keras 2.3.1 with kremote as its backend: over HTTP, or with a worker in its own process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kremote import current
from kremote.session import Session

from .system import System, Work

DIGITS = Path(__file__).parents[2] / "examples" / "data" / "digits.npz"


class Keras(System):
    """Keras on a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        import keras.models  # noqa: F401  no part of what is measured

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {"build": self._build, "epoch": self._epoch}

    def counters(self) -> Mapping[str, float]:
        return self._session.traffic

    def _build(self) -> Work:
        def once() -> None:
            _compiled()
            self._session.flush()

        return Work(once)

    def _epoch(self, images: int) -> Work:
        stored = np.load(DIGITS)
        pixels = (stored["images"][:images, :, :, None] / 16).astype("float32")
        classes = stored["labels"][:images].astype("int32")
        model = _compiled()
        return Work(lambda: model.fit(pixels, classes, batch_size=64, epochs=1, verbose=0))

    def close(self) -> None:
        self._session.close()


def _compiled() -> Any:
    """The network of examples/keras/cnn.py, built and compiled."""
    from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
    from keras.models import Sequential

    layers = [Conv2D(16, 3, padding="same", input_shape=(8, 8, 1)), BatchNormalization(), Activation("relu")]
    layers += [MaxPooling2D(), Conv2D(32, 3, padding="same"), BatchNormalization(), Activation("relu")]
    layers += [Dropout(0.25), Flatten(), Dense(64, activation="relu"), Dropout(0.5)]
    model = Sequential([*layers, Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def start() -> System:
    """Keras over HTTP, on the server that `KREMOTE_URL` names."""
    return Keras(current.connect())
