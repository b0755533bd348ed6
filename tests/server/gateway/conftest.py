from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from .running import SECONDS, Running, start, value


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the tests that leave its workers alone."""
    running = start(
        tmp_path_factory.mktemp("server"), "--backend", "fake,other", "--workers", "2", "--sessions-per-user", "1000"
    )
    with running.client("alice") as client:
        until = time.monotonic() + SECONDS
        while any(worker["state"] != "ready" for worker in value(client.get("/v1/status"))["workers"]):
            assert time.monotonic() < until, "the server is ready when each engine has a worker; these tests count all"
            time.sleep(0.02)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def alice(server: Running) -> Iterator[httpx.Client]:
    with server.client("alice") as client:
        yield client


@pytest.fixture(scope="session")
def bob(server: Running) -> Iterator[httpx.Client]:
    with server.client("bob") as client:
        yield client


@pytest.fixture(scope="session")
def stranger(server: Running) -> Iterator[httpx.Client]:
    with server.client(None) as client:
        yield client
