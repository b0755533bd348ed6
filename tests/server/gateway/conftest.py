from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from .running import Running, start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the tests that leave its workers alone."""
    running = start(
        tmp_path_factory.mktemp("server"), "--backend", "fake,other", "--workers", "2", "--sessions-per-user", "1000"
    )
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
