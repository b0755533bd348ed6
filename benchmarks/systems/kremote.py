"""kremote as people use it: K functions, over HTTP, on the server that `KREMOTE_URL` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kremote import backend as K
from kremote import current

from . import network
from .patterns import Pattern
from .system import System, Work


class Kremote(System):
    """The client."""

    def __init__(self) -> None:
        self._session = current.connect()

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {
            "op": _op,
            "new_chain": _new_chain,
            "chain": _chain,
            "upload": _upload,
            "download": _download,
            "step": _step,
            "eager_step": _eager_step,
        }

    def counters(self) -> Mapping[str, float]:
        return self._session.traffic

    def close(self) -> None:
        self._session.close()


def _op() -> Work:
    x = K.constant(network.small())
    return Work(lambda: K.eval(x + x))


def _new_chain(length: int) -> Work:
    a, pattern = K.constant(network.small()), Pattern(length)
    return Work(lambda: K.eval(pattern.chain(a, lambda x: x + a, lambda x: x - a)), pattern.draw)


def _chain(length: int) -> Work:
    a = K.constant(network.small())

    def once() -> None:
        x = a
        for _ in range(length):
            x = x + a
        K.eval(x)

    return Work(once)


def _upload(megabytes: int) -> Work:
    array = network.large(megabytes)

    def before() -> None:
        array[0] += 1  # an array that was never sent: one known from its content would not travel

    def once() -> None:
        K.eval(K.constant(array)[:1])

    return Work(once, before)


def _download(megabytes: int) -> Work:
    made: list[Any] = []

    def before() -> None:
        made[:] = [K.random_uniform((megabytes << 18,))]
        K.eval(made[0][:1])

    return Work(lambda: K.eval(made[0]), before)


def _step() -> Work:
    weights = [K.variable(array) for array in network.Network.new().weights]
    images, classes = K.placeholder((None, network.PIXELS)), K.placeholder((None, network.CLASSES))
    hidden = K.relu(K.dot(images, weights[0]) + weights[1])
    logits = K.dot(hidden, weights[2]) + weights[3]
    loss = K.mean(K.categorical_crossentropy(classes, logits, from_logits=True))
    gradients = K.gradients(loss, weights)
    updates = [K.update_sub(w, network.RATE * g) for w, g in zip(weights, gradients, strict=True)]
    train, batch = K.function([images, classes], [loss], updates), list(network.batch())
    return Work(lambda: train(batch))


def _eager_step() -> Work:
    first, first_bias, second, second_bias = [K.variable(array) for array in network.Network.new().weights]
    images, classes = network.batch()

    def once() -> None:
        x, y = K.constant(images), K.constant(classes)
        sums = K.dot(x, first) + first_bias
        hidden = K.relu(sums)
        logits = K.dot(hidden, second) + second_bias
        loss = K.mean(K.categorical_crossentropy(y, logits, from_logits=True))
        by_logits = (K.softmax(logits) - y) / network.BATCH
        by_sums = K.dot(by_logits, K.transpose(second)) * K.cast(sums > 0, "float32")
        K.update_sub(first, network.RATE * K.dot(K.transpose(x), by_sums))
        K.update_sub(first_bias, network.RATE * K.sum(by_sums, axis=0))
        K.update_sub(second, network.RATE * K.dot(K.transpose(hidden), by_logits))
        K.update_sub(second_bias, network.RATE * K.sum(by_logits, axis=0))
        K.eval(loss)

    return Work(once)


def start() -> System:
    """The system."""
    return Kremote()
