"""Requests of the link: each route is a method that answers with a reply."""

from __future__ import annotations

import dataclasses
import os
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from kremote_proto import PROTOCOL_VERSIONS, codec
from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import (
    InvalidType,
    InvalidValue,
    KremoteError,
    MalformedRequest,
    NotFound,
    StorageFailed,
    UnknownSession,
    UnknownVariable,
    shown,
)
from kremote_proto.messages import Instruction, Reference, checked_id, program_from_wire
from kremote_proto.op import find_op
from kremote_proto.tensors import Array, SparseArray

from ..engines.engine import Engine
from ..link_messages import Reply, Request
from . import session_files
from .accounts import Accounts
from .bodies import OCTETS, WHOLE, Query, decoded, program_body, query_of, tensor_body, whole_number
from .compiled import Counts
from .compression import compressed, decompress
from .contents import ContentCounts, check_digest
from .holdings import holdings
from .journal import storage_failed
from .limits import Limits
from .parking import make_room, park
from .replies import KeptReply
from .room import Room, bytes_of
from .session import Session
from .store import Store
from .tensor_replies import tensor_reply
from .usage import usage_of
from .watchdog import Watchdog

#: A SHA-256 in an address.
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Worker:
    """All sessions of one worker, and what can be asked of them."""

    def __init__(self, engine: Engine, device: str, limits: Limits, store: Store | None = None) -> None:
        self.engine = engine
        self.device = device
        self.limits = limits
        #: What keeps sessions on disk, None where they live in memory alone.
        self.store = store
        #: What this process cannot do any more, in words.
        self.protections: list[str] = []
        self.sessions: dict[str, Session] = {}
        self.accounts = Accounts(limits)
        self.watchdog = Watchdog(limits.op_seconds, limits.op_grace_seconds)
        #: What became of the templates of all sessions, of those that ended too.
        self.counts = Counts()
        self.content_counts = ContentCounts()
        self._lock = threading.Lock()
        self._plain: dict[str, Callable[[Request], Reply]] = {
            "hello": self._hello,
            "stats": self._stats,
            "usage": self._usage,
            "create": self._create,
            "delete": self._delete,
            "park": self._park,
            "holdings": lambda request: _encoded(request, holdings(self.sessions, request)),
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
            ("file", "POST"): session_files.written,
            ("file", "PUT"): session_files.read,
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
            return compressed(request, self._in_turn(session, request))
        except Exception as error:
            return _error(self.engine.translate(error), request)

    def _in_turn(self, session: Session, request: Request) -> Reply:
        """Wait for the session's turn and answer."""
        arrival, began = session.state.interruption.arrive(), time.perf_counter()
        with session.lock:
            request.queued += time.perf_counter() - began
            if not session.over:
                session.state.interruption.begin(arrival)
                session.mishaps.begin()
                with self.watchdog.watching(session, request, arrival):
                    return self.perform(session, request)
        return self._in_turn(self._session(request), request)

    def perform(self, session: Session, request: Request) -> Reply:
        """Answer a request of a session whose turn it is, and write it down where it changed the session."""
        sequence = request.head.get("sequence")
        kept = session.replies.find(sequence)
        if kept is not None:
            return Reply(kept.status, kept.content_type, kept.body)
        began = session.since = time.perf_counter()
        try:
            return self._performed(session, request, sequence)
        finally:
            session.since, session.used = None, time.monotonic()
            session.account.charge(time.perf_counter() - began)

    def _performed(self, session: Session, request: Request, sequence: str | None) -> Reply:
        began = time.perf_counter()
        try:
            decompress(request, self.limits)
            reply = self._answer(request)(session, request)
        except StorageFailed as error:
            return _error(error, request)  # not kept: sent again, it is tried again
        except Exception as error:
            reply = _error(self.engine.translate(error), request)
            # Of these nothing is done where they fail; of instructions all those that did not.
            request.changes = request.changes and request.head["route"] in ("run", "op")
        if session.keeper is not None and request.changes:
            try:
                session.keeper.keep(session, request, reply, time.perf_counter() - began)
            except OSError as error:
                return self._undone(session, error, request)
        if isinstance(reply.body, bytes):
            session.replies.keep(sequence, KeptReply(reply.status, reply.content_type, reply.body))
        if session.keeper is not None and request.changes:
            session.keeper.snapshot_if_due(session)
        return reply

    def _undone(self, session: Session, error: OSError, request: Request) -> Reply:
        """Forget a session that is ahead of its journal: the next request finds it as it was before this one."""
        session.over = True
        self.sessions.pop(session.id, None)
        assert session.keeper is not None
        session.keeper.close()
        session.keeper.counts.failures += 1
        return _error(storage_failed(error, "the request was undone"), request)

    def _answer(self, request: Request) -> Callable[[Session, Request], Reply]:
        route = request.head.get("route")
        method = request.head.get("method", "POST" if route in ("run", "op") else "GET")
        answer = self._routes.get((str(route), method))
        if answer is None:
            raise NotFound(f"expected a route of the link; got {route!r} {request.head.get('method')!r}")
        return answer

    def new_session(self, identifier: str, owner: str) -> Session:
        """An empty session, which is not the worker's yet."""
        parts = (self.engine, self.limits, self.counts, self.content_counts, self.accounts)
        session = Session(identifier, *parts, owner=owner)
        if self.store is not None:
            session.make_room = partial(make_room, self, identifier)
        return session

    def _session(self, request: Request) -> Session:
        identifier = str(request.head.get("session"))
        session = self.sessions.get(identifier)
        if session is None and self.store is not None:
            session = self.store.restored(identifier, _owner(request), self)
        if session is None:
            raise UnknownSession("expected a session of this worker; got one it does not have")
        return session

    def _hello(self, request: Request) -> Reply:
        about = {"engine": self.engine.name, "versions": self.versions(), "device": self.device, "pid": os.getpid()}
        return _encoded(request, {**about, "protections": self.protections})

    def versions(self) -> dict[str, Any]:
        """What runs here."""
        return {"engine": self.engine.version, "numpy": np.__version__, "protocol": list(PROTOCOL_VERSIONS)}

    def _stats(self, request: Request) -> Reply:
        values = sum(len(session.values) for session in list(self.sessions.values()))
        counts = {"programs": dataclasses.asdict(self.counts), "contents": dataclasses.asdict(self.content_counts)}
        if self.store is not None:
            counts["state"] = dataclasses.asdict(self.store.counts)
        held = {"bytes": self.accounts.worker.bytes, "values": values, "sessions": len(self.sessions)}
        held["running"] = sum(session.since is not None for session in list(self.sessions.values()))
        return _encoded(request, {"sessions": len(self.sessions), "values": values, "held": held, **counts})

    def _usage(self, request: Request) -> Reply:
        return _encoded(request, usage_of(self.sessions.values(), self.accounts, request.head.get("owner")))

    def _create(self, request: Request) -> Reply:
        identifier = str(request.head["session"])
        with self._lock:
            if identifier not in self.sessions:
                session = self.new_session(identifier, _owner(request))
                if self.store is not None:
                    self.store.begin(session)
                self.sessions[identifier] = session
        return _encoded(request, {"session": identifier})

    def _delete(self, request: Request) -> Reply:
        identifier = str(request.head.get("session"))
        with self._lock:
            session = self.sessions.pop(identifier, None)
        if session is not None:
            session.over = True
            if session.keeper is not None:
                session.keeper.wait(1.0)
        if self.store is not None:
            self.store.remove(identifier, self)
        return Reply(204)

    def _park(self, request: Request) -> Reply:
        """Let go of a session that nobody uses, when a snapshot has all of it; the next request restores it."""
        session = self.sessions.get(str(request.head.get("session")))
        if session is not None:
            park(self, session)
        return Reply(204)

    def _describe(self, session: Session, request: Request) -> Reply:
        return _encoded(request, {"values": len(session.values), "variables": sorted(session.variables)})

    def _run(self, session: Session, request: Request) -> Reply:
        program = program_from_wire(
            program_body(request, self.limits), most_instructions=self.limits.program_instructions
        )
        if session.changed_by(program):
            session.prepare(request)
        return _encoded(request, session.run(program))

    def _op(self, session: Session, request: Request) -> Reply:
        """One op's arguments by name; `id` and `symbolic` ride in the query."""
        query = query_of(request)
        identifier = _id_of(query["id"], "?id") if query.get("id") else None
        instruction = Instruction(
            str(request.head["path"]["op"]), decoded(request, self.limits), identifier, _flag(query, "symbolic")
        )
        session.prepare(request)
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
        return tensor_reply(session, request, session.find(Reference(variable=_name(request))))

    def _put_variable(self, session: Session, request: Request) -> Reply:
        name, array = _name(request), tensor_body(request, self.limits)
        existing = session.variables.get(name)
        if existing is None:
            session.reserve(bytes_of(array), f"the variable {name}")
        value = session.tensor(array, "$")
        session.prepare(request)
        if existing is not None:
            self._set(existing, value)
            return _encoded(request, {"name": name, **self.engine.spec(existing).to_wire()})
        self.limits.check_count(len(session.values) + len(session.variables) + 1)
        arguments = {"value": value, "dtype": dtype_name(_dense(array).dtype), "name": name}
        op = find_op("variable")
        session.variables[name] = self.engine.find(op)(**arguments)
        session.hold(session.variables[name], bytes_of(array))
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
        if _name(request) not in session.variables:
            raise UnknownVariable(f"expected the name of a variable; got {_name(request)!r}")
        session.prepare(request)
        del session.variables[_name(request)]
        return Reply(204)

    def _get_tensor(self, session: Session, request: Request) -> Reply:
        item = query_of(request).get("item")
        reference = Reference(_identifier(request), None if item is None else whole_number(item, "?item"))
        return tensor_reply(session, request, session.find(reference))

    def _put_tensor(self, session: Session, request: Request) -> Reply:
        identifier = _identifier(request)
        session.claim(identifier)
        session.prepare(request)
        session.values[identifier] = self._uploaded(session, request)
        return _encoded(request, session.describe(identifier, session.values[identifier]).to_wire(), status=201)

    def _uploaded(self, session: Session, request: Request) -> Any:
        """The tensor of an upload, or the one of its digest where the body is empty."""
        query = query_of(request)
        digest = query.get("sha256")
        if digest is None:
            return self._held(session, tensor_body(request, self.limits))
        if request.head.get("content_type") != OCTETS or not _DIGEST.fullmatch(digest):
            raise MalformedRequest(f"expected ?sha256= in 64 hexadecimal digits, beside raw bytes; got {shown(digest)}")
        key = digest, query.get("dtype", ""), query.get("shape", "")
        if not len(request.body):
            return session.contents.find(key)
        check_digest(request.body, digest)
        tensor = self._held(session, tensor_body(request, self.limits))
        session.contents.keep(key, tensor, len(request.body))
        return tensor

    def _held(self, session: Session, array: Array | SparseArray) -> Any:
        """The tensor of an array, counted."""
        session.reserve(bytes_of(array), "the upload")
        tensor = session.tensor(array, "$")
        session.hold(tensor, bytes_of(array))
        return tensor

    def _delete_tensor(self, session: Session, request: Request) -> Reply:
        identifier = _identifier(request)
        if identifier not in session.values:
            session.find(Reference(identifier))
        session.prepare(request)
        session.free([identifier])
        return Reply(204)


def _error(error: KremoteError, request: Request) -> Reply:
    return _encoded(request, {"error": error.to_wire()}, status=error.status)


def _encoded(request: Request, value: Any, status: int = 200) -> Reply:
    content_type = codec.JSON if request.head.get("accept") == codec.JSON else codec.MSGPACK
    return Reply(status, content_type, codec.encode(value, content_type))


def _owner(request: Request) -> str:
    return str(request.head.get("owner") or "")


def _flag(query: Query, name: str) -> bool:
    return query.get(name, "").lower() in ("1", "true", "yes")


def _name(request: Request) -> str:
    return str(request.head["path"]["name"])


def _identifier(request: Request) -> int:
    return _id_of(str(request.head["path"]["id"]), "the address")


def _id_of(text: str, place: str) -> int:
    return checked_id(int(text) if WHOLE.fullmatch(text) else text, place)


def _dense(array: Array | SparseArray) -> Array:
    return array.values if isinstance(array, SparseArray) else array
