"""Cross entropies of what sigmoid or softmax gave: computed from its logits, as tf_keras does, at once and waiting."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

X = np.array([[30.0, -30.0, 0.0], [-120.0, 2.0, 1.0]], "float32")
TARGET = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "float32")
NUMBERS = np.array([1, 0], "int32")

LOSSES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "binary": ("binary_crossentropy", TARGET, {}),
    "binary focal": ("binary_focal_crossentropy", TARGET, {"apply_class_balancing": True}),
    "categorical": ("categorical_crossentropy", TARGET, {}),
    "categorical, axis": ("categorical_crossentropy", TARGET, {"axis": 0}),
    "categorical focal": ("categorical_focal_crossentropy", TARGET, {}),
    "sparse": ("sparse_categorical_crossentropy", NUMBERS, {}),
    "sparse, ignored": ("sparse_categorical_crossentropy", NUMBERS, {"ignore_class": 0}),
}


def loss_of(backend: Any, name: str, target: Any, x: Any, **more: Any) -> Any:
    """The loss of what the activation that belongs to it gives."""
    function, _, arguments = LOSSES[name]
    activation = backend.sigmoid if name.startswith("binary") else backend.softmax
    return getattr(backend, function)(target, activation(x), **arguments, **more)


@pytest.mark.parametrize("name", LOSSES)
def test_as_tf_keras(K: ModuleType, name: str) -> None:
    import tensorflow as tf
    import tf_keras

    target = LOSSES[name][1]
    wanted = loss_of(tf_keras.backend, name, tf.constant(target), tf.constant(X)).numpy()
    given = K.constant(target, dtype=target.dtype)
    np.testing.assert_allclose(K.eval(loss_of(K, name, given, K.constant(X))), wanted, 1e-5, 1e-6)
    np.testing.assert_allclose(K.eval(loss_of(K, name, target, X)), wanted, 1e-5, 1e-6)
    x = K.placeholder((None, 3))
    waiting = K.function([x], [loss_of(K, name, given, x)])([X])[0]
    np.testing.assert_allclose(waiting, wanted, 1e-5, 1e-6)
    built = K.symbolic(loss_of)(K, name, given, K.constant(X))
    np.testing.assert_allclose(K.function([], [built])([])[0], wanted, 1e-5, 1e-6)


def test_gradient_of_an_unlikely_target_does_not_vanish(K: ModuleType) -> None:
    x = K.placeholder((1, 2))
    for loss in (
        K.binary_crossentropy([[0.0, 1.0]], K.sigmoid(x)),
        K.categorical_crossentropy([[0.0, 1.0]], K.softmax(x)),
        K.sparse_categorical_crossentropy([1], K.softmax(x)),
    ):
        slope = K.function([x], K.gradients(K.sum(loss), [x]))([[[60.0, -60.0]]])[0]
        np.testing.assert_allclose(slope, [[1, -1]])


def test_an_op_in_between_makes_probabilities_of_it(K: ModuleType) -> None:
    clipped = K.eval(K.categorical_crossentropy(TARGET, K.identity(K.softmax(K.constant(X)))))
    np.testing.assert_allclose(clipped, np.full(2, -np.log(1e-7)), 1e-5)
    half = K.softmax(K.constant(X)) * 1
    assert not hasattr(half, "_keras_logits")


def test_logits_are_kept_by_name(K: ModuleType) -> None:
    x = K.constant(X)
    assert K.softmax(x)._keras_logits is x
    assert K.sigmoid(x)._keras_logits is x
    assert not hasattr(K.tanh(x), "_keras_logits")
    with K.control_dependencies([x]):
        assert K.symbolic(K.sigmoid)(x)._keras_logits is x


def test_from_logits_beside_an_activation_is_doubted(K: ModuleType) -> None:
    x = K.constant(X)
    with pytest.warns(UserWarning, match="categorical_crossentropy: expected logits") as caught:
        loss = loss_of(K, "categorical", TARGET, x, from_logits=True)
    np.testing.assert_array_equal(K.eval(loss), K.eval(loss_of(K, "categorical", TARGET, x)))
    assert caught[0].filename == __file__


def test_outputs_of_unknown_rank(K: ModuleType) -> None:
    x, target = K.placeholder(), K.placeholder()

    def losses(output: Any, target: Any, axis: int) -> list[Any]:
        return [
            K.softmax(output, axis),
            K.categorical_crossentropy(target, output, from_logits=True, axis=axis),
            K.categorical_focal_crossentropy(target, output, from_logits=True, axis=axis),
            K.sparse_categorical_crossentropy(K.argmax(target, axis), output, from_logits=True, axis=axis),
        ]

    for axis in (0, 1, -2, -1):
        found = K.function([x, target], losses(x, target, axis))([X, TARGET])
        for one, other in zip(found, losses(K.constant(X), K.constant(TARGET), axis), strict=True):
            np.testing.assert_allclose(one, K.eval(other), 1e-5, 1e-6)


def test_whole_targets_of_arrays(K: ModuleType) -> None:
    loss = K.eval(K.categorical_crossentropy(TARGET.astype("int32"), X, from_logits=True))
    np.testing.assert_allclose(loss, K.eval(K.categorical_crossentropy(TARGET, X, from_logits=True)), 1e-6)
    assert loss.dtype == "float32"
