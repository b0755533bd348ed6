"""A session of the TensorFlow engine driven one op at a time, as a client in another language would."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto import ops  # noqa: F401  fills the catalogue
from kremote_proto.messages import Instruction, Program, Reference
from kremote_server.engines.engine import Engine
from kremote_server.worker.limits import Limits
from kremote_server.worker.session import Session


class Calls:
    """One session; a call is an op's, and gives a reference to its result."""

    def __init__(self, engine: Engine, **limits: int) -> None:
        self.session = Session("s", engine, Limits(**limits))

    def result(self, op: str, /, symbolic: bool = False, **arguments: Any) -> dict[str, Any]:
        program = Program([Instruction(op, arguments, None, symbolic)])
        reply = self.session.run(program)
        self.printed = reply.get("printed", [])
        found: dict[str, Any] = reply["results"][0]
        return found

    def __call__(self, op: str, /, symbolic: bool = False, **arguments: Any) -> dict[str, int]:
        result = self.result(op, symbolic, **arguments)
        assert "error" not in result, result["error"]
        return {"ref": result["id"]}

    def error(self, op: str, /, **arguments: Any) -> dict[str, Any]:
        error: dict[str, Any] = self.result(op, **arguments)["error"]
        return error

    def value(self, reference: dict[str, int]) -> Any:
        value = self.session.run(Program(fetch=[Reference(reference["ref"], reference.get("item"))]))["values"][0]
        assert not (isinstance(value, dict) and "error" in value), value
        return value


def tensor(array: Any) -> dict[str, Any]:
    """The wire form of an array."""
    array = np.asarray(array)
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": array.tobytes()}
