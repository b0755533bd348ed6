"""What sessions hold: their values, the bytes of these, and the names of their variables."""

from __future__ import annotations

from typing import Any

from kremote_proto import codec
from kremote_proto.errors import MalformedRequest, shown

from ..engines.engine import Engine
from ..engines.structures import leaves
from ..link_messages import Request
from .failure import Failure
from .session import Session


def holdings(sessions: dict[str, Session], request: Request) -> dict[str, Any]:
    """What the sessions hold that a body names: `{"sessions": [id, ...]}`. Those not in memory are left out."""
    body = codec.decode(bytes(request.body))
    wanted = body.get("sessions") if isinstance(body, dict) else None
    if not isinstance(wanted, list):
        raise MalformedRequest(f'expected {{"sessions": [id, ...]}}; got {shown(body)}')
    found = {identifier: sessions.get(str(identifier)) for identifier in wanted}
    return {"sessions": {name: holding(session) for name, session in found.items() if session is not None}}


def holding(session: Session) -> dict[str, Any]:
    """What one session holds at this moment. It does not wait for the session's turn."""
    variables = dict(session.variables)
    values = list(session.values.values())
    held = {id(leaf): leaf for value in [*values, *variables.values()] for leaf in leaves(value)}
    size = sum(_bytes_of(session.engine, leaf) for leaf in held.values())
    return {"values": len(values), "bytes": size, "variables": sorted(variables)}


def _bytes_of(engine: Engine, value: Any) -> int:
    """The bytes of a tensor's elements; symbols, functions, texts and failures count nothing."""
    if isinstance(value, Failure) or engine.is_symbol(value):
        return 0
    if not (hasattr(value, "dtype") or engine.is_variable(value)):
        return 0
    spec = engine.spec(value)
    if spec.sparse:
        return sum(engine.spec(part).bytes or 0 for part in (value.indices, value.values))
    return spec.bytes or 0
