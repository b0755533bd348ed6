"""Weights outlive their session: trained on one server, saved on the client's disk, used on another server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..conftest import RunThin, Server

TRAIN = """
import numpy as np
from kremote import backend as K

rng = np.random.default_rng(0)
inputs, wanted = rng.normal(size=(64, 3)), rng.normal(size=(3, 1))
x, y = K.placeholder((None, 3)), K.placeholder((None, 1))
w, b = K.variable(np.zeros((3, 1)), name="w"), K.zeros((1,), name="b")
loss = K.mean(K.square(K.dot(x, w) + b - y))
steps = [K.update_sub(v, 0.1 * gradient) for v, gradient in zip([w, b], K.gradients(loss, [w, b]))]
train = K.function([x, y], [loss], updates=steps)
for _ in range(200):
    (value,) = train([inputs, inputs @ wanted + 2.0])
assert value < 1e-6, value
print(K.save("weights.safetensors"))
"""

USE = """
import numpy as np
from kremote import backend as K

rng = np.random.default_rng(0)
inputs, wanted = rng.normal(size=(64, 3)), rng.normal(size=(3, 1))
weights = K.load("weights.safetensors")
got = K.eval(K.dot(K.constant(inputs), weights["w"]) + weights["b"])
assert np.allclose(got, inputs @ wanted + 2.0, atol=1e-2), got
assert sorted(K.load("weights.safetensors", strict=True)) == ["b", "w"]
print(K.backend(), weights["w"].name)
"""


def test_weights_go_from_one_server_to_another(
    server: Server,
    start_server: Callable[..., Any],
    run_thin: RunThin,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    trained = run_thin(TRAIN, KREMOTE_URL=server.url, KREMOTE_TOKEN=server.token)
    assert trained.stdout == "['w', 'b']\n"
    with start_server("--backend", "numpy") as other:
        used = run_thin(USE, KREMOTE_URL=other.url, KREMOTE_TOKEN=other.token)
    assert used.stdout == "numpy w\n"
