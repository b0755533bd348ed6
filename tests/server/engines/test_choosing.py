"""Which engine a session gets: servers of several engines, wishes, and a server that has nothing but numpy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import kremote

from ...conftest import RunThin, Server, running_server, without

#: What `kremote[gateway]` does not install.
NOT_THERE = ("tensorflow", "tf_keras", "keras", "ml_dtypes", "scipy")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two engines, numpy the first."""
    with running_server(tmp_path_factory.mktemp("both"), "--backend", "numpy,tensorflow") as server:
        yield server


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of numpy, where no TensorFlow is installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(without(tmp_path_factory.mktemp("hiding"), NOT_THERE)))
        with running_server(tmp_path_factory.mktemp("bare"), "--backend", "numpy") as server:
            yield server


def test_two_sessions_of_one_server_have_different_engines(both: Server) -> None:
    sessions = {name: kremote.Session(both.url, both.token, engine=name) for name in ("numpy", "tensorflow")}
    products = {}
    for name, session in sessions.items():
        assert (session.engine, session.K.backend()) == (name, name)
        x = session.K.placeholder((2, 2))
        function = session.K.function([x], [session.K.dot(x, session.K.variable([[1.0], [2.0]]))])
        (products[name],) = function([[[1.0, 2.0], [3.0, 4.0]]])
    np.testing.assert_array_equal(products["numpy"], products["tensorflow"])
    with pytest.raises(NotImplementedError, match="the engine numpy has no gradients"):
        _slope(sessions["numpy"])
    assert _slope(sessions["tensorflow"]) == 6
    for session in sessions.values():
        session.delete()


def _slope(session: kremote.Session) -> float:
    x = session.K.placeholder(())
    (slope,) = session.K.gradients(x * x, [x])
    return float(session.K.function([x], [slope])([3.0])[0])


def test_an_engine_that_is_not_offered_is_refused_by_name(both: Server) -> None:
    with pytest.raises(ValueError, match="one of numpy, tensorflow; got 'theano'"):
        kremote.Session(both.url, both.token, engine="theano")


@pytest.mark.parametrize(
    ("content", "environment", "engine"),
    [
        (None, {}, "numpy"),
        ('{"backend": "tensorflow"}', {}, "tensorflow"),
        ('{"backend": "theano"}', {"KERAS_BACKEND": "tensorflow"}, "tensorflow"),
        ('{"floatx": "float64"}', {}, "numpy"),
    ],
)
def test_a_client_gets_the_engine_it_wishes_for_else_the_first(
    both: Server, run_thin: RunThin, tmp_path: Path, content: str | None, environment: dict[str, str], engine: str
) -> None:
    if content is not None:
        (tmp_path / "keras.json").write_text(content)
    program = """
        from kremote import backend as K
        K.eval(K.ones((2,)))
        print(K.backend())
    """
    connection = {"KREMOTE_URL": both.url, "KREMOTE_TOKEN": both.token, "KERAS_HOME": str(tmp_path)}
    for _ in range(2):  # the second time there is the keras.json that the first has made
        assert run_thin(program, **connection, **environment).stdout == f"{engine}\n"


def test_numpy_is_served_where_no_tensorflow_is(bare: Server) -> None:
    """A client without a wish works there, too."""
    with kremote.Session(bare.url, bare.token) as session:
        assert session.engine == "numpy"
        K = session.K
        x = K.placeholder((None, 3))
        function = K.function([x], [K.softmax(x), K.conv2d(K.ones((1, 3, 3, 1)), K.ones((2, 2, 1, 1)))])
        probabilities, image = function([np.eye(3)])
        np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-6)
        assert image[0, :, :, 0].tolist() == [[4, 4], [4, 4]]
        with pytest.raises(NotImplementedError, match="bfloat16, since ml_dtypes is not installed"):
            K.eval(K.zeros((2,), dtype="bfloat16"))
