"""Scripts as Keras' users write them: layers, losses and models of models."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from keras.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    Input,
    Lambda,
    Layer,
    Masking,
    MaxPooling2D,
    TimeDistributed,
)
from keras.models import Model, Sequential, clone_model, load_model
from keras.optimizers import Adam
from keras.regularizers import Regularizer

from keras import backend as K
from keras import constraints, initializers, regularizers


def normal(*shape: int) -> Any:
    return np.random.normal(size=shape).astype("float32")


# Layers.


class Attention(Layer):
    """A weighted sum of steps, whose weights come of a context that is learned."""

    def __init__(self, **options: Any) -> None:
        self.supports_masking = True
        self.init = initializers.get("glorot_uniform")
        super().__init__(**options)

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        self.W = self.add_weight(shape=(size, size), initializer=self.init, name=f"{self.name}_W")
        self.b = self.add_weight(shape=(size,), initializer="zero", name=f"{self.name}_b")
        self.u = self.add_weight(shape=(size,), initializer=self.init, name=f"{self.name}_u")
        super().build(input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None

    def call(self, x: Any, mask: Any = None) -> Any:
        uit = K.tanh(K.bias_add(K.dot(x, self.W), self.b))
        ait = K.squeeze(K.dot(uit, K.expand_dims(self.u)), axis=-1)
        a = K.exp(ait)
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        return K.sum(x * K.expand_dims(a), axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], input_shape[-1])


def test_attention_over_masked_steps() -> None:
    words = Input((6,), dtype="int32")
    hidden = Bidirectional(GRU(4, return_sequences=True))(Embedding(10, 5, mask_zero=True)(words))
    model = Model(words, Dense(1, activation="sigmoid")(Attention()(hidden)))
    model.compile("adam", "binary_crossentropy", metrics=["acc"])
    x = np.array([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 9]])
    look = K.function([words], [hidden])
    weights = model.layers[-2].get_weights()
    h = look([x])[0]
    a = np.exp(np.tanh(h @ weights[0] + weights[1]) @ weights[2]) * (x != 0)
    a /= a.sum(1, keepdims=True)
    attended = Model(words, model.layers[-2].output).predict(x)
    np.testing.assert_allclose(attended, (h * a[..., None]).sum(1), rtol=1e-4, atol=1e-6)
    losses = model.fit(x, [0, 1], epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_masked_steps_change_nothing_in_either_direction() -> None:
    model = Sequential([Masking(0.0, input_shape=(5, 3)), Bidirectional(GRU(4))])
    x = normal(2, 5, 3)
    short = x.copy()
    short[:, 3:] = 0
    alone = Sequential([Bidirectional(GRU(4), input_shape=(None, 3))])
    alone.set_weights(model.get_weights())
    np.testing.assert_allclose(model.predict(short), alone.predict(x[:, :3]), rtol=1e-4, atol=1e-6)


def test_a_convolution_of_each_step() -> None:
    model = Sequential([TimeDistributed(Conv2D(2, 3, activation="relu"), input_shape=(4, 8, 8, 1))])
    model.add(TimeDistributed(MaxPooling2D()))
    model.add(TimeDistributed(Flatten()))
    model.add(LSTM(3))
    model.add(Dense(1))
    assert model.output_shape == (None, 1)
    model.compile("rmsprop", "mse")
    assert np.isfinite(model.train_on_batch(normal(2, 4, 8, 8, 1), normal(2, 1)))


# Losses.


def test_triplets_through_a_lambda() -> None:
    shared = Sequential(
        [Dense(8, activation="relu", input_shape=(4,)), Dense(3), Lambda(lambda t: K.l2_normalize(t, -1))]
    )
    anchor, positive, negative = (Input((4,), name=name) for name in ("anchor", "positive", "negative"))

    def distances(vectors: Any) -> Any:
        a, p, n = vectors
        nearer, farther = (K.sum(K.square(a - other), axis=1, keepdims=True) for other in (p, n))
        return K.maximum(nearer - farther + 0.2, 0)

    loss = Lambda(distances)([shared(v) for v in (anchor, positive, negative)])
    model = Model([anchor, positive, negative], loss)
    model.compile(Adam(0.01), lambda y_true, y_pred: K.mean(y_pred))
    base = normal(32, 4)
    data = [base, base + 0.1, -base]
    e = [shared.predict(one) for one in data]
    expected = np.maximum(((e[0] - e[1]) ** 2).sum(1) - ((e[0] - e[2]) ** 2).sum(1) + 0.2, 0).mean()
    assert model.test_on_batch(data, np.zeros((32, 1))) == pytest.approx(expected, rel=1e-4)
    model.fit(data, np.zeros(32), epochs=20, verbose=0)
    assert model.test_on_batch(data, np.zeros(32)) < expected / 2


def test_a_focal_loss_and_a_dice_loss_and_metrics_of_counts() -> None:
    def focal(gamma: float = 2.0, alpha: float = 0.25) -> Any:
        def focal_loss(y_true: Any, y_pred: Any) -> Any:
            y_pred = K.clip(y_pred, K.epsilon(), 1.0 - K.epsilon())
            p = K.switch(K.equal(y_true, 1), y_pred, 1 - y_pred)
            a = K.ones_like(y_true) * alpha
            a = K.switch(K.equal(y_true, 1), a, 1 - a)
            return K.mean(-a * K.pow(1.0 - p, gamma) * K.log(p))

        return focal_loss

    def dice(y_true: Any, y_pred: Any, smooth: float = 1.0) -> Any:
        t, p = K.flatten(y_true), K.flatten(y_pred)
        return (2.0 * K.sum(t * p) + smooth) / (K.sum(t) + K.sum(p) + smooth)

    def f1(y_true: Any, y_pred: Any) -> Any:
        found = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
        precision = found / (K.sum(K.round(K.clip(y_pred, 0, 1))) + K.epsilon())
        recall = found / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())
        return 2 * precision * recall / (precision + recall + K.epsilon())

    model = Sequential([Lambda(lambda t: t, input_shape=(2,))])
    model.compile("sgd", focal(), metrics=[dice, f1])
    y, p = np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[0.8, 0.3], [0.4, 0.9]])
    right = np.where(y == 1, p, 1 - p)
    loss = (-np.where(y == 1, 0.25, 0.75) * (1 - right) ** 2 * np.log(right)).mean()
    assert model.test_on_batch(p, y) == pytest.approx([loss, (2 * 2.1 + 1) / (3 + 2.4 + 1), 0.8], rel=1e-4)


def test_several_outputs_with_weights_and_masks() -> None:
    x = Input((3,))
    model = Model(x, [Dense(1, name="a")(x), Dense(2, activation="softmax", name="b")(x)])
    model.compile(
        "sgd",
        {"a": "mse", "b": "sparse_categorical_crossentropy"},
        loss_weights={"a": 0.5, "b": 2.0},
        metrics={"b": "accuracy"},
    )
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "b_accuracy"]
    data, a, b = normal(8, 3), normal(8, 1), np.arange(8) % 2
    weights = {"a": np.arange(8.0), "b": np.ones(8)}
    got = model.test_on_batch(data, {"a": a, "b": b}, sample_weight=weights)
    predicted = model.predict(data)
    first = (weights["a"] * ((predicted[0] - a) ** 2)[:, 0]).mean()
    second = -np.log(predicted[1][np.arange(8), b]).mean()
    right = (predicted[1].argmax(1) == b).mean()
    assert got == pytest.approx([0.5 * first + 2 * second, first, second, right], rel=1e-4)
    history = model.fit(data, {"a": a, "b": b}, validation_split=0.25, epochs=2, verbose=0).history
    assert set(history) == {f"{v}{n}" for v in ("", "val_") for n in model.metrics_names}


class Orthogonality(Regularizer):
    """Columns at right angles."""

    def __call__(self, w: Any) -> Any:
        return 0.1 * K.sum(K.square(K.dot(K.transpose(w), w) - K.eye(K.int_shape(w)[1])))

    def get_config(self) -> Any:
        return {}


class Halved(constraints.Constraint):
    """Weights not above 0.5."""

    def __call__(self, w: Any) -> Any:
        return w * K.cast(K.less_equal(w, 0.5), K.floatx())


def test_a_regularizer_and_a_constraint_of_ones_own(tmp_path: Any) -> None:
    model = Sequential([Dense(2, input_shape=(3,), kernel_regularizer=Orthogonality(), kernel_constraint=Halved())])
    model.add(Dense(1, activity_regularizer=regularizers.l2(0.01)))
    w = model.layers[0].get_weights()[0]
    model.compile("sgd", "mse")
    x = np.zeros((2, 3))
    assert model.test_on_batch(x, np.zeros((2, 1))) == pytest.approx(0.1 * ((w.T @ w - np.eye(2)) ** 2).sum(), rel=1e-4)
    model.train_on_batch(normal(2, 3), normal(2, 1))
    assert model.layers[0].get_weights()[0].max() <= 0.5
    model.save(str(tmp_path / "model.h5"))
    again = load_model(str(tmp_path / "model.h5"), custom_objects={"Orthogonality": Orthogonality, "Halved": Halved})
    np.testing.assert_allclose(again.predict(np.ones((1, 3))), model.predict(np.ones((1, 3))), rtol=1e-6)
    with pytest.raises(ValueError, match=r"Unknown (regularizer|constraint)"):
        load_model(str(tmp_path / "model.h5"))


# Models of models.


def test_sequences_to_sequences() -> None:
    letters = Input((None, 3))
    _, h, c = LSTM(5, return_state=True)(letters)
    given = Input((None, 2))
    decoder, dense = LSTM(5, return_sequences=True, return_state=True), Dense(2, activation="softmax")
    outputs, _, _ = decoder(given, initial_state=[h, c])
    model = Model([letters, given], dense(outputs))
    model.compile("rmsprop", "categorical_crossentropy")
    x, y = normal(4, 6, 3), np.eye(2)[np.random.randint(2, size=(4, 5))]
    model.fit([x, y], y, epochs=1, verbose=0)
    encode = Model(letters, [h, c])
    states = [Input((5,)), Input((5,))]
    stepped, *after = decoder(given, initial_state=states)
    decode = Model([given, *states], [dense(stepped), *after])
    kept, together = encode.predict(x), model.predict([x, y])
    for step in range(5):
        one, *kept = decode.predict([y[:, step : step + 1], *kept])
        np.testing.assert_allclose(one[:, 0], together[:, step], rtol=1e-3, atol=1e-5)


def test_states_are_kept_until_they_are_reset() -> None:
    model = Sequential([LSTM(4, stateful=True, batch_input_shape=(2, 3, 1)), Dense(1)])
    x = normal(2, 3, 1)
    first, second = model.predict(x), model.predict(x)
    assert np.abs(first - second).max() > 1e-4
    model.reset_states()
    np.testing.assert_allclose(model.predict(x), first, rtol=1e-5)
    model.layers[0].reset_states([np.zeros((2, 4)), np.zeros((2, 4))])
    np.testing.assert_allclose(model.predict(x), first, rtol=1e-5)
    model.compile("sgd", "mse")
    for _ in range(2):
        model.fit(x, normal(2, 1), batch_size=2, shuffle=False, epochs=1, verbose=0)
        model.reset_states()


class Perceptron(Model):
    """A model that says itself what it computes."""

    def __init__(self) -> None:
        super().__init__(name="perceptron")
        self.first = Dense(6, activation="relu")
        self.last = Dense(2, activation="softmax")

    def call(self, inputs: Any) -> Any:
        return self.last(self.first(inputs))


def test_a_subclass_of_model() -> None:
    model = Perceptron()
    model.compile(Adam(0.05), "categorical_crossentropy", metrics=["accuracy"])
    x = normal(40, 2)
    y = np.eye(2)[(x[:, 0] > 0).astype(int)]
    model.fit(x, y, epochs=20, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.85
    assert model.predict_on_batch(x).shape == (40, 2)


def test_weights_go_from_model_to_model(capsys: pytest.CaptureFixture[str]) -> None:
    base = Sequential([Conv2D(2, 3, input_shape=(6, 6, 1), name="conv"), Flatten(name="flat"), Dense(3, name="top")])
    copy = clone_model(base)
    copy.set_weights(base.get_weights())
    x = normal(2, 6, 6, 1)
    np.testing.assert_array_equal(copy.predict(x), base.predict_on_batch(x))
    features = Model(base.input, base.get_layer("flat").output)
    for layer in features.layers:
        layer.trainable = False
    tuned = Sequential([features, Dense(2, activation="softmax")])
    tuned.compile("adam", "categorical_crossentropy")
    tuned.fit(x, np.eye(2), epochs=2, verbose=0)
    np.testing.assert_array_equal(base.get_layer("conv").get_weights()[0], copy.get_layer("conv").get_weights()[0])
    assert len(tuned.trainable_weights) == 2
    tuned.summary()
    printed = capsys.readouterr().out
    assert "(None, 32)" in printed
    assert "Trainable params: 66" in printed
    assert "Non-trainable params: 20" in printed


def test_two_rivals_train_in_turns() -> None:
    generator = Sequential([Dense(8, activation="relu", input_shape=(2,)), BatchNormalization(), Dense(3)])
    critic = Sequential([Dense(8, input_shape=(3,)), Dense(1, activation="sigmoid")])
    critic.compile(Adam(0.001, beta_1=0.5), "binary_crossentropy", metrics=["accuracy"])
    critic.trainable = False
    noise = Input((2,))
    both = Model(noise, critic(generator(noise)))
    both.compile(Adam(0.001, beta_1=0.5), "binary_crossentropy")
    for _ in range(5):
        drawn = normal(8, 2)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Discrepancy between trainable")
            critic.train_on_batch(normal(8, 3) + 3, np.ones((8, 1)))
            critic.train_on_batch(generator.predict(drawn), np.zeros((8, 1)))
        assert np.isfinite(both.train_on_batch(drawn, np.ones((8, 1))))
