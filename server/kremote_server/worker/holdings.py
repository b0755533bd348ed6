"""What sessions hold: their values, the bytes of these, and the names of their variables."""

from __future__ import annotations

from typing import Any

from kremote_proto import codec
from kremote_proto.errors import MalformedRequest, shown

from ..link_messages import Request
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
    variables = sorted(dict(session.variables))
    return {"values": len(session.values), "bytes": session.account.bytes, "variables": variables}
