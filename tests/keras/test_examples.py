"""The examples of Keras reach their goals, over HTTP, from an environment without TensorFlow."""

from __future__ import annotations

import re

import pytest

from .conftest import ROOT, RunKeras

EXAMPLES = ROOT / "examples" / "keras"
#: What each prints last.
SCORES = {
    "mlp": r"(9[5-9]|100)\.\d\d% of 360 held-out digits right",
    "cnn": r"(9[7-9]|100)\.\d\d% of 360 held-out digits right",
    "lstm": r"[123]\.\d\d bits a letter of sonnets not read before",
    "siamese": r"(9[3-9]|100)\.\d\d% of 2000 held-out pairs right",
    "vae": r"2\d\.\d\d nats for each of 360 held-out digits",
}


def test_every_example_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} - {"data"} == set(SCORES)


@pytest.mark.parametrize("name", SCORES)
def test_an_example_reaches_its_goal(name: str, run_keras: RunKeras) -> None:
    done = run_keras(str(EXAMPLES / f"{name}.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(SCORES[name], done.stdout.splitlines()[-1]), done.stdout
