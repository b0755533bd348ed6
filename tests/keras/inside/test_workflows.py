"""What people do with Keras beyond fitting one model: sparse inputs, threads, adversaries, style, images, texts."""

from __future__ import annotations

import gc
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pytest
from keras.models import Model, Sequential
from keras.preprocessing.image import ImageDataGenerator
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
from scipy import sparse

import kremote
from keras import backend as K
from keras import initializers, layers


def test_a_sparse_input() -> None:
    x = layers.Input((4,), sparse=True)
    model = Model(x, layers.Dense(2)(x))
    model.compile("sgd", "mse")
    data = sparse.random(6, 4, 0.5, format="csr", random_state=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(data), data.toarray() @ kernel + bias, rtol=1e-5)
    before = model.test_on_batch(data, np.zeros((6, 2)))
    model.fit(data, np.zeros((6, 2)), epochs=5, verbose=0)
    assert model.test_on_batch(data, np.zeros((6, 2))) < before


def test_another_thread_predicts_and_trains() -> None:
    model = Sequential([layers.Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    found: list[Any] = []

    def work() -> None:
        found.append(model.predict(np.ones((2, 3))))
        found.append(model.train_on_batch(np.ones((2, 3)), np.ones((2, 2))))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found[1] == pytest.approx(np.mean((found[0] - 1) ** 2), rel=1e-5)


def values_on_the_server() -> int:
    session = kremote.current_session()
    session.flush()
    headers = {"Authorization": f"Bearer {session.address.token}", "Accept": "application/json"}
    return int(httpx.get(f"{session.url}/v1/sessions/{session.id}", headers=headers).json()["values"])


def test_a_model_that_is_dropped_leaves_nothing_on_the_server() -> None:
    kept = K.learning_phase()
    assert values_on_the_server() == 1
    for _ in range(2):
        model = Sequential([layers.Dense(4, input_shape=(3,)), layers.BatchNormalization(), layers.LeakyReLU()])
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(np.ones((8, 3)), np.ones((8, 4)), verbose=0)
        assert values_on_the_server() > 20
        del model
        gc.collect()
        assert values_on_the_server() == 1
    assert kept is K.learning_phase()


def test_a_session_runs_symbols_as_with_tensorflow_1() -> None:
    x, w = K.placeholder(shape=(2,)), K.variable([1.0, 2.0])
    found = K.get_session().run([x * w, K.update(w, x)], feed_dict={x: [3.0, 4.0]})
    np.testing.assert_array_equal(found, [[3, 8], [3, 4]])
    np.testing.assert_array_equal(K.get_value(w), [3, 4])


def test_tensors_as_inputs_and_targets() -> None:
    x, y = K.variable(np.ones((8, 3))), K.variable(np.ones((8, 2)))
    given = layers.Input(tensor=x)
    model = Model(given, layers.Dense(2)(given))
    model.compile("sgd", "mse", target_tensors=[y])
    losses = model.fit(epochs=3, steps_per_epoch=2, verbose=0).history["loss"]
    assert losses[2] < losses[0]


def test_an_adversary_that_is_frozen_in_its_rivals_model() -> None:
    generator = Sequential([layers.Dense(4, input_shape=(2,))])
    critic = Sequential([layers.Dense(1, activation="sigmoid", input_shape=(4,))])
    critic.compile("sgd", "binary_crossentropy")
    critic.trainable = False
    noise = layers.Input((2,))
    both = Model(noise, critic(generator(noise)))
    both.compile("sgd", "binary_crossentropy")
    kept, moved = critic.get_weights(), generator.get_weights()
    both.train_on_batch(np.ones((2, 2)), np.ones((2, 1)))
    np.testing.assert_array_equal(kept[0], critic.get_weights()[0])
    assert (moved[0] != generator.get_weights()[0]).any()
    with pytest.warns(UserWarning, match="did you set `model.trainable`"):
        critic.train_on_batch(np.ones((2, 4)), np.ones((2, 1)))
    assert (kept[0] != critic.get_weights()[0]).any()


def test_an_image_is_changed_by_the_gradient_of_a_loss() -> None:
    image = K.variable(np.random.normal(size=(1, 6, 6, 1)))
    loss = K.sum(K.square(image[:, :-1] - image[:, 1:]))
    (gradient,) = K.gradients(loss, [image])
    smooth = K.function([], [loss], updates=[K.update_sub(image, 0.1 * gradient)])
    losses = [smooth([])[0] for _ in range(20)]
    assert losses[-1] < losses[0] / 10


def test_images_that_a_generator_makes() -> None:
    images = np.random.normal(size=(8, 6, 6, 1))
    generator = ImageDataGenerator(featurewise_center=True)
    generator.fit(images)
    model = Sequential([layers.Conv2D(2, 3, input_shape=(6, 6, 1)), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    history = model.fit_generator(generator.flow(images, np.zeros((8, 2)), batch_size=4), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


def test_texts() -> None:
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["the sun the moon", "the star"])
    padded = pad_sequences(tokenizer.texts_to_sequences(["the sun", "moon"]))
    assert padded.tolist() == [[1, 2], [0, 3]]
    model = Sequential([layers.Embedding(6, 2, mask_zero=True), layers.GRU(2), layers.Dense(1)])
    assert model.predict(padded).shape == (2, 1)


def test_attention() -> None:
    queries = layers.Input((4, 3))
    scores = layers.dot([queries, queries], axes=2)
    attended = layers.dot([layers.Softmax()(scores), queries], axes=(2, 1))
    model = Model(queries, attended)
    x = np.random.normal(size=(2, 4, 3))
    scored = np.exp(x @ np.swapaxes(x, 1, 2))
    np.testing.assert_allclose(model.predict(x), scored / scored.sum(-1, keepdims=True) @ x, rtol=1e-4)


INITIALIZERS = ["zeros", "ones", "random_normal", "random_uniform", "truncated_normal", "orthogonal", "identity"]
INITIALIZERS += ["lecun_uniform", "lecun_normal", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal"]


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer(name: str) -> None:
    value = K.eval(initializers.get(name)((40, 40)))
    spreads = {"zeros": 0, "ones": 0, "random_normal": 0.05, "random_uniform": 0.05 / 3**0.5, "identity": 0.156}
    spreads |= {"truncated_normal": 0.044, "he_uniform": (2 / 40) ** 0.5, "he_normal": (2 / 40) ** 0.5}
    assert value.shape == (40, 40)
    assert value.std() == pytest.approx(spreads.get(name, (1 / 40) ** 0.5), rel=0.1)
    if name == "orthogonal":
        np.testing.assert_allclose(value @ value.T, np.eye(40), atol=1e-4)


@pytest.mark.parametrize(("floatx", "epsilon"), [("float64", 1e-7), ("float16", 1e-3)])
def test_another_precision(floatx: str, epsilon: float) -> None:
    K.set_floatx(floatx)
    K.set_epsilon(epsilon)
    model = Sequential([layers.Dense(4, activation="relu", input_shape=(3,)), layers.BatchNormalization()])
    model.add(layers.Dense(2, activation="softmax"))
    model.compile("sgd", "categorical_crossentropy")
    assert np.isfinite(model.train_on_batch(np.random.normal(size=(4, 3)), np.eye(2)[[0, 1, 0, 1]]))
    assert {weight.dtype for weight in model.get_weights()} == {np.dtype(floatx)}
    assert model.predict(np.ones((1, 3))).dtype == floatx


def test_an_error_is_raised_where_the_program_makes_it() -> None:
    def wrong(y: Any, p: Any) -> Any:
        return K.dot(p, K.ones((5, 2)))

    model = Sequential([layers.Dense(2, input_shape=(3,))])
    with pytest.raises(ValueError, match="second-to-last of y; got") as caught:
        model.compile("sgd", wrong)
    assert "wrong" in [entry.name for entry in caught.traceback]
