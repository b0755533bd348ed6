"""Scripts as Keras' users write them: layers, losses, optimizers and training loops of their own."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from keras.callbacks import Callback
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
from keras.optimizers import SGD, Adam, Optimizer
from keras.regularizers import Regularizer
from keras.utils import Sequence

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


# Optimizers.


class Multiplied(Optimizer):
    """Momentum with a rate for each layer."""

    def __init__(self, lr: float = 0.1, multipliers: Any = None, **options: Any) -> None:
        super().__init__(**options)
        with K.name_scope(self.__class__.__name__):
            self.iterations = K.variable(0, dtype="int64", name="iterations")
            self.learning_rate = K.variable(lr, name="lr")
        self.multipliers = multipliers or {}

    def get_updates(self, loss: Any, params: Any) -> Any:
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        moments = [K.zeros(K.int_shape(p)) for p in params]
        self.weights = [self.iterations, *moments]
        rate = self.lr / (1.0 + 0.5 * K.cast(self.iterations, K.dtype(self.lr)))
        for p, g, m in zip(params, grads, moments, strict=True):
            factor = next((f for name, f in self.multipliers.items() if name in p.name), 1.0)
            v = 0.9 * m - rate * factor * g
            self.updates.append(K.update(m, v))
            new = p + v
            if getattr(p, "constraint", None) is not None:
                new = p.constraint(new)
            self.updates.append(K.update(p, new))
        return self.updates

    def get_config(self) -> Any:
        return {**super().get_config(), "lr": float(K.get_value(self.lr)), "multipliers": self.multipliers}


def test_an_optimizer_of_ones_own(tmp_path: Any) -> None:
    model = Sequential([Dense(2, input_shape=(2,), name="slow", use_bias=False)])
    model.compile(Multiplied(0.1, {"slow": 0.5}), "mse")
    x, y, (w,) = normal(4, 2), normal(4, 2), model.get_weights()
    m = np.zeros_like(w)
    for step in range(3):
        gradient = x.T @ (x @ w - y) / 4
        m = 0.9 * m - 0.1 / (1 + 0.5 * step) * 0.5 * gradient
        w = w + m
        model.train_on_batch(x, y)
        np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-4, atol=1e-6)
    path = str(tmp_path / "m.h5")
    model.save(path)
    again = load_model(path, custom_objects={"Multiplied": Multiplied})
    np.testing.assert_allclose(K.get_value(again.optimizer.weights[1]), m, rtol=1e-4, atol=1e-6)
    assert again.train_on_batch(x, y) == pytest.approx(model.train_on_batch(x, y), rel=1e-5)


def test_adam_with_amsgrad_and_clipped_gradients() -> None:
    model = Sequential([Dense(1, input_shape=(3,), use_bias=False)])
    model.compile(Adam(lr=0.01, amsgrad=True, clipnorm=0.5, decay=0.1), "mse")
    x, y, (w,) = normal(8, 3), 5 * normal(8, 1), model.get_weights()
    m, v, most = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for t in range(1, 4):
        g = 2 * x.T @ (x @ w - y) / 8
        g *= min(1, 0.5 / np.linalg.norm(g))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        most = np.maximum(most, v)
        rate = 0.01 / (1 + 0.1 * (t - 1)) * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        w = w - rate * m / (np.sqrt(most) + 1e-7)
        model.train_on_batch(x, y)
        np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_is_set_between_steps() -> None:
    model = Sequential([Dense(1, input_shape=(2,), use_bias=False, kernel_initializer="zeros")])
    model.compile(SGD(lr=0.1), "mse")
    model.train_on_batch(np.ones((1, 2)), np.ones((1, 1)))
    np.testing.assert_allclose(model.get_weights()[0], 0.2)
    K.set_value(model.optimizer.lr, 0.0)
    assert K.get_value(model.optimizer.lr) == 0
    model.train_on_batch(np.ones((1, 2)), np.ones((1, 1)))
    np.testing.assert_allclose(model.get_weights()[0], 0.2)


# Training loops, and looking inside.


def test_a_training_loop_of_functions() -> None:
    x, y = K.placeholder((None, 3)), K.placeholder((None, 1))
    hidden, out = Dense(8, activation="tanh"), Dense(1)
    model = Sequential([hidden, out])
    predicted = model(x)
    loss = K.mean(K.square(predicted - y))
    updates = Adam(0.02).get_updates(loss, model.trainable_weights)
    step = K.function([x, y], [loss], updates)
    data, target = normal(64, 3), normal(64, 1)
    losses = [step([data, target])[0] for _ in range(30)]
    assert losses[-1] < losses[0]
    by_params = SGD(0.1).get_updates(params=model.trainable_weights, loss=loss)
    assert len(by_params) >= 4


def test_saliency_and_activation_maps() -> None:
    model = Sequential([Conv2D(3, 3, activation="tanh", padding="same", name="conv", input_shape=(6, 6, 1))])
    model.add(Flatten())
    model.add(Dense(4, activation="softmax"))
    image = normal(1, 6, 6, 1)
    score = model.output[:, 2]
    saliency = K.function([model.input, K.learning_phase()], K.gradients(score, [model.input]))
    (found,) = saliency([image, 0])
    nudge, delta = np.zeros_like(image), 1e-2
    nudge[0, 2, 3, 0] = delta
    slope = (model.predict(image + nudge) - model.predict(image - nudge))[0, 2] / (2 * delta)
    assert found[0, 2, 3, 0] == pytest.approx(slope, rel=0.05, abs=1e-4)
    features = model.get_layer("conv").output
    grads = K.gradients(model.output[:, np.argmax(model.predict(image)[0])], features)[0]
    pooled = K.mean(grads, axis=(0, 1, 2))
    iterate = K.function([model.input], [pooled, features[0]])
    weights, maps = iterate([image])
    assert weights.shape == (3,)
    assert maps.shape == (6, 6, 3)


def test_a_dream() -> None:
    model = Sequential([Conv2D(4, 3, activation="relu", input_shape=(12, 12, 3)), MaxPooling2D(), Conv2D(2, 3)])
    K.set_learning_phase(0)
    dream, loss = model.input, K.variable(0.0)
    for name, coefficient in {"conv2d_1": 0.5, "conv2d_2": 1.5}.items():
        activation = model.get_layer(name).output
        scaling = K.prod(K.cast(K.shape(activation), "float32"))
        loss = loss + coefficient * K.sum(K.square(activation[:, 2:-2, 2:-2, :])) / scaling
    grads = K.gradients(loss, dream)[0]
    grads /= K.maximum(K.mean(K.abs(grads)), K.epsilon())
    fetch = K.function([dream], [loss, grads])
    x = normal(1, 12, 12, 3)
    values = []
    for _ in range(5):
        value, gradient = fetch([x])
        x += 0.05 * gradient
        values.append(value)
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_a_gradient_penalty() -> None:
    critic = Sequential([Dense(8, activation="tanh", input_shape=(3,)), Dense(1)])
    real, fake = Input((3,)), Input((3,))

    class Between(Layer):
        def call(self, inputs: Any) -> Any:
            alpha = K.random_uniform((K.shape(inputs[0])[0], 1))
            return alpha * inputs[0] + (1 - alpha) * inputs[1]

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape[0]

    between = Between()([real, fake])
    scored = critic(between)

    def penalty(y_true: Any, y_pred: Any, of: Any) -> Any:
        gradients = K.gradients(y_pred, of)[0]
        norm = K.sqrt(K.sum(K.square(gradients), axis=np.arange(1, len(gradients.shape))))
        return K.mean(K.square(1 - norm))

    def wasserstein(y_true: Any, y_pred: Any) -> Any:
        return K.mean(y_true * y_pred)

    def of_between(y_true: Any, y_pred: Any) -> Any:
        return penalty(y_true, y_pred, between)

    model = Model([real, fake], [critic(real), critic(fake), scored])
    model.compile(Adam(0.01, beta_1=0, beta_2=0.9), [wasserstein, wasserstein, of_between], loss_weights=[1, 1, 10])
    a, ones = normal(16, 3), np.ones((16, 1))
    (kernel, bias, last, _) = critic.get_weights()
    slope = ((1 - np.tanh(a @ kernel + bias) ** 2) * last.T) @ kernel.T
    expected = ((1 - np.linalg.norm(slope, axis=1)) ** 2).mean()
    assert model.test_on_batch([a, a], [-ones, ones, 0 * ones])[3] == pytest.approx(expected, rel=1e-3)
    history = [model.train_on_batch([a, a], [-ones, ones, 0 * ones])[3] for _ in range(40)]
    assert history[-1] < history[0] / 2


class Watching(Callback):
    """What a user looks at while a model is fitted."""

    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x
        self.seen: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.look = K.function([self.model.input, K.learning_phase()], [self.model.layers[0].output])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append((float(self.look([self.x, 0])[0].sum()), K.eval(self.model.optimizer.lr)))
        K.set_value(self.model.optimizer.lr, K.get_value(self.model.optimizer.lr) / 2)
        assert logs is not None
        assert set(logs) == {"loss", "mae"}


def test_a_callback_that_looks_at_a_layer() -> None:
    model = Sequential([Dense(3, activation="relu", input_shape=(2,)), BatchNormalization(), Dense(1)])
    model.compile(SGD(0.1), "mse", metrics=["mae"])
    watching = Watching(normal(4, 2))
    model.fit(normal(16, 2), normal(16, 1), epochs=3, verbose=0, callbacks=[watching])
    assert [rate for _, rate in watching.seen] == pytest.approx([0.1, 0.05, 0.025])
    assert len({total for total, _ in watching.seen}) == 3


class Batches(Sequence):
    """Batches of two, and what was asked for."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        x = np.full((2, 2), index, "float32")
        return x, x[:, :1]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_sequence_of_batches(workers: int) -> None:
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    history = model.fit_generator(
        Batches(), epochs=2, validation_data=Batches(), workers=workers, shuffle=False, verbose=0, class_weight=None
    )
    assert len(history.history["val_loss"]) == 2
    assert model.predict_generator(Batches(), workers=workers).shape == (10, 1)
    assert np.isfinite(model.evaluate_generator(Batches()))


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
