"""Sessions: made, listed, described, left."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kremote_proto import __version__, codec
from kremote_proto.codec import MSGPACK
from kremote_proto.errors import Forbidden, InvalidType, LimitExceeded, MalformedRequest
from kremote_proto.session_names import checked_session_name

from ..connections import LinkReply
from ..content import body_encoding, body_type, reply, reply_type
from ..exchange import exchange_of, user_of
from ..gateway import Gateway, gateway_of
from ..session import Session
from .forward import Relayed

router = APIRouter(prefix="/v1/sessions")

#: The body that makes a session names a few things; nothing large belongs into it.
_MOST_BODY = 1 << 16
_MOST_CLIENT = 200
#: What is said of a session whose worker did not say what it holds.
_UNKNOWN = {"values": None, "bytes": None, "variables": None}


@router.post("", status_code=201, openapi_extra={"x-body": "NewSession", "x-reply": "Session"})
async def create(request: Request) -> Response:
    """Make a session on the least loaded worker, or take up the one of a name: 200 where that was there."""
    gateway, user = gateway_of(request), user_of(request.scope)
    body_encoding(request.headers)  # so small a body comes as it is
    name, engine, client, spoken = _wanted(codec.decode(await small_body(request), body_type(request.headers)))
    accept, sessions = reply_type(request.headers), gateway.sessions
    session: Session | LinkReply
    if name is None:
        session, is_new = await sessions.create(user, engine, client, spoken, accept=accept), True
    else:
        session, is_new = await sessions.take_up(name, user, engine, client, spoken, accept=accept)
    if isinstance(session, LinkReply):
        return Relayed(session)
    exchange = exchange_of(request.scope)
    exchange.session = session.label
    opened = _opened(gateway, session)
    if is_new:
        gateway.audit.session_made(exchange)
        return reply(opened, request.headers, 201)
    with gateway.sessions.using(session):
        return reply({**session.describe(), **opened}, request.headers)


@router.get("", openapi_extra={"x-reply": "Sessions"})
async def list_sessions(request: Request) -> Response:
    """Your sessions, the oldest first, with what they hold.

    An admin gets everybody's with `?owner=*`, or those of one user by name.
    """
    owner = asked_owner(request, "list the sessions of others")
    sessions = gateway_of(request).sessions
    found = sessions.everybodys() if owner == "*" else sessions.of(owner)
    await sessions.holdings.ask(found)
    told = [{**session.describe(), "owner": session.owner, **(session.holding or _UNKNOWN)} for session in found]
    return reply({"sessions": told}, request.headers)


@router.get("/{session}", openapi_extra={"x-reply": "Session"})
async def describe(request: Request, session: str) -> Response:
    """A session, by its id or name: what opening it told, and what it holds. By id an admin may ask of anybody's."""
    gateway = gateway_of(request)
    found = _found(request, session)
    head = found.head("describe", "GET", content_type=MSGPACK, accept=MSGPACK, length=0)
    opened = _opened(gateway, found)
    with gateway.sessions.using(found) if found.owner == user_of(request.scope) else nullcontext():
        link_reply = await gateway.sessions.ask(found, head)
        held = codec.decode(await link_reply.read())
    if link_reply.status >= 400:
        return reply(held, request.headers, link_reply.status)
    return reply({**held, **opened, **found.describe()}, request.headers)


@router.delete("/{session}", status_code=204)
async def delete(request: Request, session: str) -> Response:
    """Leave a session: its values, variables and functions are gone. An admin may end anybody's."""
    gateway, found = gateway_of(request), _found(request, session)
    await gateway.sessions.delete(found)
    if found.owner != user_of(request.scope):
        gateway.audit.session_ended(exchange_of(request.scope), found.owner)
    return Response(status_code=204)


def asked_owner(request: Request, wish: str) -> str:
    """Whose sessions a request asks for, `*` for everybody's; raises `Forbidden` where only an admin may."""
    owner, user = request.query_params.get("owner"), user_of(request.scope)
    if owner not in (None, user) and not _is_admin(request):
        raise Forbidden(f"expected a token of scope admin to {wish}", hint="leave owner out to see your own")
    return owner or user


def _found(request: Request, identifier: str) -> Session:
    found = gateway_of(request).sessions.find(identifier, user_of(request.scope), anybodys=_is_admin(request))
    exchange_of(request.scope).session = found.label
    return found


def _is_admin(request: Request) -> bool:
    token = exchange_of(request.scope).token
    return token is not None and token.scope == "admin"


def _opened(gateway: Gateway, session: Session) -> dict[str, Any]:
    opened: dict[str, Any] = {
        "session": session.id,
        "protocol": session.protocol,
        "engine": session.worker.engine,
        "server": f"kremote {__version__}",
        "limits": gateway.settings.limits,
    }
    if session.name is not None:
        opened["name"] = session.name
    if expiring := gateway.sessions.expiring(session.owner):
        opened["expiring"] = [{"session": s.id, "name": s.name, "expires": s.expires} for s in expiring]
    return opened


async def small_body(request: Request, most: int = _MOST_BODY) -> bytes:
    """A request's body, whole; raises `LimitExceeded` for a larger one."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise LimitExceeded(f"expected a body of at most {most} bytes here; got more")
    return bytes(body)


def _wanted(body: Any) -> tuple[str | None, str | None, str, tuple[int, int] | None]:
    """Name, engine, client and protocol range of a body, each of which may be left out."""
    if not isinstance(body, Mapping):
        raise MalformedRequest(f"expected a map with protocol, engine, client and name; got {type(body).__name__} at $")
    name = None if body.get("name") is None else checked_session_name(body["name"], "$.name")
    engine, client, spoken = body.get("engine"), body.get("client") or "", body.get("protocol")
    if engine is not None and not isinstance(engine, str):
        raise InvalidType(f"expected the name of an engine, or nothing; got {type(engine).__name__} at $.engine")
    if not isinstance(client, str) or len(client) > _MOST_CLIENT:
        raise InvalidType(f"expected at most {_MOST_CLIENT} letters that name the client at $.client")
    return name, engine, client, None if spoken is None else _range(spoken)


def _range(spoken: Any) -> tuple[int, int]:
    if not isinstance(spoken, list) or len(spoken) != 2 or any(type(version) is not int for version in spoken):
        raise InvalidType(f"expected [oldest, newest] protocol version; got {str(spoken)[:60]} at $.protocol")
    return spoken[0], spoken[1]
