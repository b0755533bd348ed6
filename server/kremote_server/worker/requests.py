"""Requests of the link: each route is a method that answers with a reply."""

from __future__ import annotations

import dataclasses
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kremote_proto import PROTOCOL_VERSIONS, codec
from kremote_proto.dtypes import DTYPES, dtype_name
from kremote_proto.errors import (
    InvalidType,
    InvalidValue,
    KremoteError,
    MalformedRequest,
    NotFound,
    UnknownSession,
    UnknownVariable,
    shown,
)
from kremote_proto.messages import Instruction, Reference, checked_id, program_from_wire
from kremote_proto.op import find_op
from kremote_proto.tensors import Array, SparseArray, is_tensor_map, tensor_from_wire, tensor_to_wire

from ..engines.engine import Engine
from ..link_messages import Reply, Request
from .compiled import Counts
from .compression import compressed, decompress
from .contents import ContentCounts, check_digest
from .limits import Limits
from .npy import array_of, file_of
from .replies import KeptReply
from .room import Room, bytes_of
from .session import Failure, Session

OCTETS = "application/octet-stream"
NPY = "application/x-npy"

#: A number in an address: no more digits than any id or length has.
_WHOLE = re.compile(r"[0-9]{1,20}")

#: A SHA-256 in an address.
_DIGEST = re.compile(r"[0-9a-f]{64}")

Query = Mapping[str, str]


class Worker:
    """All sessions of one worker, and what can be asked of them."""

    def __init__(self, engine: Engine, device: str, limits: Limits) -> None:
        self.engine = engine
        self.device = device
        self.limits = limits
        self.sessions: dict[str, Session] = {}
        #: What became of the templates of all sessions, of those that ended too.
        self.counts = Counts()
        self.content_counts = ContentCounts()
        self._lock = threading.Lock()
        self._plain: dict[str, Callable[[Request], Reply]] = {
            "hello": self._hello,
            "stats": self._stats,
            "create": self._create,
            "delete": self._delete,
        }
        self._routes: dict[tuple[str, str], Callable[[Session, Request], Reply]] = {
            ("describe", "GET"): self._describe,
            ("run", "POST"): self._run,
            ("op", "POST"): self._op,
            ("variables", "GET"): self._variables,
            ("variable", "GET"): self._get_variable,
            ("variable", "PUT"): self._put_variable,
            ("variable", "DELETE"): self._delete_variable,
            ("tensor", "GET"): self._get_tensor,
            ("tensor", "PUT"): self._put_tensor,
            ("tensor", "DELETE"): self._delete_tensor,
        }

    def handle(self, request: Request) -> Reply:
        """Answer one request of the link."""
        try:
            route = request.head.get("route")
            if route in self._plain:
                return self._plain[route](request)
            session = self._session(request)
            if route == "interrupt":  # without the lock, which what is to stop holds
                session.state.interruption.request()
                return Reply(204)
            answer = self._routes.get(
                (str(route), request.head.get("method", "POST" if route in ("run", "op") else "GET"))
            )
            if answer is None:
                raise NotFound(f"expected a route of the link; got {route!r} {request.head.get('method')!r}")
            arrival, began = session.state.interruption.arrive(), time.perf_counter()
            with session.lock:
                request.queued = time.perf_counter() - began
                session.state.interruption.begin(arrival)
                reply = self._once(session, request, answer)
            return compressed(request, reply)
        except Exception as error:
            return _error(self.engine.translate(error), request)

    def _once(self, session: Session, request: Request, answer: Callable[[Session, Request], Reply]) -> Reply:
        sequence = request.head.get("sequence")
        kept = session.replies.find(sequence)
        if kept is not None:
            return Reply(kept.status, kept.content_type, kept.body)
        try:
            decompress(request, self.limits)
            reply = answer(session, request)
        except Exception as error:
            reply = _error(self.engine.translate(error), request)
        if isinstance(reply.body, bytes):
            session.replies.keep(sequence, KeptReply(reply.status, reply.content_type, reply.body))
        return reply

    def _session(self, request: Request) -> Session:
        identifier = request.head.get("session")
        session = self.sessions.get(str(identifier))
        if session is None:
            raise UnknownSession("expected a session of this worker; got one it does not have")
        return session

    def _hello(self, request: Request) -> Reply:
        return _encoded(
            request,
            {"engine": self.engine.name, "versions": self.versions(), "device": self.device, "pid": os.getpid()},
        )

    def versions(self) -> dict[str, Any]:
        """What runs here."""
        return {"engine": self.engine.version, "numpy": np.__version__, "protocol": list(PROTOCOL_VERSIONS)}

    def _stats(self, request: Request) -> Reply:
        values = sum(len(session.values) for session in list(self.sessions.values()))
        counts = {"programs": dataclasses.asdict(self.counts), "contents": dataclasses.asdict(self.content_counts)}
        return _encoded(request, {"sessions": len(self.sessions), "values": values, **counts})

    def _create(self, request: Request) -> Reply:
        identifier = str(request.head["session"])
        with self._lock:
            if identifier not in self.sessions:
                self.sessions[identifier] = Session(
                    identifier, self.engine, self.limits, self.counts, self.content_counts
                )
        return _encoded(request, {"session": identifier})

    def _delete(self, request: Request) -> Reply:
        with self._lock:
            self.sessions.pop(str(request.head.get("session")), None)
        return Reply(204)

    def _describe(self, session: Session, request: Request) -> Reply:
        return _encoded(request, {"values": len(session.values), "variables": sorted(session.variables)})

    def _run(self, session: Session, request: Request) -> Reply:
        body = _decoded(request, self.limits)
        return _encoded(
            request, session.run(program_from_wire(body, most_instructions=self.limits.program_instructions))
        )

    def _op(self, session: Session, request: Request) -> Reply:
        """One op's arguments by name; `id` and `symbolic` ride in the query."""
        query = _query(request)
        identifier = _id_of(query["id"], "?id") if query.get("id") else None
        instruction = Instruction(
            str(request.head["path"]["op"]), _decoded(request, self.limits), identifier, _flag(query, "symbolic")
        )
        with session.state:
            result, _ = session.execute(instruction, identifier, session)
            reply = result.to_wire()
            if result.error is None and _flag(query, "fetch"):
                reply["value"] = session.fetched(Reference(result.id), Room(), session.find)
            printed = self.engine.printed(session.state)
        if result.error is not None:
            if identifier is None:
                session.free([result.id])  # nobody knows the id, so nobody could free it
            return _error(result.error, request)
        return _encoded(request, {**reply, "printed": printed} if printed else reply)

    def _variables(self, session: Session, request: Request) -> Reply:
        listed = [{"name": name, **self.engine.spec(value).to_wire()} for name, value in session.variables.items()]
        return _encoded(request, {"variables": listed})

    def _get_variable(self, session: Session, request: Request) -> Reply:
        return self._tensor_reply(request, session.find(Reference(variable=_name(request))))

    def _put_variable(self, session: Session, request: Request) -> Reply:
        name, array = _name(request), _tensor_body(request, self.limits)
        value = session.tensor(array, "$")
        existing = session.variables.get(name)
        if existing is not None:
            self._set(existing, value)
            return _encoded(request, {"name": name, **self.engine.spec(existing).to_wire()})
        self.limits.check_count(len(session.values) + len(session.variables) + 1)
        arguments = {"value": value, "dtype": dtype_name(_dense(array).dtype), "name": name}
        op = find_op("variable")
        session.variables[name] = self.engine.find(op)(**arguments)
        return _encoded(request, {"name": name, **self.engine.spec(session.variables[name]).to_wire()}, status=201)

    def _set(self, variable: Any, value: Any) -> None:
        expected, got = self.engine.spec(variable), self.engine.spec(value)
        if expected.shape is not None and got.shape != expected.shape:
            raise InvalidValue(f"expected a value of shape {expected.shape} for the variable; got {got.shape}")
        if got.dtype != expected.dtype:
            raise InvalidType(
                f"expected a value of {expected.dtype} for the variable; got {got.dtype}",
                hint="DELETE the variable first to give it another dtype",
            )
        self.engine.find(find_op("set_value"))(x=variable, value=value)

    def _delete_variable(self, session: Session, request: Request) -> Reply:
        if session.variables.pop(_name(request), None) is None:
            raise UnknownVariable(f"expected the name of a variable; got {_name(request)!r}")
        return Reply(204)

    def _get_tensor(self, session: Session, request: Request) -> Reply:
        item = _query(request).get("item")
        reference = Reference(_identifier(request), None if item is None else _whole(item, "?item"))
        return self._tensor_reply(request, session.find(reference))

    def _put_tensor(self, session: Session, request: Request) -> Reply:
        identifier = _identifier(request)
        session.claim(identifier)
        session.values[identifier] = self._uploaded(session, request)
        return _encoded(request, session.describe(identifier, session.values[identifier]).to_wire(), status=201)

    def _uploaded(self, session: Session, request: Request) -> Any:
        """The tensor of an upload, or the one of its digest where the body is empty."""
        query = _query(request)
        digest = query.get("sha256")
        if digest is None:
            return session.tensor(_tensor_body(request, self.limits), "$")
        if request.head.get("content_type") != OCTETS or not _DIGEST.fullmatch(digest):
            raise MalformedRequest(f"expected ?sha256= in 64 hexadecimal digits, beside raw bytes; got {shown(digest)}")
        key = digest, query.get("dtype", ""), query.get("shape", "")
        if not len(request.body):
            return session.contents.find(key)
        check_digest(request.body, digest)
        tensor = session.tensor(_tensor_body(request, self.limits), "$")
        session.contents.keep(key, tensor, len(request.body))
        return tensor

    def _delete_tensor(self, session: Session, request: Request) -> Reply:
        identifier = _identifier(request)
        if identifier not in session.values:
            session.find(Reference(identifier))
        session.free([identifier])
        return Reply(204)

    def _tensor_reply(self, request: Request, value: Any) -> Reply:
        if isinstance(value, Failure | list | tuple):
            raise InvalidValue("expected one tensor; got a result of several", hint="name one with ?item=n")
        with self.engine.session():
            fetched = self.engine.fetch(value)
        accept = str(request.head.get("accept") or codec.MSGPACK)
        if accept not in (OCTETS, NPY):
            if accept == codec.JSON:
                self.limits.check_json(bytes_of(fetched))
            return _encoded(request, fetched)
        array = _dense_or_refuse(fetched)
        if accept == NPY:
            return _npy(array)
        wire = tensor_to_wire(array)
        if wire["dtype"] == "string":
            raise InvalidType("expected a tensor of numbers for raw bytes; got strings", hint=f"accept {codec.MSGPACK}")
        headers = {"Kremote-Dtype": wire["dtype"], "Kremote-Shape": ",".join(map(str, array.shape))}
        return Reply(200, OCTETS, wire["data"], headers)


def _npy(array: Array) -> Reply:
    if array.dtype == object or array.dtype.name == "bfloat16":
        raise InvalidType(
            f"expected a dtype that .npy files have; got {dtype_name(array.dtype)}", hint=f"accept {codec.MSGPACK}"
        )
    header, data = file_of(array)
    return Reply(200, NPY, [header, data], length=len(header) + data.nbytes)


def _error(error: KremoteError, request: Request) -> Reply:
    return _encoded(request, {"error": error.to_wire()}, status=error.status)


def _encoded(request: Request, value: Any, status: int = 200) -> Reply:
    content_type = codec.JSON if request.head.get("accept") == codec.JSON else codec.MSGPACK
    return Reply(status, content_type, codec.encode(value, content_type))


def _decoded(request: Request, limits: Limits) -> Any:
    limits.check_structured(len(request.body))
    return codec.decode(request.body, str(request.head.get("content_type") or codec.MSGPACK))


def _query(request: Request) -> Query:
    return request.head.get("query") or {}


def _flag(query: Query, name: str) -> bool:
    return query.get(name, "").lower() in ("1", "true", "yes")


def _name(request: Request) -> str:
    return str(request.head["path"]["name"])


def _identifier(request: Request) -> int:
    return _id_of(str(request.head["path"]["id"]), "the address")


def _id_of(text: str, place: str) -> int:
    return checked_id(int(text) if _WHOLE.fullmatch(text) else text, place)


def _whole(text: str, place: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise MalformedRequest(f"expected an integer of 0 or more; got {shown(text)} at {place}")
    return int(text)


def _tensor_body(request: Request, limits: Limits) -> Array | SparseArray:
    """The tensor of a PUT: raw bytes with `?dtype=&shape=`, an .npy file, or a tensor map."""
    content_type = str(request.head.get("content_type") or codec.MSGPACK)
    if content_type == NPY:
        return array_of(request.body)
    if content_type != OCTETS:
        wire = _decoded(request, limits)
        if not is_tensor_map(wire):
            raise MalformedRequest(f"expected a map of dtype, shape and data; got {str(wire)[:60]}")
        return tensor_from_wire(wire)
    query = _query(request)
    if query.get("dtype") not in DTYPES or "shape" not in query:
        raise MalformedRequest(
            f"expected ?dtype= and ?shape= beside raw bytes; got {dict(query)}",
            hint=f"for example ?dtype=float32&shape=2,3 (empty for a scalar); dtypes are {', '.join(DTYPES)}",
        )
    lengths = query["shape"].split(",") if query["shape"] else []
    if not all(_WHOLE.fullmatch(length) for length in lengths):
        raise MalformedRequest(f"expected lengths joined by commas; got {shown(query['shape'])} at ?shape")
    wire = {"dtype": query["dtype"], "shape": [int(length) for length in lengths], "data": request.body}
    return tensor_from_wire(wire)


def _dense(array: Array | SparseArray) -> Array:
    return array.values if isinstance(array, SparseArray) else array


def _dense_or_refuse(array: Array | SparseArray) -> Array:
    if isinstance(array, SparseArray):
        raise InvalidType("expected a dense tensor for raw bytes; got a sparse one", hint=f"accept {codec.MSGPACK}")
    return array
