"""A server in this process: the HTTP contract over a few numpy ops, with a record of what it was asked."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from kremote.address import parse_address
from kremote.session import Session
from kremote.transport import Transport
from kremote_proto.codec import MSGPACK, decode, encode
from kremote_proto.errors import Interrupted, InvalidValue, KremoteError, Unauthorized, UnknownSession, UnknownTemplate
from kremote_proto.messages import Result
from kremote_proto.octets import split, with_data
from kremote_proto.specs import spec_of
from kremote_proto.tensors import is_tensor_map, tensor_from_wire

URL = "http://fake:8000"
Handler = Callable[[httpx.Request], httpx.Response]


def _matmul(x: Any, y: Any) -> Any:
    if x.shape[-1] != y.shape[-2]:
        raise InvalidValue(f"expected lengths that fit; got {x.shape} and {y.shape}")
    return np.matmul(x, y)


OPS: dict[str, Callable[..., Any]] = {
    "variable": lambda value, dtype, name=None: np.array(value, dtype),
    "constant": lambda value, dtype, **_: np.array(value, dtype),
    "placeholder": lambda shape=(), dtype="float32", **_: np.zeros([n or 1 for n in shape], dtype),
    "dot": _matmul,
    "update_add": lambda x, increment: np.add(x, np.asarray(increment, x.dtype), out=x),
    "gradients": lambda loss, variables: [None if i else np.ones_like(v) for i, v in enumerate(variables)],
    "function": lambda **arguments: "function",
    "function.call": lambda function, inputs: [np.asarray(value) * 2 for value in inputs],
    "set_value": lambda x, value: x.__setitem__(..., value),
    "stop_gradient": lambda variables: variables,
    "print_tensor": lambda x, message="", **_: x,
}


@dataclass
class FakeServer:
    """One kremote server as an httpx transport."""

    token: str = "secret"
    values: dict[int, Any] = field(default_factory=dict)
    programs: list[dict[str, Any]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    replies: dict[str, httpx.Response] = field(default_factory=dict)
    #: Consulted before each request; what it gives, or raises, stands for the answer.
    interrupt: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
    #: Consulted after each request was carried out: what it raises is a reply that was lost.
    lose: Callable[[httpx.Request], None] = lambda _: None
    inline_bytes: int = 1 << 20
    #: Whether instructions fail as if their user had interrupted them.
    interrupt_instructions: bool = False
    #: How many templates it keeps; none, as a server that knows of none.
    templates: int = 256
    kept_templates: dict[bytes, bytes] = field(default_factory=dict)
    #: What was in each run's body, as it came.
    bodies: list[dict[str, Any]] = field(default_factory=list)
    #: How many sessions there were, and the ids of those there are.
    sessions: int = 0
    open: set[str] = field(default_factory=set)

    def session(self, **options: Any) -> Session:
        """A client's session on this server; the pauses between its attempts take no time."""
        transport = Transport(
            parse_address(URL, self.token),
            timeout=5.0,
            connect_timeout=5.0,
            retry_seconds=options.pop("retry_seconds", 5.0),
            handler=httpx.MockTransport(self.answer),
            sleep=options.pop("sleep", lambda _: None),
        )
        return Session(transport=transport, **options)

    @property
    def instructions(self) -> list[str]:
        """The ops of every program so far."""
        return [instruction["op"] for program in self.programs for instruction in program["instructions"]]

    @property
    def freed(self) -> list[int]:
        """The ids every program so far freed."""
        return [identifier for program in self.programs for identifier in program["free"]]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The reply to a request."""
        self.requests.append(request)
        request.read()
        interrupted = self.interrupt(request)
        if interrupted is not None:
            return interrupted
        sequence = request.headers.get("kremote-sequence")
        if sequence is None or sequence not in self.replies:
            reply = self._carried_out(request)
            if sequence is not None:
                self.replies[sequence] = reply
        else:
            reply = self.replies[sequence]
        self.lose(request)
        return reply

    def _carried_out(self, request: httpx.Request) -> httpx.Response:
        try:
            if request.headers.get("authorization") != f"Bearer {self.token}":
                raise Unauthorized("expected a token this server knows")
            return self._routed(request)
        except KremoteError as error:
            return reply_of({"error": error.to_wire()}, error.status)

    def _routed(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.strip("/").split("/")[2:]
        if not parts:
            self.sessions += 1
            limits = {"templates": self.templates, "octet_alignment": 64} if self.templates else {}
            self.open.add(f"s{self.sessions}")
            return reply_of(
                {"session": f"s{self.sessions}", "protocol": 1, "engine": "tensorflow", "limits": limits}, 201
            )
        if parts[0] not in self.open:
            raise UnknownSession(f"expected a session; got {parts[0]!r}")
        if len(parts) == 1:
            if request.method == "DELETE":
                self.open.remove(parts[0])
                self.values.clear()
                return httpx.Response(204)
            return reply_of({"session": parts[0], "engine": "tensorflow", "limits": {"templates": self.templates}})
        if parts[1] == "interrupt":
            return httpx.Response(204)
        if parts[1] == "tensors":
            return self._tensor(request, int(parts[2]))
        return reply_of(self._run(self._program(request)))

    def _program(self, request: httpx.Request) -> dict[str, Any]:
        before, rest = split(memoryview(request.content), request.url.params.get("octets", "0"))
        program: dict[str, Any] = decode(rest)
        return program | {"inputs": with_data(program["inputs"], before)} if "inputs" in program else program

    def _tensor(self, request: httpx.Request, identifier: int) -> httpx.Response:
        if request.method == "PUT":
            shape = [int(n) for n in request.url.params["shape"].split(",") if n]
            array = np.frombuffer(request.content, request.url.params["dtype"]).reshape(shape)
            self.values[identifier] = array
            return reply_of({"id": identifier, "dtype": array.dtype.name, "shape": shape})
        array = self.values[identifier]
        headers = {
            "content-type": "application/octet-stream",
            "kremote-dtype": array.dtype.name,
            "kremote-shape": ",".join(map(str, array.shape)),
        }
        return httpx.Response(200, content=iter([array.tobytes()]), headers=headers)

    def _run(self, body: dict[str, Any]) -> dict[str, Any]:
        self.bodies.append(body)
        program = self._absolute(body)
        self.programs.append(program)
        printed: list[str] = []
        results = [self._execute(instruction, printed).to_wire() for instruction in program["instructions"]]
        told = body.get("report", range(len(results)))
        results = [result for n, result in enumerate(results) if n in told or "error" in result]
        values = [self._fetched(reference) for reference in program["fetch"]]
        for identifier in program["free"]:
            self.values.pop(identifier, None)
        return {"results": results, "values": values, "printed": printed}

    def _absolute(self, body: dict[str, Any]) -> dict[str, Any]:
        """A program with its ids, whose arguments name ids."""
        instructions = body.get("instructions", [])
        if "template" in body:
            if body["template"] not in self.kept_templates:
                raise UnknownTemplate("expected a template that is kept")
            instructions = self.kept_templates[body["template"]]
        if isinstance(instructions, bytes):
            self.kept_templates[hashlib.sha256(instructions).digest()] = instructions
            instructions = decode(instructions)
        if "first" not in body:
            fetch = [self._named(reference, 0, body) for reference in body["fetch"]]
            return {"instructions": instructions, "fetch": fetch, "free": body["free"]}
        first = body["first"]
        numbered = [
            {"id": first + n, **instruction, "args": self._named(instruction["args"], first, body)}
            for n, instruction in enumerate(instructions)
        ]
        kept = body.get("keep", range(len(numbered)))
        forgotten = [first + n for n in range(len(numbered)) if n not in kept]
        fetch = [self._named(reference, first, body) for reference in body["fetch"]]
        return {"instructions": numbered, "fetch": fetch, "free": [*body["free"], *forgotten]}

    def _named(self, wire: Any, first: int, body: dict[str, Any]) -> Any:
        """A wire form with ids and arrays in the place of relative references."""
        if isinstance(wire, list):
            return [self._named(item, first, body) for item in wire]
        if not isinstance(wire, dict):
            return wire
        if type(wire.get("result")) is int:
            return {"ref": first + wire["result"]} | {name: n for name, n in wire.items() if name == "item"}
        if type(wire.get("input")) is int:
            return body["inputs"][wire["input"]]
        return {name: self._named(item, first, body) for name, item in wire.items()}

    def _execute(self, instruction: dict[str, Any], printed: list[str]) -> Result:
        identifier = instruction["id"]
        try:
            if self.interrupt_instructions:
                raise Interrupted("interrupted by its user")
            arguments = {name: self._resolved(wire) for name, wire in instruction["args"].items()}
            name = instruction["op"]
            if name == "print_tensor":
                printed.append(f"{arguments.get('message', '')} {arguments['x']}")
            function = OPS.get(name) or getattr(operator, name.rpartition(".")[2])
            value = function(**arguments) if name in OPS else np.asarray(function(*arguments.values()))
        except Exception as error:
            failure = error if isinstance(error, KremoteError) else InvalidValue(str(error))
            failure.at(op=instruction["op"], instruction=identifier)
            self.values[identifier] = failure
            return Result(identifier, error=failure)
        if value is None:
            return Result(identifier, kind=None)
        self.values[identifier] = value
        if value == "function" if isinstance(value, str) else False:
            return Result(identifier, kind="function")
        if isinstance(value, list):
            return Result(identifier, items=[None if item is None else spec_of(item) for item in value])
        result_name = arguments.get("name") if name == "variable" else None
        return Result(identifier, spec_of(value), name=result_name)

    def _resolved(self, wire: Any) -> Any:
        if isinstance(wire, dict) and "ref" in wire:
            value = self.values[wire["ref"]]
            if isinstance(value, KremoteError):
                raise type(value)(value.message, op=value.op, cause=value.cause or wire["ref"])
            return value[wire["item"]] if "item" in wire else value
        if is_tensor_map(wire):
            return tensor_from_wire(wire)
        return [self._resolved(item) for item in wire] if isinstance(wire, list) else wire

    def _fetched(self, reference: dict[str, Any]) -> Any:
        try:
            value = self._resolved(reference)
        except KremoteError as error:
            return {"error": error.to_wire()}
        if isinstance(value, np.ndarray) and value.nbytes > self.inline_bytes:
            return {"large": True, "dtype": value.dtype.name, "shape": list(value.shape)}
        return value


def reply_of(value: Any, status: int = 200, **headers: str) -> httpx.Response:
    """A reply with a body of plain values."""
    return httpx.Response(status, content=encode(value), headers={"content-type": MSGPACK, **headers})


def drop(count: int, error: type[httpx.TransportError] = httpx.ReadError) -> Callable[[httpx.Request], None]:
    """What loses the first `count` requests, or replies."""
    left: Iterator[int] = iter(range(count))

    def lose(request: httpx.Request) -> None:
        if next(left, None) is not None:
            raise error("connection reset", request=request)

    return lose
