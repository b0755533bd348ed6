"""Files of a session's tensors: the worker makes their bytes and reads them; where they are kept is the gateway's."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

from kremote_proto import codec
from kremote_proto.errors import InvalidType, InvalidValue, MalformedRequest, shown
from kremote_proto.op import find_op
from kremote_proto.tensor_files import format_of

from ..link_messages import Reply, Request
from .bodies import OCTETS, decoded
from .session import Session


def written(session: Session, request: Request) -> Reply:
    """The bytes of a file of the tensors that the body names: `{"tensors": {name: reference}}`, as they are now."""
    form = format_of(_file_name(request))
    named = _named(session, request)
    with session.state:
        values = session.engine.find(find_op("batch_get_value"))(tensors=list(named.values()))
    frozen = dict(zip(named, values, strict=True))
    specs = form.arranged({name: session.engine.spec(value) for name, value in frozen.items()})
    return Reply(200, OCTETS, form.pieces(specs, (session.engine.fetch(frozen[name]) for name in specs)))  # type: ignore[misc]


def _named(session: Session, request: Request) -> dict[str, Any]:
    body = decoded(request, session.limits)
    wires = body.get("tensors") if isinstance(body, Mapping) else None
    if not isinstance(wires, Mapping) or not all(isinstance(name, str) and name for name in wires):
        raise MalformedRequest(f'expected {{"tensors": {{name: reference, ...}}}}; got {shown(body)}')
    return {name: _tensor(session, wire, f"$.tensors[{shown(name)}]") for name, wire in wires.items()}


def _tensor(session: Session, wire: Any, path: str) -> Any:
    value = session.reference(wire, path)
    if isinstance(value, list | tuple) or (callable(value) and not hasattr(value, "shape")):
        raise InvalidType(f"expected one tensor or variable at {path}; got a function, or several")
    if session.engine.is_symbol(value):
        raise InvalidValue(f"expected a concrete tensor or a variable at {path}; got a symbol")
    return value


def read(session: Session, request: Request) -> Reply:
    """Make the tensors of the file that the body is: their names, ids and specs, all of them or none.

    What the file has of a dtype that is not kremote's gets no id.
    """
    name = _file_name(request)
    form = format_of(name)
    with io.BufferedReader(_Body(request.body)) as body:
        file = form.reading(body, name)
        specs = {entry: spec for entry, spec in file.specs.items() if spec.dtype in form.dtypes}
        session.limits.check_count(len(session.values) + len(session.variables) + len(specs))
        for spec in specs.values():
            session.limits.check_spec(spec)
        session.reserve(sum(spec.bytes or 0 for spec in specs.values()), f"the file {name}")
        # Before an id is claimed: what fails leaves no trace, as a restored session will not have one either.
        values = {entry: session.tensor(file.read(entry), "$") for entry in specs}
    session.prepare(request)
    told: list[dict[str, Any]] = []
    for entry, spec in file.specs.items():
        if entry in values:
            identifier = session.claim(None)
            session.values[identifier] = values[entry]
            session.hold(values[entry], refuse=False)
            told.append({"name": entry, "id": identifier, **session.engine.spec(values[entry]).to_wire()})
        else:
            told.append({"name": entry, "id": None, **spec.to_wire()})
    content_type = codec.JSON if request.head.get("accept") == codec.JSON else codec.MSGPACK
    return Reply(201, content_type, codec.encode({"tensors": told}, content_type))


def _file_name(request: Request) -> str:
    return str(request.head["path"]["name"])


class _Body(io.RawIOBase):
    """A request's body as a file, without another copy of it."""

    def __init__(self, body: memoryview) -> None:
        self._body = body
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._body[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._body)}[whence]
        if at < 0:
            raise ValueError(f"negative position {at}")
        self._at = at
        return at
