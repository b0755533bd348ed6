"""The tests of `inside`, each file of them in the environment of Keras."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kremote

from ..conftest import Server
from .conftest import RunKeras

INSIDE = Path(__file__).parent / "inside"
FILES = sorted(path.name for path in INSIDE.glob("test_*.py"))


@pytest.mark.parametrize("file", FILES)
def test_inside(file: str, run_keras: RunKeras) -> None:
    done = run_keras("-m", "pytest", "-q", "-c", str(INSIDE / "pytest.ini"), str(INSIDE / file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_no_tensorflow_and_the_right_keras(run_keras: RunKeras) -> None:
    done = run_keras(
        "-c", "import keras, sys; print(keras.__version__, 'tensorflow' in sys.modules); import tensorflow"
    )
    assert done.stdout.split() == ["2.3.1", "False"]
    assert "No module named 'tensorflow'" in done.stderr
    assert "Using kremote.keras_backend backend." in done.stderr
    assert "Using TensorFlow backend." not in done.stderr


def test_keras_json_may_name_the_backend(run_keras: RunKeras, tmp_path: Path) -> None:
    settings = {"backend": "kremote.keras_backend", "floatx": "float64", "epsilon": 1e-5}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    program = "from keras import backend as K; print(K.backend(), K.eval(K.variable([1]) + K.epsilon()).dtype)"
    done = run_keras("-c", program, KERAS_BACKEND="")
    assert done.stdout.split() == ["kremote.keras_backend", "float64"], done.stderr


def test_what_keras_keeps_for_tensorflow_is_refused(run_keras: RunKeras) -> None:
    program = """
from keras import layers, metrics, callbacks, utils
for make in (callbacks.TensorBoard, lambda: layers.CuDNNLSTM(2), lambda: metrics.MeanIoU(2),
             lambda: metrics.Precision(top_k=2), lambda: metrics.Recall(top_k=2)):
    try:
        make()
    except (ImportError, RuntimeError):
        print("refused")
"""
    done = run_keras("-c", program)
    assert done.stdout.split() == ["refused"] * 5, done.stderr


FIT = """
import numpy as np
from keras.layers import Dense
from keras.models import Sequential
model = Sequential([Dense(4, activation="relu", input_shape=(3,)), Dense(1)])
model.compile("adam", "mse")
model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=2, verbose=0)
"""


def test_a_fit_says_nothing_of_its_own(run_keras: RunKeras) -> None:
    done = run_keras("-W", "default", "-c", FIT, PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX="/nowhere")
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr == "Using kremote.keras_backend backend.\n"


def test_a_script_leaves_the_session_it_made(run_keras: RunKeras, server: Server) -> None:
    def sessions() -> set[str]:
        done = run_keras("-m", "kremote", "sessions")
        return {line.split()[0] for line in done.stdout.splitlines()[1:]}

    before = sessions()
    tell = "import kremote; print(kremote.current_session().id)"
    made = run_keras("-c", FIT + tell).stdout.strip()
    failed = run_keras("-c", FIT + tell + "; 1 / 0").stdout.strip()
    assert made
    assert failed
    assert sessions() == before
    with kremote.Session(server.url, server.token) as session:
        assert run_keras("-c", FIT + tell, KREMOTE_SESSION=session.id).stdout.strip() == session.id
        assert session.id in sessions()
    named = run_keras("-c", FIT + tell + "; kept = kremote.backend.variable(1.0, name='kept')").stdout.strip()
    assert sessions() == before | {named}
    kremote.Session(server.url, server.token, named).delete()
