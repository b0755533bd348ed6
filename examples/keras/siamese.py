"""A model of two inputs and shared layers says whether two scanned digits are the same."""

from __future__ import annotations

import sys

import numpy as np
from keras.layers import Conv2D, Dense, Flatten, Input, Lambda, MaxPooling2D, concatenate, multiply, subtract
from keras.models import Model, Sequential

from data import Array, digits

GOAL = 0.93


def pairs(images: Array, classes: Array, count: int) -> tuple[list[Array], Array]:
    """As many pairs of images of one class as of two, and whether they are of one."""
    first = np.random.randint(len(images), size=count)
    second = np.random.randint(len(images), size=count)
    for i in range(0, count, 2):
        second[i] = np.random.choice(np.flatnonzero(classes == classes[first[i]]))
    return [images[first], images[second]], classes[first] == classes[second]


np.random.seed(1)
training, held = digits()

encoder = Sequential(
    [
        Conv2D(16, 3, activation="relu", input_shape=(8, 8, 1)),
        MaxPooling2D(),
        Flatten(),
        Dense(32, activation="relu"),
    ],
    name="encoder",
)
first, second = Input((8, 8, 1), name="first"), Input((8, 8, 1), name="second")
encoded = [encoder(first), encoder(second)]
distance = Lambda(lambda x: x**2, output_shape=(32,))(subtract(encoded))
hidden = Dense(32, activation="relu")(concatenate([distance, multiply(encoded)]))
same = Dense(1, activation="sigmoid", name="same")(hidden)
model = Model([first, second], same)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(*pairs(*training, 8000), batch_size=128, epochs=12, verbose=2)

loss, accuracy = model.evaluate(*pairs(*held, 2000), verbose=0)
print(f"{accuracy:.2%} of 2000 held-out pairs right (goal {GOAL:.0%})")
sys.exit(bool(accuracy < GOAL))
