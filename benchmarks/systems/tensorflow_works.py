"""What TensorFlow does of the works, on the device that it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from . import network
from .patterns import Pattern
from .system import System, Work


def training_step() -> Callable[[Any, Any], Any]:
    """A training step of a new network as one tf.function: (128, 784) images and (128, 10) classes in, the loss out."""
    weights = [tf.Variable(array) for array in network.Network.new().weights]

    @tf.function  # type: ignore[untyped-decorator]
    def train(images: Any, classes: Any) -> Any:
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(images @ weights[0] + weights[1])
            logits = hidden @ weights[2] + weights[3]
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(classes, logits))
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(network.RATE * gradient)
        return loss

    return train  # type: ignore[no-any-return]


class TensorFlowWorks(System):
    """Works whose values live on one device."""

    def __init__(self, device: str) -> None:
        self._device = device

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {
            "op": self.op,
            "new_chain": self.new_chain,
            "chain": self.chain,
            "compiled_chain": self.compiled_chain,
            "upload": self.upload,
            "download": self.download,
            "step": self.step,
        }

    def op(self) -> Work:
        """One add, fetched."""
        a = self._small()
        return self._work(lambda: tf.add(a, a).numpy())

    def new_chain(self, length: int) -> Work:
        """Dependent ops in an order never seen before, the last fetched."""
        a, pattern = self._small(), Pattern(length)

        def once() -> Any:
            return pattern.chain(a, lambda x: tf.add(x, a), lambda x: tf.subtract(x, a)).numpy()

        return self._work(once, pattern.draw)

    def chain(self, length: int) -> Work:
        """Dependent adds, the last fetched."""
        a = self._small()
        return self._work(lambda: self._added(a, a, length).numpy())

    def compiled_chain(self, length: int) -> Work:
        """The same as one XLA program."""
        a = self._small()
        with tf.device(self._device):
            compiled = tf.function(lambda x: self._added(x, a, length), jit_compile=True)
        return self._work(lambda: compiled(a).numpy())

    def upload(self, megabytes: int) -> Work:
        """A new array from this process's memory to the device, until the device has read an element of it."""
        array = network.large(megabytes)

        def before() -> None:
            array[0] += 1

        def once() -> None:
            with tf.device("/CPU:0"):
                local = tf.constant(array)
            with tf.device(self._device):
                tf.identity(local)[:1].numpy()

        return Work(once, before)

    def download(self, megabytes: int) -> Work:
        """A new value of the device into this process's memory."""
        made: list[Any] = []

        def before() -> None:
            made[:] = [tf.random.uniform((megabytes << 18,))]
            made[0][:1].numpy()

        return self._work(lambda: made[0].numpy(), before)  # noqa: PLW0108  `before` replaces it

    def step(self) -> Work:
        """A training step as one tf.function: a batch in, the loss out."""
        with tf.device(self._device):
            train = training_step()
        images, classes = network.batch()
        return self._work(lambda: train(tf.constant(images), tf.constant(classes)).numpy())

    def _small(self) -> Any:
        with tf.device(self._device):
            return tf.identity(tf.constant(network.small()))

    @staticmethod
    def _added(x: Any, a: Any, length: int) -> Any:
        for _ in range(length):
            x = tf.add(x, a)
        return x

    def _work(self, once: Callable[[], Any], before: Callable[[], Any] = lambda: None) -> Work:
        def placed(call: Callable[[], Any]) -> Callable[[], None]:
            def run() -> None:
                with tf.device(self._device):
                    call()

            return run

        return Work(placed(once), placed(before))
