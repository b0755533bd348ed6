"""Files of variables on the server's disk: saved, loaded, listed, deleted."""

from __future__ import annotations

import os

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from kremote_proto.compression import ENCODINGS
from kremote_proto.errors import LimitExceeded

from ..content import OCTETS, STRUCTURED, body_encoding, body_type, reply, reply_type
from ..exchange import exchange_of, user_of
from ..gateway import Gateway, gateway_of
from ..saves import pieces_of
from ..session import Session
from .forward import Relayed, sequence_of
from .sessions import small_body

router = APIRouter(prefix="/v1")


@router.get("/saves", openapi_extra={"x-reply": "Saves"})
async def list_saves(request: Request) -> Response:
    """Your saved files, by name."""
    saves = await run_in_threadpool(gateway_of(request).saves.listed, user_of(request.scope))
    return reply({"saves": saves}, request.headers)


@router.delete("/saves/{name:path}", status_code=204)
async def delete(request: Request, name: str) -> Response:
    """Delete a saved file."""
    await run_in_threadpool(gateway_of(request).saves.delete, user_of(request.scope), name)
    return Response(status_code=204)


@router.put("/sessions/{session}/saves/{name:path}", openapi_extra={"x-body": "Saved", "x-reply": "Save"})
async def save(request: Request, session: str, name: str) -> Response:
    """Save tensors of a session as a file, in the place of one of that name."""
    gateway, found = _found(request, session)
    user = user_of(request.scope)
    gateway.saves.check(user, name)
    body = await small_body(request, gateway.settings.structured_bytes)
    content = {"content_type": body_type(request.headers), "accept": reply_type(request.headers)}
    if (encoding := body_encoding(request.headers, ENCODINGS)) is not None:
        content["encoding"] = encoding
    head = found.head("file", "POST", path={"name": name}, length=len(body), **content)
    with gateway.sessions.using(found):
        made = await gateway.sessions.ask(found, head, body)
        if made.status >= 400:
            return Relayed(made)
        try:
            written = await gateway.saves.write(user, name, made.pieces())
        finally:
            made.close()
    return reply({"name": name, "bytes": written}, request.headers)


@router.post("/sessions/{session}/saves/{name:path}", status_code=201, openapi_extra={"x-reply": "Loaded"})
async def load(request: Request, session: str, name: str) -> Response:
    """Make tensors of a saved file in a session."""
    gateway, found = _found(request, session)
    with await run_in_threadpool(gateway.saves.open, user_of(request.scope), name) as file:
        size = os.fstat(file.fileno()).st_size
        if size > gateway.settings.body_bytes:
            raise LimitExceeded(
                f"expected a file of at most {gateway.settings.body_bytes} bytes to load; {name} has {size}",
                hint="ask the server's owner for a higher body_bytes",
            )
        content = {"content_type": OCTETS, "accept": reply_type(request.headers, STRUCTURED)}
        head = found.head("file", "PUT", path={"name": name}, length=size, **content, **sequence_of(request.headers))
        with gateway.sessions.using(found):
            return Relayed(await gateway.sessions.ask(found, head, pieces_of(file)))


def _found(request: Request, identifier: str) -> tuple[Gateway, Session]:
    gateway = gateway_of(request)
    found = gateway.sessions.find(identifier, user_of(request.scope))
    exchange_of(request.scope).session = found.label
    gateway.sessions.check_queue(found)
    return gateway, found
