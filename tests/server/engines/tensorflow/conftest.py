"""One engine for all tests of this folder, a session for each."""

from __future__ import annotations

import pytest

from kremote_server.engines.engine import Engine
from kremote_server.engines.loading import load_engine

from .calls import Calls


@pytest.fixture(scope="session")
def engine() -> Engine:
    return load_engine("tensorflow")


@pytest.fixture
def call(engine: Engine) -> Calls:
    return Calls(engine)
