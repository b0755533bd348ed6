"""The network and the batch that every system trains: the same numbers for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

PIXELS, HIDDEN, CLASSES, BATCH = 784, 256, 10, 128
RATE = 0.1


@dataclass(frozen=True)
class Network:
    """Weights of a perceptron with one hidden layer, float32: (784, 256), (256,), (256, 10), (10,)."""

    weights: tuple[Array, Array, Array, Array]

    @classmethod
    def new(cls) -> Network:
        """The network before training."""
        generator = np.random.default_rng(1)
        first = generator.normal(scale=0.05, size=(PIXELS, HIDDEN)).astype("float32")
        second = generator.normal(scale=0.05, size=(HIDDEN, CLASSES)).astype("float32")
        return cls((first, np.zeros(HIDDEN, "float32"), second, np.zeros(CLASSES, "float32")))


def batch() -> tuple[Array, Array]:
    """Images (128, 784) and their classes, one-hot (128, 10), float32."""
    generator = np.random.default_rng(2)
    images = generator.random((BATCH, PIXELS), "float32")
    return images, np.eye(CLASSES, dtype="float32")[generator.integers(0, CLASSES, BATCH)]


def small() -> Array:
    """The operand of the small ops: (8, 8) float32."""
    return np.random.default_rng(3).random((8, 8), "float32")


def large(megabytes: int) -> Array:
    """Mebibytes of float32, in one dimension."""
    return np.random.default_rng(4).random(megabytes << 18, "float32")
