"""Models and weights in HDF5 files, in memory, and as JSON and YAML."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from keras.layers import GRU, BatchNormalization, Conv2D, Dense, Embedding, Flatten, Input, Lambda, concatenate
from keras.models import Model, Sequential, clone_model, load_model, model_from_json, model_from_yaml

from keras import backend as K


def small() -> Sequential:
    model = Sequential([Dense(4, activation="relu", input_shape=(3,)), BatchNormalization(), Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def trained() -> tuple[Sequential, Any, Any]:
    x, y = np.random.normal(size=(16, 3)), np.random.normal(size=(16, 2))
    model = small()
    model.fit(x, y, epochs=2, verbose=0)
    return model, x, y


def test_a_model_is_loaded_with_its_optimizers_state(tmp_path: Path) -> None:
    model, x, y = trained()
    model.save(str(tmp_path / "model.h5"))
    again = load_model(str(tmp_path / "model.h5"))
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-6)
    for kept, known in zip(again.optimizer.get_weights(), model.optimizer.get_weights(), strict=True):
        np.testing.assert_allclose(kept, known, rtol=1e-6)
    assert model.train_on_batch(x, y)[0] == pytest.approx(again.train_on_batch(x, y)[0], rel=1e-5)
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-4, atol=1e-6)


def test_a_model_is_loaded_where_everything_was_forgotten(tmp_path: Path) -> None:
    model, x, _ = trained()
    expected = model.predict(x)
    model.save(str(tmp_path / "model.h5"))
    K.clear_session()
    np.testing.assert_allclose(load_model(str(tmp_path / "model.h5")).predict(x), expected, rtol=1e-6)


def test_a_model_is_kept_in_memory() -> None:
    model, x, _ = trained()
    stored = io.BytesIO()
    model.save(stored)
    stored.seek(0)
    np.testing.assert_allclose(load_model(stored).predict(x), model.predict(x), rtol=1e-6)


def texts(stored: Any) -> list[str]:
    """Texts of a file, whichever way this version of h5py reads them."""
    return [text.decode() if isinstance(text, bytes) else str(text) for text in stored]


def test_the_files_content_is_keras_own(tmp_path: Path) -> None:
    model, _, _ = trained()
    model.save_weights(str(tmp_path / "weights.h5"))
    with h5py.File(tmp_path / "weights.h5", "r") as file:
        assert texts(file.attrs["layer_names"]) == ["dense_1", "batch_normalization_1", "dense_2"]
        assert texts(file["dense_1"].attrs["weight_names"]) == ["dense_1/kernel:0", "dense_1/bias:0"]
        np.testing.assert_array_equal(file["dense_1/dense_1/kernel:0"][()], model.get_weights()[0])
        assert texts([file.attrs["keras_version"]]) == ["2.3.1"]
    model.save(str(tmp_path / "model.h5"))
    with h5py.File(tmp_path / "model.h5", "r") as file:
        names = texts(file["optimizer_weights"].attrs["weight_names"])
    assert names[:2] == ["Adam/iterations:0", "training/Adam/m_0:0"]


def test_weights_are_loaded_by_order_and_by_name(tmp_path: Path) -> None:
    model, x, _ = trained()
    path = str(tmp_path / "weights.h5")
    model.save_weights(path)
    by_order = clone_model(model)
    by_order.load_weights(path)
    np.testing.assert_allclose(by_order.predict(x), model.predict(x), rtol=1e-6)
    by_name = Sequential([Dense(4, input_shape=(3,), name="dense_1"), Dense(7, name="other")])
    by_name.load_weights(path, by_name=True)
    np.testing.assert_array_equal(by_name.get_weights()[0], model.get_weights()[0])
    with pytest.raises(ValueError, match="layers"):
        by_name.load_weights(path)


def test_weights_that_tensorflow_saved_are_taken_as_they_are(tmp_path: Path) -> None:
    model = Sequential([Conv2D(2, 3, input_shape=(4, 4, 1))])
    model.save_weights(str(tmp_path / "weights.h5"))
    with h5py.File(tmp_path / "weights.h5", "a") as file:
        file.attrs["backend"] = "tensorflow"
    again = clone_model(model)
    again.load_weights(str(tmp_path / "weights.h5"))
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_functional_model_as_text(kind: str) -> None:
    image, words = Input((6, 6, 1), name="image"), Input((4,), name="words")
    seen = Flatten()(Conv2D(2, 3)(image))
    read = GRU(3)(Embedding(5, 2)(words))
    model = Model([image, words], Dense(2, name="answer")(concatenate([seen, read])))
    again = model_from_json(model.to_json()) if kind == "json" else model_from_yaml(model.to_yaml())
    again.set_weights(model.get_weights())
    x = [np.random.normal(size=(2, 6, 6, 1)), np.random.randint(0, 5, (2, 4))]
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5)
    assert again.output_names == ["answer"]


def test_a_lambda_is_kept_with_its_code(tmp_path: Path) -> None:
    model = Sequential([Lambda(lambda x: x * 2 + 1, output_shape=(3,), input_shape=(3,))])
    model.save(str(tmp_path / "model.h5"))
    with pytest.warns(UserWarning, match="No training configuration"):
        again = load_model(str(tmp_path / "model.h5"))
    np.testing.assert_array_equal(again.predict(np.ones((1, 3))), [[3, 3, 3]])
