"""Keras 2.3.1 over HTTP and with a backend of the same handles in its own process: building, compiling, fitting a CNN.

python benchmarks/keras_building.py [--runs 5]

Run it with the server's packages; the environment of these and Keras 2.3.1 it makes itself, once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PHASES = ("build", "compile", "first step", "step")
STEPS = 20


def measured(in_process: bool) -> dict[str, Any]:
    """Seconds and requests of each phase, in this process."""
    import numpy as np

    taken: dict[str, Any] = {}
    if in_process:
        from in_process import connect_in_process

        connect_in_process()
    else:
        from kremote import current

        current.connect()

    def phase(name: str, work: Callable[[], Any]) -> Any:
        session = current_session()
        session.flush()
        requests, began = session.traffic["requests"], time.perf_counter()
        result = work()
        session.flush()
        taken[name] = {"seconds": time.perf_counter() - began, "requests": session.traffic["requests"] - requests}
        return result

    from kremote.current import current_session

    build = _imported()
    generator = np.random.default_rng(0)
    images = generator.normal(size=(128, 8, 8, 1)).astype("float32")
    classes = np.eye(10)[generator.integers(0, 10, 128)]
    model = phase("build", build)
    phase("compile", lambda: model.compile("adam", "categorical_crossentropy", metrics=["accuracy"]))
    phase("first step", lambda: model.train_on_batch(images, classes))
    phase("step", lambda: [model.train_on_batch(images, classes) for _ in range(STEPS)])
    taken["step"] = {name: figure / STEPS for name, figure in taken["step"].items()}
    return taken


def _imported() -> Callable[[], Any]:
    """What builds the CNN, once Keras is imported."""
    from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
    from keras.models import Sequential

    def build() -> Any:
        layers = [Conv2D(16, 3, padding="same", input_shape=(8, 8, 1)), BatchNormalization(), Activation("relu")]
        layers += [MaxPooling2D(), Conv2D(32, 3, padding="same"), BatchNormalization(), Activation("relu")]
        layers += [Dropout(0.25), Flatten(), Dense(64, activation="relu"), Dropout(0.5)]
        return Sequential([*layers, Dense(10, activation="softmax")])

    return build


def environment() -> Path:
    """The Python of an environment with everything."""
    folder = ROOT / ".venv-benchmark"
    install = f"environment {folder.name} -e '.[server-cpu]' && install_into {folder} 'keras==2.3.1'"
    # Keras 2.3.1 takes the place of the Keras 3 that TensorFlow asks for and does not import.
    subprocess.run(["bash", "-c", f"source scripts/environment && {install}"], cwd=ROOT, check=True)
    return folder / "bin" / "python"


def run(python: Path, *options: str, **variables: str) -> dict[str, Any]:
    """What one process measured."""
    command = [str(python), __file__, "--measure", *options]
    settings = {"KERAS_BACKEND": "kremote.keras_backend", "TF_CPP_MIN_LOG_LEVEL": "2", **variables}
    done = subprocess.run(command, env=os.environ | settings, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def report(runs: dict[str, list[dict[str, Any]]]) -> None:
    """A table of medians and their ratio."""
    print(f"{'':12}{'in process':>12}{'over HTTP':>12}{'ratio':>8}{'requests':>10}")
    total = {name: [0.0] * len(every) for name, every in runs.items()}
    for phase in PHASES:
        medians = {name: statistics.median(one[phase]["seconds"] for one in every) for name, every in runs.items()}
        requests = runs["over HTTP"][0][phase]["requests"]
        _line(phase, medians, f"{requests:10.4g}")
        if phase in ("build", "compile", "first step"):
            total = {n: [a + one[phase]["seconds"] for a, one in zip(total[n], runs[n], strict=True)] for n in runs}
    _line("build..first", {name: statistics.median(every) for name, every in total.items()}, "")


def _line(phase: str, seconds: dict[str, float], requests: str) -> None:
    local, remote = seconds["in process"], seconds["over HTTP"]
    print(f"{phase:12}{local * 1e3:9.1f} ms{remote * 1e3:9.1f} ms{remote / local:8.2f}{requests}")


def main() -> None:
    """Measure both, in turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.in_process)))
        return
    python = environment()
    with tempfile.TemporaryDirectory() as folder:
        ready, log = Path(folder) / "ready.json", Path(folder) / "log"
        command = [sys.executable, "-m", "kremote_server", "serve", "--port", "0", "--ready-file", str(ready)]
        with log.open("wb") as output:
            server = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            while not ready.exists() or not ready.read_text():
                assert server.poll() is None, log.read_text()
                time.sleep(0.1)
            address = json.loads(ready.read_text())
            remote = {"KREMOTE_URL": address["url"], "KREMOTE_TOKEN": address["token"]}
            runs: dict[str, list[dict[str, Any]]] = {"in process": [], "over HTTP": []}
            for _ in range(options.runs + 1):
                runs["in process"].append(run(python, "--in-process"))
                runs["over HTTP"].append(run(python, **remote))
        finally:
            server.terminate()
            server.wait()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {options.runs} runs after one to warm up")
    report({name: every[1:] for name, every in runs.items()})


if __name__ == "__main__":
    main()
