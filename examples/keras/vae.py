"""A variational autoencoder puts scanned digits on a plane, and draws digits from points of it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from keras.layers import Dense, Input, Lambda
from keras.models import Model, Sequential

from data import digits
from keras import backend as K

PIXELS, DIMENSIONS = 64, 2
GOAL = 30.0


def sampled(parameters: list[Any]) -> Any:
    """A point drawn from the normal distribution an image is encoded as."""
    mean, log_variance = parameters
    return mean + K.exp(log_variance / 2) * K.random_normal(K.shape(mean))


np.random.seed(1)
(images, _), (held_images, _) = digits()

image = Input((PIXELS,))
hidden = Dense(64, activation="relu")(image)
mean, log_variance = Dense(DIMENSIONS)(hidden), Dense(DIMENSIONS)(hidden)
point = Lambda(sampled, output_shape=(DIMENSIONS,))([mean, log_variance])
decoder = Sequential(
    [Dense(64, activation="relu", input_shape=(DIMENSIONS,)), Dense(PIXELS, activation="sigmoid")], name="decoder"
)
autoencoder = Model(image, decoder(point))


def loss(image: Any, decoded: Any) -> Any:
    """The nats it takes to describe an image: how its pixels differ, and how its point departs from the prior."""
    difference = PIXELS * K.mean(K.binary_crossentropy(image, decoded), axis=-1)
    departure = K.sum(K.square(mean) + K.exp(log_variance) - 1 - log_variance, axis=-1) / 2
    return difference + departure


autoencoder.compile("adam", loss)
flat, held = images.reshape(-1, PIXELS), held_images.reshape(-1, PIXELS)
autoencoder.fit(flat, flat, batch_size=64, epochs=40, verbose=2)

for row in decoder.predict(np.array([[0.0, 0.0]])).reshape(8, 8):
    print("".join(" .:-=+*#%@"[int(10 * shade * 0.999)] * 2 for shade in row))
nats = autoencoder.evaluate(held, held, verbose=0)
print(f"{nats:.2f} nats for each of {len(held)} held-out digits (goal {GOAL})")
sys.exit(bool(nats > GOAL))
