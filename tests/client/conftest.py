"""Fixtures of the client's tests: a server in this process, and a session on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kremote import backend  # noqa: F401  makes this process the caller of every op
from kremote.session import Session

from .fake_server import FakeServer


@pytest.fixture
def fake(settings_restored: None) -> FakeServer:
    return FakeServer()


@pytest.fixture
def session(fake: FakeServer, no_idle_flush: None) -> Iterator[Session]:
    with fake.session() as opened:
        yield opened


@pytest.fixture
def no_idle_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent by itself, so that a test sees what makes it go."""
    monkeypatch.setattr("kremote.sender.Sender.notice", lambda self: None)
