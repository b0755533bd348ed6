"""Train a small convolutional network on scanned digits with K alone; every tensor lives on the server.

python examples/digits.py [--epochs 12]      with KREMOTE_URL and KREMOTE_TOKEN naming a server
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import kremote
from kremote import backend as K
from kremote_proto.handles import Tensor, Variable

GOAL = 0.96
BATCH = 64
DATA = Path(__file__).parent / "data" / "digits.npz"


def load_digits(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shuffled images (float32, 0 to 1, channels last) and one-hot labels, four fifths to train on."""
    data = np.load(DATA)
    order = np.random.default_rng(seed).permutation(len(data["labels"]))
    images = (data["images"][order, :, :, None] / 16).astype("float32")
    labels = np.eye(10, dtype="float32")[data["labels"][order]]
    split = len(images) * 4 // 5
    return images[:split], labels[:split], images[split:], labels[split:]


def weight(rng: np.random.Generator, *shape: int) -> Variable:
    """A variable of He-normal values."""
    return K.variable(rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape))


class Network:
    """Two convolutions, a pooling, a dense layer; trained by gradient descent with momentum."""

    def __init__(self, learning_rate: float = 0.05, momentum: float = 0.9, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.filters = [weight(rng, 3, 3, 1, 16), weight(rng, 3, 3, 16, 32)]
        self.biases = [K.zeros((16,)), K.zeros((32,))]
        self.dense, self.offset = weight(rng, 4 * 4 * 32, 10), K.zeros((10,))
        self.weights = [*self.filters, *self.biases, self.dense, self.offset]

        images = K.placeholder(shape=(None, 8, 8, 1), name="images")
        labels = K.placeholder(shape=(None, 10), name="labels")
        predicted = self.predict_symbol(images)
        loss = K.mean(K.categorical_crossentropy(labels, predicted))
        self.train = K.function(
            [images, labels], [loss], updates=self.descent(loss, learning_rate, momentum), name="train"
        )
        self.predict = K.function([images], [predicted], name="predict")

    def predict_symbol(self, images: Tensor) -> Tensor:
        """The class probabilities of images."""
        hidden = K.relu(K.conv2d(images, self.filters[0], padding="same") + self.biases[0])
        hidden = K.relu(K.conv2d(hidden, self.filters[1], padding="same") + self.biases[1])
        hidden = K.pool2d(hidden, (2, 2), strides=(2, 2))
        return K.softmax(K.dot(K.reshape(hidden, (-1, 4 * 4 * 32)), self.dense) + self.offset)

    def descent(self, loss: Tensor, learning_rate: float, momentum: float) -> list[Variable]:
        """The updates of one training step."""
        updates = []
        for variable, gradient in zip(self.weights, K.gradients(loss, self.weights), strict=True):
            velocity = K.zeros(K.int_shape(variable) or ())
            step = momentum * velocity - learning_rate * gradient
            updates += [K.update(velocity, step), K.update_add(variable, step)]
        return updates

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The share of images classified as their label."""
        (predicted,) = self.predict([images])
        return float(np.mean(predicted.argmax(-1) == labels.argmax(-1)))


def show(epoch: int, epochs: int, loss: float, accuracy: float) -> None:
    """One line of progress."""
    done = round(24 * epoch / epochs)
    print(f"epoch {epoch:2d}/{epochs} [{'#' * done:<24}] loss {loss:.4f}  held-out accuracy {accuracy:.2%}", flush=True)


def main() -> int:
    """Train, report, and say with the exit status whether the goal was reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=12)
    epochs = parser.parse_args().epochs

    train_images, train_labels, held_images, held_labels = load_digits()
    started = time.perf_counter()
    network = Network()
    rng = np.random.default_rng(2)
    accuracy = 0.0
    for epoch in range(1, epochs + 1):
        losses = []
        for batch in np.array_split(rng.permutation(len(train_images)), len(train_images) // BATCH):
            losses += network.train([train_images[batch], train_labels[batch]])
        accuracy = network.accuracy(held_images, held_labels)
        show(epoch, epochs, float(np.mean(losses)), accuracy)

    seconds = time.perf_counter() - started
    traffic = kremote.current_session().traffic
    print(f"\n{len(held_images)} held-out digits: {accuracy:.2%} right (goal {GOAL:.0%}), trained in {seconds:.1f} s")
    print(
        f"{traffic['requests']} round trips, {traffic['bytes_sent'] / 1e6:.1f} MB sent, "
        f"{traffic['bytes_received'] / 1e6:.1f} MB received; TensorFlow in this process: {'tensorflow' in sys.modules}"
    )
    return 0 if accuracy >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
