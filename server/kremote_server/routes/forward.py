"""Addresses inside a session: their bodies pass to the worker and back undecoded, as they come."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kremote_proto.errors import MalformedRequest

from ..connections import LinkReply
from ..content import OCTETS, RAW, STRUCTURED, body_type, reply_type
from ..exchange import exchange_of, user_of
from ..link import HEAD_BYTES
from ..sessions import Session, Sessions

_SEQUENCE = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True)
class Address:
    """One method of one path, and what it is to the worker."""

    method: str
    path: str
    #: The link's name for it.
    route: str
    summary: str
    #: The types its body may have; none where it takes no body.
    takes: tuple[str, ...] = ()
    #: The types of its reply; the first is its own, where that is not a matter of the body's.
    gives: tuple[str, ...] = STRUCTURED
    default: str | None = None
    #: Query parameters, name → meaning.
    query: dict[str, str] = field(default_factory=dict)
    #: Names of the schemas of body and reply.
    body: str | None = None
    reply: str | None = None
    status: int = 200

    @property
    def template(self) -> str:
        """The whole path, as documentation and logs show it."""
        return PREFIX + self.path.replace(":path", "")

    @property
    def changes(self) -> bool:
        """Whether it may change the session's state."""
        return self.method != "GET"


#: How one op is asked for besides its arguments.
OP_QUERY = {
    "fetch": "true: answer with the value too",
    "id": "the id the result shall have",
    "symbolic": "true: make a symbol",
}
_BYTES = {"dtype": "element type of raw bytes", "shape": "lengths of raw bytes, joined by commas"}
_ITEM = {"item": "the position in a result of several"}
_ANY = (*STRUCTURED, *RAW)

ADDRESSES = (
    Address("POST", "/run", "run", "Run a program: instructions in order, then fetches, then frees.",
            takes=STRUCTURED, body="Program", reply="ProgramReply"),
    Address("POST", "/ops/{op}", "op", "Run one op with arguments by name.",
            takes=STRUCTURED, body="Arguments", reply="OpReply", query=OP_QUERY),
    Address("GET", "/variables", "variables", "List the session's named variables.", reply="Variables"),
    Address("GET", "/variables/{name:path}", "variable", "A variable's value.", gives=_ANY, reply="Tensor"),
    Address("PUT", "/variables/{name:path}", "variable", "Set a variable, or make it.",
            takes=_ANY, body="Tensor", reply="Result", query=_BYTES),
    Address("DELETE", "/variables/{name:path}", "variable", "Forget a variable.", status=204),
    Address("GET", "/tensors/{id}", "tensor", "A value: raw bytes, .npy, or a map.",
            gives=(OCTETS, *_ANY), default=OCTETS, reply="Tensor", query=_ITEM),
    Address("PUT", "/tensors/{id}", "tensor", "Upload a value under an id: raw bytes, .npy, or a map.",
            takes=(OCTETS, *_ANY), body="Tensor", reply="Result", query=_BYTES),
    Address("DELETE", "/tensors/{id}", "tensor", "Forget a value.", status=204),
)  # fmt: skip

PREFIX = "/v1/sessions/{session}"


class Forward:
    """The ASGI endpoint of an address."""

    def __init__(self, address: Address, sessions: Sessions) -> None:
        self.address = address
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to its session's worker, and the reply back."""
        exchange = exchange_of(scope)
        exchange.route = self.address.template
        parameters = dict(scope["path_params"])
        session = self._sessions.find(parameters.pop("session"), user_of(scope))
        exchange.session = session.label
        request = Request(scope, receive)
        head = self._head(session, request, parameters)
        run = self._sessions.accept if self.address.changes else self._sessions.read
        with self._sessions.using(session):
            reply = await run(session, head, request.stream() if self.address.takes else None)
            await relay(reply, scope, receive, send)

    def _head(self, session: Session, request: Request, parameters: dict[str, str]) -> dict[str, Any]:
        headers, address = request.headers, self.address
        more: dict[str, Any] = {
            "path": parameters,
            "query": dict(request.query_params),
            "content_type": body_type(headers, address.takes) if address.takes else None,
            "accept": reply_type(headers, address.gives, address.default),
        }
        length = _length(headers) if address.takes else 0
        if length is not None:
            more["length"] = length
        if (sequence := headers.get("kremote-sequence")) is not None:
            if not _SEQUENCE.fullmatch(sequence):
                raise MalformedRequest("expected 1 to 128 letters, digits and . _ : - in Kremote-Sequence")
            more["sequence"] = sequence
        return session.head(address.route, address.method, **more)


def _length(headers: Headers) -> int | None:
    """The length of a body, None where its sender does not know it."""
    if "transfer-encoding" in headers:
        return None
    return int(headers.get("content-length", 0))


async def relay(reply: LinkReply, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a worker's reply on: at once where it is small, else as it comes."""
    try:
        if reply.length is not None and reply.length <= HEAD_BYTES:
            await _response(reply, await reply.read())(scope, receive, send)
        else:
            await _stream(reply, send)
    finally:
        reply.close()


def _response(reply: LinkReply, body: bytes = b"") -> Response:
    """The reply's start; a body that is not there has no type."""
    empty = reply.status == 204
    return Response(None if empty else body, reply.status, reply.headers, None if empty else reply.content_type)


async def _stream(reply: LinkReply, send: Send) -> None:
    response = _response(reply)
    del response.headers["content-length"]
    if reply.length is not None:
        response.headers["content-length"] = str(reply.length)
    await send({"type": "http.response.start", "status": reply.status, "headers": response.raw_headers})
    async for piece in reply.pieces():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
