"""Variables shared with other users: by whom, with whom, and their copies in the readers' sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kremote_proto import codec
from kremote_proto.codec import MSGPACK
from kremote_proto.errors import InvalidType, MalformedRequest, UnknownVariable, shown

from ..content import OCTETS, STRUCTURED, body_encoding, body_type, reply, reply_type
from ..exchange import exchange_of, user_of
from ..gateway import Gateway, gateway_of
from ..session import Session
from .forward import Relayed, sequence_of
from .sessions import small_body

router = APIRouter(prefix="/v1")

#: The file between two sessions: it never is on a disk.
_FILE = {"name": "shared.safetensors"}


@router.get("/shared", openapi_extra={"x-reply": "Shares"})
async def list_shared(request: Request) -> Response:
    """What you share, with whom, and what others share with you."""
    user = user_of(request.scope)
    told = [share.describe(user) for share in gateway_of(request).shares.seen_by(user)]
    return reply({"shared": told}, request.headers)


@router.put("/sessions/{session}/shares/{name:path}", openapi_extra={"x-body": "NewShare", "x-reply": "Share"})
async def share(request: Request, session: str, name: str) -> Response:
    """Let users read a variable of a session, as it is when they read it; those named before and not now no more."""
    gateway, found = _found(request, session)
    body_encoding(request.headers)  # so small a body comes as it is
    variable, users = _wanted(codec.decode(await small_body(request), body_type(request.headers)), name)
    head = found.head("describe", "GET", content_type=MSGPACK, accept=MSGPACK, length=0)
    with gateway.sessions.using(found):
        described = await gateway.sessions.ask(found, head)
        held = codec.decode(await described.read())
    if described.status >= 400:
        return reply(held, request.headers, described.status)
    if variable not in held["variables"]:
        raise UnknownVariable(f"expected the name of a variable of the session; got {shown(variable)}")
    made = await gateway.shares.put(found, name, variable, users)
    gateway.audit.shared(exchange_of(request.scope), name, made.users)
    return reply(made.describe(found.owner), request.headers)


@router.delete("/sessions/{session}/shares/{name:path}", status_code=204)
async def take_back(request: Request, session: str, name: str) -> Response:
    """Share a variable with nobody any more. Copies that were made stay with those who made them."""
    gateway, found = _found(request, session)
    await gateway.shares.take_back(found, name)
    gateway.audit.shared(exchange_of(request.scope), name, ())
    return Response(status_code=204)


@router.post("/sessions/{session}/shared/{owner}/{name:path}", status_code=201, openapi_extra={"x-reply": "Loaded"})
async def copy(request: Request, session: str, owner: str, name: str) -> Response:
    """Make a tensor in a session of what somebody shares: a copy of the variable as it is now."""
    gateway, found = _found(request, session)
    shared, source = gateway.shares.find(owner, name, user_of(request.scope))
    accept = reply_type(request.headers, STRUCTURED)
    wanted = codec.encode({"tensors": {shared.variable: {"variable": shared.variable}}})
    read = source.head("file", "POST", path=_FILE, content_type=MSGPACK, accept=accept, length=len(wanted))
    with gateway.sessions.using(source), gateway.sessions.using(found):
        file = await gateway.sessions.ask(source, read, wanted)
        if file.status >= 400:
            return Relayed(file)
        head = found.head("file", "PUT", path=_FILE, content_type=OCTETS, accept=accept, **sequence_of(request.headers))
        try:
            return Relayed(await gateway.sessions.ask(found, head, file.pieces()))
        finally:
            file.close()


def _wanted(body: Any, name: str) -> tuple[str, list[str]]:
    """The variable of a body, which has the share's name unless it says another, and the users."""
    if not isinstance(body, Mapping):
        raise MalformedRequest(f"expected a map with users and variable; got {type(body).__name__} at $")
    variable, users = body.get("variable", name), body.get("users")
    if not isinstance(variable, str):
        raise InvalidType(f"expected the name of a variable; got {type(variable).__name__} at $.variable")
    if not isinstance(users, list) or not all(isinstance(user, str) for user in users):
        raise InvalidType(f"expected a list of users' names; got {shown(users)} at $.users")
    return variable, users


def _found(request: Request, identifier: str) -> tuple[Gateway, Session]:
    gateway = gateway_of(request)
    found = gateway.sessions.find(identifier, user_of(request.scope))
    exchange_of(request.scope).session = found.label
    return gateway, found
