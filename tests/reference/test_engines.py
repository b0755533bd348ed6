"""Section 1: engines by name, on servers that offer others than TensorFlow (statements 1, 4, 7, 9)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kremote

from ..conftest import Server, running_server
from .statements import statement

HERE = Path(__file__).parent
ENGINES = HERE / "engines"
INCOMPLETE = HERE.parent / "server" / "engines"


@pytest.fixture(scope="session")
def external(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the page's external backend."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ENGINES))
        with running_server(tmp_path_factory.mktemp("external"), "--backend", "my_package.my_module") as server:
            yield server


@statement(7)
def test_an_importable_module_computes(external: Server) -> None:
    with kremote.Session(external.url, external.token, engine="my_package.my_module") as session:
        assert session.engine == "my_package.my_module"
        product = session.K.dot(session.K.variable([[1, 2], [3, 4]]), session.K.variable([[5], [6]]))
        np.testing.assert_array_equal(session.K.eval(product), [[17.0], [39.0]])


@statement(7, 24)
def test_backend_is_the_module_path(external: Server) -> None:
    with kremote.Session(external.url, external.token, engine="my_package.my_module") as session:
        assert session.K.backend() == "my_package.my_module"


@statement(5, 7)
@pytest.mark.parametrize("where", ["KERAS_BACKEND", "keras.json"])
def test_a_client_is_given_the_engine_its_configuration_names(
    external: Server, run_thin: Callable[..., Any], tmp_path: Path, where: str
) -> None:
    environment = {"KREMOTE_URL": external.url, "KREMOTE_TOKEN": external.token}
    if where == "KERAS_BACKEND":
        environment["KERAS_BACKEND"] = "my_package.my_module"
    else:
        environment["KERAS_HOME"] = str(tmp_path)
        (tmp_path / "keras.json").write_text('{"backend": "my_package.my_module"}')
    program = """
        from kremote import backend as K
        assert K.eval(K.dot(K.variable([[2.0]]), K.constant([[3.0]]))) == 6.0
        print(K.backend())
    """
    done = run_thin(program, **environment)
    assert done.stdout == "my_package.my_module\n"
    assert "Using my_package.my_module backend." in done.stderr


@statement(1, 4)
@pytest.mark.parametrize("name", ["theano", "cntk", "no.such.module"])
def test_an_engine_the_server_does_not_offer_is_refused_by_name(server: Server, name: str) -> None:
    with pytest.raises(ValueError, match="tensorflow") as caught:
        kremote.Session(server.url, server.token, engine=name)
    assert repr(name) in str(caught.value)


def served(backend: str, import_from: Path) -> subprocess.CompletedProcess[str]:
    """Try to serve an engine that cannot run: the server is to end by itself, and say why."""
    return subprocess.run(
        [sys.executable, "-m", "kremote_server", "serve", "--port", "0", "--backend", backend],
        env={**os.environ, "PYTHONPATH": str(import_from)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@statement(9)
def test_a_server_of_an_incomplete_module_fails_naming_all_that_is_missing() -> None:
    done = served("incomplete", INCOMPLETE)
    assert done.returncode > 0, done.stderr
    errors = [line for line in done.stderr.splitlines() if "Missing required entries" in line]
    assert len(errors) == 1, done.stderr
    assert "variable, function" in errors[0]
    assert "Traceback" not in done.stderr, "a person is told what to do, not where the code is"


@statement(9)
def test_a_server_of_a_module_that_is_not_there_fails_naming_it() -> None:
    done = served("no_such_package.my_module", ENGINES)
    assert done.returncode > 0, done.stderr
    assert "'no_such_package.my_module' fails to import" in done.stderr
