"""A session that is left gives its memory back at once."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from kremote_proto import codec
from kremote_server.worker.session import FIRST_CLIENT_ID

from .test_contents import Client

A = FIRST_CLIENT_ID


@pytest.fixture
def no_garbage_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
@pytest.mark.usefixtures("no_garbage_collector")
def test_values_are_gone_with_their_session(engine: str) -> None:
    client = Client(engine)
    client.run({"id": A, "op": "ones", "args": {"shape": [4], "dtype": "float32", "name": "w"}})
    template: list[dict[str, Any]] = [
        {"op": "operator.add", "args": {"x": {"input": 0}, "y": {"input": 0}}},
        {"op": "operator.mul", "args": {"x": {"result": 0}, "y": {"input": 0}}},
    ]
    for n in range(3):  # the template is interpreted, compiled, and run as it is
        program = {"instructions": codec.encode(template), "first": A + 10 * (n + 1), "inputs": [{"ref": A}]}
        client.ask({"route": "run"}, codec.encode({**program, "fetch": [{"result": 1}]}))
    session = client.worker.sessions["s"]
    values = [weakref.ref(value) for value in session.values.values()]
    assert len(values) == 7
    del session
    assert client.ask({"route": "delete"}).status == 204
    assert [value() for value in values if value() is not None] == []
