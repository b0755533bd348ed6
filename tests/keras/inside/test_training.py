"""Compiling, fitting, evaluating and predicting, with generators, callbacks, and every optimizer, loss and metric."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras.layers import Activation, Dense, Dropout, Input
from keras.models import Model, Sequential
from keras.utils import Sequence

import keras
from keras import backend as K
from keras import callbacks, constraints, losses, metrics, optimizers, regularizers

WEIGHTS = np.array([[1.0], [-2.0], [0.5]])


def samples(count: int = 64) -> tuple[Any, Any]:
    x = np.random.normal(size=(count, 3)).astype("float32")
    return x, x @ WEIGHTS


def linear(**options: Any) -> Sequential:
    return Sequential([Dense(1, input_shape=(3,), **options)])


# A model's life.


def test_fit_evaluate_and_predict() -> None:
    model, (x, y) = linear(), samples()
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(x, y, batch_size=16, epochs=60, validation_split=0.25, verbose=0)
    assert sorted(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert history.history["val_loss"][-1] < 0.01 * history.history["val_loss"][0]
    loss, error = model.evaluate(x, y, verbose=0)
    predicted = model.predict(x)
    assert loss == pytest.approx(np.mean((predicted - y) ** 2), rel=1e-3)
    assert error == pytest.approx(np.mean(np.abs(predicted - y)), rel=1e-3)
    np.testing.assert_allclose(model.get_weights()[0], WEIGHTS, atol=0.1)


def test_a_step_of_gradient_descent_is_what_it_should_be() -> None:
    model = linear(use_bias=False, kernel_initializer="zeros")
    model.compile(optimizers.SGD(0.1), "mse")
    x, y = samples(8)
    assert model.train_on_batch(x, y) == pytest.approx(np.mean(y**2), rel=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], 0.1 * 2 * x.T @ y / 8, rtol=1e-5)
    assert model.test_on_batch(x, y) < np.mean(y**2)
    np.testing.assert_allclose(model.predict_on_batch(x), x @ model.get_weights()[0], rtol=1e-5)


def test_the_same_seed_gives_the_same_model() -> None:
    def trained() -> Any:
        K.clear_session()
        np.random.seed(5)
        x, y = samples()
        model = Sequential([Dense(8, activation="relu", input_shape=(3,)), Dropout(0.5), Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=2, verbose=0)
        return model.get_weights()

    for first, second in zip(trained(), trained(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5)


def test_weights_of_samples_and_of_classes() -> None:
    model = linear(use_bias=False, kernel_initializer="ones")
    model.compile("sgd", "mse")
    x, y = samples(4)
    errors = (x.sum(axis=1) - y[:, 0]) ** 2
    weights = np.array([1.0, 0.0, 0.0, 3.0])
    assert model.test_on_batch(x, y, sample_weight=weights) == pytest.approx(np.mean(errors * weights), rel=1e-5)
    probabilities = Sequential([Activation("softmax", input_shape=(3,))])
    probabilities.compile("sgd", "categorical_crossentropy")
    probabilities.fit(x, np.eye(3)[[0, 1, 2, 0]], class_weight={0: 2.0, 1: 1.0, 2: 0.0}, verbose=0)


def test_a_layer_that_is_frozen_stays() -> None:
    model = Sequential([Dense(3, input_shape=(3,), trainable=False), Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.train_on_batch(*samples())
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[2] != after[2]).any()


class Batches(Sequence):
    """Four batches, in order."""

    def __init__(self) -> None:
        self.x, self.y = samples(64)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, i: int) -> tuple[Any, Any]:
        return self.x[16 * i : 16 * i + 16], self.y[16 * i : 16 * i + 16]


def endless(batches: Batches) -> Iterator[tuple[Any, Any]]:
    while True:
        for i in range(len(batches)):
            yield batches[i]


@pytest.mark.parametrize("as_sequence", [False, True])
def test_generators(as_sequence: bool) -> None:
    model, batches = linear(), Batches()
    model.compile("sgd", "mse", metrics=["mse"])
    data = batches if as_sequence else endless(batches)
    history = model.fit_generator(data, steps_per_epoch=4, epochs=30, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0] / 10
    data = batches if as_sequence else endless(batches)
    _, error = model.evaluate_generator(data, steps=4)
    assert error == pytest.approx(model.evaluate(batches.x, batches.y, verbose=0)[1], rel=1e-5)
    data = batches if as_sequence else endless(batches)
    assert model.predict_generator(data, steps=4).shape == (64, 1)


# Callbacks.


def test_early_stopping_restores_the_best_weights() -> None:
    model, (x, y) = linear(), samples()
    model.compile(optimizers.SGD(2.0), "mse")  # it diverges
    stop = callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    history = model.fit(x, y, epochs=50, verbose=0, callbacks=[stop])
    assert len(history.epoch) < 50
    assert model.evaluate(x, y, verbose=0) < history.history["loss"][-1]


def test_a_checkpoint_keeps_the_best_model(tmp_path: Path) -> None:
    model, (x, y) = linear(), samples()
    model.compile("sgd", "mse")
    kept = tmp_path / "best.h5"
    model.fit(x, y, epochs=3, verbose=0, callbacks=[callbacks.ModelCheckpoint(str(kept), "loss", save_best_only=True)])
    again = keras.models.load_model(str(kept))
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5)


def test_the_learning_rate_is_reduced_and_scheduled() -> None:
    model, (x, y) = linear(), samples()
    model.compile(optimizers.SGD(0.0), "mse")  # it learns nothing
    K.set_value(model.optimizer.learning_rate, 1e-7)
    calm = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1.0)
    model.fit(x, y, epochs=3, verbose=0, callbacks=[calm])
    assert K.get_value(model.optimizer.learning_rate) == pytest.approx(1e-7 / 4)
    model.fit(
        x, y, epochs=2, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch, _: 0.1 / (epoch + 1))]
    )
    assert K.get_value(model.optimizer.learning_rate) == pytest.approx(0.05)


def test_callbacks_that_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, (x, y) = linear(), samples()
    model.compile("sgd", "mse", metrics=["mae"])
    seen: list[float] = []
    noted = callbacks.LambdaCallback(on_batch_end=lambda batch, logs: seen.append(float(logs["loss"])))
    log = callbacks.CSVLogger(str(tmp_path / "log.csv"))
    model.fit(x, y, batch_size=16, epochs=2, verbose=1, callbacks=[noted, log, callbacks.TerminateOnNaN()])
    assert len(seen) == 8
    assert (tmp_path / "log.csv").read_text().splitlines()[0] == "epoch,loss,mae"
    assert "Epoch 2/2" in capsys.readouterr().out


# Optimizers.


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
        ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}),
        ("SGD", {"learning_rate": 0.1, "clipvalue": 0.1}),
        ("RMSprop", {"learning_rate": 0.1}),
        ("Adagrad", {"learning_rate": 0.5}),
        ("Adadelta", {"learning_rate": 20.0}),
        ("Adam", {"learning_rate": 0.1}),
        ("Adam", {"learning_rate": 0.1, "amsgrad": True}),
        ("Adamax", {"learning_rate": 0.1}),
        ("Nadam", {"learning_rate": 0.1}),
    ],
)
def test_an_optimizer_trains_and_is_kept_by_its_config(kind: str, options: dict[str, Any]) -> None:
    made = getattr(optimizers, kind)(**options)
    optimizer = optimizers.deserialize(optimizers.serialize(made))
    model, (x, y) = linear(), samples()
    model.compile(optimizer, "mse")
    before = model.evaluate(x, y, verbose=0)
    model.fit(x, y, batch_size=64, epochs=50, verbose=0)
    assert model.evaluate(x, y, verbose=0) < before / 2
    assert K.get_value(optimizer.iterations) == 50


# Losses and metrics.

TRUE = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
PREDICTED = np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
LOSSES: dict[Any, Any] = {
    losses.mean_squared_error: lambda y, p: ((y - p) ** 2).mean(-1),
    losses.mean_absolute_error: lambda y, p: np.abs(y - p).mean(-1),
    losses.mean_absolute_percentage_error: lambda y, p: 100 * (np.abs(y - p) / np.maximum(y, 1e-7)).mean(-1),
    losses.mean_squared_logarithmic_error: lambda y, p: ((np.log(y + 1) - np.log(p + 1)) ** 2).mean(-1),
    losses.squared_hinge: lambda y, p: (np.maximum(1 - (2 * y - 1) * p, 0) ** 2).mean(-1),
    losses.hinge: lambda y, p: np.maximum(1 - (2 * y - 1) * p, 0).mean(-1),
    losses.categorical_hinge: lambda y, p: np.maximum(0, ((1 - y) * p).max(-1) - (y * p).sum(-1) + 1),
    losses.logcosh: lambda y, p: np.log(np.cosh(p - y)).mean(-1),
    losses.huber_loss: lambda y, p: (y - p) ** 2 / 2,
    losses.categorical_crossentropy: lambda y, p: -(y * np.log(p)).sum(-1),
    losses.binary_crossentropy: lambda y, p: -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(-1),
    losses.kullback_leibler_divergence: lambda y, p: (np.maximum(y, 1e-7) * np.log(np.maximum(y, 1e-7) / p)).sum(-1),
    losses.poisson: lambda y, p: (p - y * np.log(p + 1e-7)).mean(-1),
    losses.cosine_proximity: lambda y, p: -(y * p).sum(-1) / np.linalg.norm(y, axis=-1) / np.linalg.norm(p, axis=-1),
}


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_a_loss(loss: Any) -> None:
    expected = LOSSES[loss](TRUE, PREDICTED)
    np.testing.assert_allclose(K.eval(loss(K.variable(TRUE), K.variable(PREDICTED))), expected, rtol=1e-3)
    model = Sequential([Activation("linear", input_shape=(3,))])
    model.compile("sgd", loss)
    assert model.test_on_batch(PREDICTED, TRUE) == pytest.approx(expected.mean(), rel=1e-3)


def test_the_loss_of_integer_classes() -> None:
    model = Sequential([Activation("linear", input_shape=(3,))])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.test_on_batch(PREDICTED, np.array([1, 0]))
    assert loss == pytest.approx(-np.log(PREDICTED[[0, 1], [1, 0]]).mean(), rel=1e-5)
    assert accuracy == 0.5


METRICS: dict[str, Any] = {
    "accuracy": (metrics.Accuracy, [[1.0], [2.0], [3.0]], [[1.0], [0.0], [3.0]], 2 / 3),
    "binary accuracy": (metrics.BinaryAccuracy, [[1.0], [0.0]], [[0.6], [0.7]], 0.5),
    "categorical accuracy": (metrics.CategoricalAccuracy, TRUE, PREDICTED, 0.5),
    "sparse accuracy": (metrics.SparseCategoricalAccuracy, [[1.0], [2.0]], PREDICTED, 1.0),
    "top k": (lambda: metrics.TopKCategoricalAccuracy(k=2), TRUE, [[0.2, 0.7, 0.1], [0.1, 0.5, 0.4]], 0.5),
    "sparse top k": (lambda: metrics.SparseTopKCategoricalAccuracy(k=2), [[1.0], [2.0]], PREDICTED, 1.0),
    "cosine": (metrics.CosineSimilarity, [[1.0, 0.0]], [[1.0, 1.0]], np.sqrt(0.5)),
    "root mean square": (metrics.RootMeanSquaredError, [[1.0], [2.0]], [[1.0], [4.0]], np.sqrt(2)),
    "false positives": (metrics.FalsePositives, [[0.0], [1.0], [0.0]], [[0.9], [0.9], [0.1]], 1),
    "false negatives": (metrics.FalseNegatives, [[0.0], [1.0], [1.0]], [[0.9], [0.1], [0.1]], 2),
    "true positives": (metrics.TruePositives, [[0.0], [1.0], [1.0]], [[0.9], [0.9], [0.1]], 1),
    "true negatives": (metrics.TrueNegatives, [[0.0], [1.0], [0.0]], [[0.1], [0.9], [0.1]], 2),
    "precision": (metrics.Precision, [[0.0], [1.0], [1.0]], [[0.9], [0.9], [0.1]], 0.5),
    "recall": (metrics.Recall, [[0.0], [1.0], [1.0]], [[0.9], [0.9], [0.1]], 0.5),
    "area under curve": (metrics.AUC, [[0.0], [0.0], [1.0], [1.0]], [[0.1], [0.4], [0.35], [0.8]], 0.75),
    "sensitivity": (
        lambda: metrics.SensitivityAtSpecificity(0.5),
        [[0.0], [0.0], [1.0], [1.0]],
        [[0.1], [0.4], [0.35], [0.8]],
        1.0,
    ),
    "mean squared error": (metrics.MeanSquaredError, TRUE, PREDICTED, ((TRUE - PREDICTED) ** 2).mean()),
    "hinge": (metrics.Hinge, [[1.0, -1.0]], [[0.5, 0.5]], 1.0),
    "log cosh": (metrics.LogCoshError, [[1.0]], [[2.0]], np.log(np.cosh(1))),
    "poisson": (metrics.Poisson, [[1.0]], [[2.0]], 2 - np.log(2)),
}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_over_two_batches(name: str) -> None:
    make, true, predicted, expected = METRICS[name]
    model = Sequential([Activation("linear", input_shape=np.shape(predicted)[1:])])
    model.compile("sgd", lambda y, p: K.mean(p, axis=-1), metrics=[make()])
    x, y = np.array(predicted), np.array(true)
    _, found = model.evaluate(np.concatenate([x, x]), np.concatenate([y, y]), batch_size=len(x), verbose=0)
    counts = 2 if isinstance(expected, int) else 1
    assert found == pytest.approx(counts * expected, rel=1e-2)


def test_a_metric_of_ones_own() -> None:
    def largest(y: Any, p: Any) -> Any:
        return K.max(K.abs(y - p))

    model, (x, y) = linear(kernel_initializer="zeros"), samples()
    model.compile("sgd", "mse", metrics=[largest])
    assert model.metrics_names == ["loss", "largest"]
    assert model.test_on_batch(x, y)[1] == pytest.approx(np.abs(y).max(), rel=1e-5)


def test_a_loss_and_a_metric_that_a_model_adds() -> None:
    x = Input((3,))
    hidden = Dense(3, kernel_initializer="ones", use_bias=False)(x)
    model = Model(x, hidden)
    model.add_loss(K.mean(K.square(hidden)))
    model.add_metric(K.max(hidden), name="largest")
    with pytest.warns(UserWarning, match="missing from loss dictionary"):
        model.compile("sgd", None)
    data, _ = samples(8)
    loss, largest = model.train_on_batch(data, None)
    assert loss == pytest.approx(np.mean(data.sum(axis=1) ** 2), rel=1e-5)
    assert largest == pytest.approx(data.sum(axis=1).max(), rel=1e-5)


# Regularizers and constraints.


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.l1(0.1), 0.1 * 6),
        (regularizers.l2(0.1), 0.1 * 14),
        (regularizers.l1_l2(0.1, 0.2), 0.1 * 6 + 0.2 * 14),
    ],
)
def test_a_regularizer_adds_to_the_loss(regularizer: Any, expected: float) -> None:
    model = linear(use_bias=False, kernel_regularizer=regularizer)
    model.set_weights([np.array([[1.0], [-2.0], [3.0]])])
    model.compile("sgd", "mse")
    assert model.test_on_batch(np.zeros((2, 3)), np.zeros((2, 1))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("constraint", "holds"),
    [
        (constraints.max_norm(1.0), lambda w: np.linalg.norm(w) <= 1.001),
        (constraints.non_neg(), lambda w: w.min() == 0),
        (constraints.unit_norm(), lambda w: np.linalg.norm(w) == pytest.approx(1, rel=1e-3)),
        (constraints.min_max_norm(0.5, 0.6, rate=1.0), lambda w: 0.499 <= np.linalg.norm(w) <= 0.601),
    ],
)
def test_a_constraint_holds_after_each_step(constraint: Any, holds: Any) -> None:
    model, (x, y) = linear(use_bias=False, kernel_constraint=constraint), samples()
    model.compile("sgd", "mse")
    for _ in range(3):
        model.train_on_batch(x, y)
        assert holds(model.get_weights()[0])


# Looking inside.


def test_a_function_of_an_intermediate_layer() -> None:
    model = Sequential([Dense(4, activation="relu", input_shape=(3,)), Dropout(0.5), Dense(1)])
    x, _ = samples(5)
    look = K.function([model.input, K.learning_phase()], [model.layers[1].output])
    kernel, bias = model.layers[0].get_weights()
    hidden = np.maximum(x @ kernel + bias, 0)
    np.testing.assert_allclose(look([x, 0])[0], hidden, rtol=1e-5)
    dropped = look([x, 1])[0]
    np.testing.assert_allclose(dropped[dropped > 0], 2 * hidden[dropped > 0], rtol=1e-5)


def test_gradients_with_respect_to_an_input() -> None:
    model = Sequential([Dense(4, activation="tanh", input_shape=(3,)), Dense(1)])
    (gradient,) = K.gradients(K.sum(model.output), [model.input])
    x, _ = samples(2)
    (found,) = K.function([model.input], [gradient])([x])
    kernel, bias, last, _ = model.get_weights()
    np.testing.assert_allclose(found, ((1 - np.tanh(x @ kernel + bias) ** 2) * last.T) @ kernel.T, rtol=1e-3, atol=1e-6)


def test_configurations_are_json() -> None:
    model = linear(kernel_regularizer="l2", kernel_constraint="non_neg", kernel_initializer="glorot_normal")
    config = json.loads(model.to_json())
    assert config["backend"] == "kremote.keras_backend"
    assert config["keras_version"] == "2.3.1"
    assert Sequential.from_config(model.get_config()).to_json() == model.to_json()
