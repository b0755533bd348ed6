"""What sessions and their users use now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..content import reply
from ..gateway import Gateway, gateway_of
from ..session import Session
from .sessions import asked_owner

router = APIRouter(prefix="/v1")

#: How long workers that are busy are waited for.
_SECONDS = 2.0
#: What a worker says of a session; null where the session is not in its memory, or it did not answer in time.
_TOLD = ("bytes", "values", "variables", "compute_seconds", "running_seconds")


@router.get("/usage", openapi_extra={"x-reply": "Usage"})
async def usage(request: Request) -> Response:
    """What your sessions use now, you in all, and the bounds.

    An admin gets everybody's with `?owner=*`, or one user's by name.
    """
    gateway, owner = gateway_of(request), asked_owner(request, "see what others use")
    everybodys = owner == "*"
    told = await gateway.pool.tell(_SECONDS, "usage", **({} if everybodys else {"owner": owner}))
    sessions = gateway.sessions.everybodys() if everybodys else gateway.sessions.of(owner)
    said = {identifier: one for _, worker in told for identifier, one in worker["sessions"].items()}
    owners = sorted({session.owner for session in sessions} | (set() if everybodys else {owner}))
    users = [_user(gateway, name, sessions, [worker["users"].get(name) for _, worker in told]) for name in owners]
    used = [_session(session, said.get(session.id, {})) for session in sessions]
    return reply({"sessions": used, "users": users, "limits": gateway.settings.limits}, request.headers)


def _session(session: Session, said: dict[str, Any]) -> dict[str, Any]:
    about = session.describe()
    names = ("session", "name", "engine", "worker", "state", "last_used")
    told = {name: said.get(name) for name in _TOLD}
    return {**{name: about[name] for name in names}, "owner": session.owner, "requests": session.in_flight, **told}


def _user(gateway: Gateway, name: str, sessions: list[Session], said: list[dict[str, Any] | None]) -> dict[str, Any]:
    """A user's own, of all workers; `requests` are those of the user's sessions and all others."""
    known = [one for one in said if one is not None]
    return {
        "user": name,
        "sessions": sum(session.owner == name and session.lost is None for session in sessions),
        "requests": gateway.admission.under_way(name),
        "bytes": sum(one["bytes"] for one in known),
        "compute_seconds": sum(one["compute_seconds"] for one in known),
    }
