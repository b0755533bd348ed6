"""A multilayer perceptron tells scanned digits apart."""

from __future__ import annotations

import sys

import numpy as np
from keras.layers import Dense, Flatten
from keras.models import Sequential
from keras.utils import to_categorical

from data import digits

GOAL = 0.95

np.random.seed(1)
(images, classes), (held_images, held_classes) = digits()

model = Sequential(
    [
        Flatten(input_shape=(8, 8, 1)),
        Dense(64, activation="relu"),
        Dense(64, activation="relu"),
        Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.summary()
model.fit(images, to_categorical(classes), batch_size=64, epochs=25, verbose=2)

loss, accuracy = model.evaluate(held_images, to_categorical(held_classes), verbose=0)
print(f"{accuracy:.2%} of {len(held_images)} held-out digits right (goal {GOAL:.0%})")
sys.exit(bool(accuracy < GOAL))
