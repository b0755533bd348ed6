"""What a worker says that sessions hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kremote_proto import codec

from .process import A, B, C, D, Process, begun, instruction, variable


def held(process: Process, *identifiers: str) -> Any:
    return process.asked({"route": "holdings"}, codec.encode({"sessions": list(identifiers or ("s",))}))["sessions"]


@pytest.mark.parametrize("engine", ["numpy", "tensorflow"])
def test_values_bytes_and_variables_are_told(tmp_path: Path, engine: str) -> None:
    process = begun(tmp_path, engine)
    assert held(process) == {"s": {"values": 0, "bytes": 0, "variables": []}}
    process.run(
        variable(A, [1.0, 2.0], name="w"),
        instruction(B, "zeros", shape=[10, 10], dtype="float64", name="b"),
        instruction(C, "placeholder", shape=[2], ndim=None, dtype="float32", sparse=False, name=None),
        instruction(D, "dot", x=1, y=2),
    )
    told = {"values": 4, "bytes": 8 + 800, "variables": ["b", "w"]}
    assert held(process) == {"s": told}, "a variable counts once; symbols and failures hold nothing"
    process.run(free=[A, B])
    assert held(process) == {"s": {**told, "values": 2}}, "what has a name stays"
    assert held(process, "nobody", "s").keys() == {"s"}


def test_a_session_on_disk_alone_is_left_out_and_stays_there(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.run(variable(A, 1.0, name="w"))
    assert process.ask({"route": "park"}).status == 204
    assert held(process) == {}
    assert process.worker.sessions == {}


@pytest.mark.parametrize("body", [[], {}, {"sessions": "s"}])
def test_a_body_that_names_no_sessions_is_refused(tmp_path: Path, body: Any) -> None:
    reply = begun(tmp_path).asked({"route": "holdings"}, codec.encode(body))
    assert reply["error"]["code"] == "malformed_request"
