"""Workers are killed while clients work: a session that is kept goes on as if nothing had been."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kremote

from .test_worker_death import workers


@pytest.fixture
def start_durable_server(start_server: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    return lambda *options: start_server("--state-dir", str(tmp_path / "state"), *options)


def kill_worker(server: Any) -> None:
    (worker,) = workers(server.url, server.token)
    os.kill(worker["pid"], signal.SIGKILL)


def train(session: kremote.Session, steps: int, between: Callable[[int], None]) -> list[Any]:
    """Weights after some steps of a small network with dropout, and all losses."""
    K = session.K
    generator = np.random.default_rng(7)
    batches = generator.normal(size=(steps, 16, 20)).astype("float32")
    weights = [
        K.variable(generator.normal(size=shape) * 0.3, name=f"w{n}") for n, shape in enumerate([(20, 30), (30, 5)])
    ]
    x, y = K.placeholder(shape=(None, 20)), K.placeholder(shape=(None, 5))
    hidden = K.dropout(K.relu(K.dot(x, weights[0])), 0.2, seed=3)
    loss = K.mean(K.square(K.dot(hidden, weights[1]) - y))
    gradients = K.gradients(loss, weights)
    step = K.function([x, y], [loss], updates=[(w, w - 0.05 * g) for w, g in zip(weights, gradients, strict=True)])
    losses = []
    for n, batch in enumerate(batches):
        between(n)
        losses.append(step([batch, batch[:, :5]])[0])
    return [*losses, *(K.get_value(weight) for weight in weights)]


def test_training_goes_on_through_kills_with_the_bits_of_an_undisturbed_run(
    start_durable_server: Callable[..., Any],
) -> None:
    with start_durable_server() as server:
        undisturbed = trained(server, lambda step: None)
        disturbed = trained(server, lambda step: kill_worker(server) if step in (3, 7, 8) else None)
    assert_same(undisturbed, disturbed)


def test_training_goes_on_when_the_whole_server_is_killed_and_started_again(
    start_durable_server: Callable[..., Any],
) -> None:
    port = ("--port", str(free_port()))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(start_durable_server(*port))]
        undisturbed = trained(servers[0], lambda step: None)

        def restart(step: int) -> None:
            if step in (4, 9):
                servers[-1].process.kill()
                servers[-1].process.wait()
                servers.append(stack.enter_context(start_durable_server(*port)))

        disturbed = trained(servers[0], restart)
    assert_same(undisturbed, disturbed)


def trained(server: Any, between: Callable[[int], None]) -> list[Any]:
    with kremote.Session(server.url, token=server.token) as session:
        return train(session, 12, between)


def assert_same(undisturbed: list[Any], disturbed: list[Any]) -> None:
    for one, other in zip(undisturbed, disturbed, strict=True):
        np.testing.assert_array_equal(one, other)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_everything_a_session_holds_is_there_after_its_worker_died(start_durable_server: Callable[..., Any]) -> None:
    with start_durable_server() as server, kremote.Session(server.url, token=server.token) as session:
        K = session.K
        large = np.random.default_rng(1).normal(size=(300, 1000)).astype("float32")
        uploaded, named = K.constant(large), K.variable([1.0, 2.0], name="kept")
        alias = K.update_add(named, [1.0, 1.0])
        noise = K.random_normal((4,))
        x = K.placeholder(shape=(2,))
        symbol = x * named + K.random_uniform(K.shape(x))
        function = K.function([x], [symbol, named], updates=[K.update(named, named * x)])
        failed = K.reshape(K.constant([1.0, 2.0]), K.constant([3], dtype="int32"))
        with pytest.raises(ValueError, match="reshape"):
            K.eval(failed)
        first = function([[1.0, 2.0]])
        before = K.get_value(noise), K.get_value(K.random_normal((4,)))

        kill_worker(server)

        np.testing.assert_array_equal(K.get_value(uploaded), large)
        np.testing.assert_array_equal(K.get_value(alias), [2.0, 6.0])
        np.testing.assert_array_equal(K.get_value(session.variables()["kept"]), [2.0, 6.0])
        np.testing.assert_array_equal(K.get_value(noise), before[0])
        assert not np.array_equal(K.get_value(K.random_normal((4,))), before[1]), "no random number comes twice"
        second = function([[1.0, 2.0]])
        np.testing.assert_array_equal(second[1], [2.0, 6.0])
        assert not np.allclose(second[0] - [2.0, 12.0], first[0] - [2.0, 6.0], atol=1e-3)
        with pytest.raises(ValueError, match="reshape"):
            K.eval(failed + 1.0)


def test_a_deleted_session_leaves_nothing_on_disk(start_durable_server: Callable[..., Any], tmp_path: Path) -> None:
    sessions = tmp_path / "state" / "sessions"
    with start_durable_server() as server:
        with kremote.Session(server.url, token=server.token) as session:
            session.K.eval(session.K.variable(1.0))
            (folder,) = sessions.iterdir()
            assert folder.stat().st_mode & 0o777 == 0o700
            assert all(file.stat().st_mode & 0o777 == 0o600 for file in folder.iterdir())
        assert not list(sessions.iterdir())


def test_what_was_loaded_from_the_servers_disk_outlives_its_file(
    start_durable_server: Callable[..., Any], tmp_path: Path
) -> None:
    with (
        start_durable_server("--backend", "numpy") as server,
        kremote.Session(server.url, token=server.token) as session,
    ):
        K = session.K
        K.save("damaged.npz", {"w": K.ones((2,))}, where="server")
        K.save("weights.npz", {"w": K.variable([1.0, 2.0])}, where="server")
        (damaged,) = tmp_path.rglob("damaged.npz")
        damaged.write_bytes(damaged.read_bytes()[:-1])
        with pytest.raises(ValueError, match="expected a whole"):
            K.load("damaged.npz", where="server")
        made = K.load("weights.npz", where="server")["w"]
        K.update_add(made, [1.0, 1.0])
        K.delete_saved("weights.npz")
        kill_worker(server)
        assert K.get_value(made).tolist() == [2.0, 3.0]
        K.update_add(made, [1.0, 1.0])
        assert K.get_value(session.variables()["w"]).tolist() == [3.0, 4.0]
        K.save("weights.npz", {"w": made}, where="server")
        kill_worker(server)
        assert K.get_value(K.load("weights.npz", {"w": made}, where="server")["w"]).tolist() == [3.0, 4.0]
