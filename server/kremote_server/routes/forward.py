"""Addresses inside a session: their bodies pass to the worker and back undecoded, as they come."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kremote_proto.compression import ENCODINGS
from kremote_proto.errors import MalformedRequest

from ..admission import Admission
from ..connections import Body, Direct, LinkReply
from ..content import OCTETS, RAW, STRUCTURED, body_encoding, body_type, reply_encoding, reply_type
from ..exchange import Exchange, exchange_of, user_of
from ..framing import CLIENT_GONE, DIRECT_BYTES, HEAD_BYTES, LEASE_SECONDS
from ..http_connection import CLIENT, Client
from ..http_reply import reply_headers, server_timing
from ..leases import Lease
from ..metrics import Metrics
from ..session import Session
from ..sessions import Sessions

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
    def bulk(self) -> bool:
        """Whether its bodies may be large tensors."""
        return self.route in ("run", "op", "tensor", "variable") and self.method != "DELETE"


#: How one op is asked for besides its arguments.
OP_QUERY = {
    "fetch": "true: answer with the value too",
    "id": "the id the result shall have",
    "symbolic": "true: make a symbol",
}
_BYTES = {"dtype": "element type of raw bytes", "shape": "lengths of raw bytes, joined by commas"}
_CONTENT = {**_BYTES, "sha256": "digest of raw bytes, to have them again: the same address with an empty body"}
_ITEM = {"item": "the position in a result of several"}
_OCTETS = {"octets": "how many bytes of arrays go before the map, in MessagePack alone"}
_ANY = (*STRUCTURED, *RAW)

ADDRESSES = (
    Address("POST", "/run", "run", "Run a program: instructions in order, then fetches, then frees.",
            takes=STRUCTURED, body="Program", reply="ProgramReply", query=_OCTETS),
    Address("POST", "/ops/{op}", "op", "Run one op with arguments by name.",
            takes=STRUCTURED, body="Arguments", reply="OpReply", query=OP_QUERY),
    Address("POST", "/interrupt", "interrupt", "Stop what the session runs, and what waits for it.", status=204),
    Address("GET", "/variables", "variables", "List the session's named variables.", reply="Variables"),
    Address("GET", "/variables/{name:path}", "variable", "A variable's value.", gives=_ANY, reply="Tensor"),
    Address("PUT", "/variables/{name:path}", "variable", "Set a variable, or make it.",
            takes=_ANY, body="Tensor", reply="Result", query=_BYTES),
    Address("DELETE", "/variables/{name:path}", "variable", "Forget a variable.", status=204),
    Address("GET", "/tensors/{id}", "tensor", "A value: raw bytes, .npy, or a map.",
            gives=(OCTETS, *_ANY), default=OCTETS, reply="Tensor", query=_ITEM),
    Address("PUT", "/tensors/{id}", "tensor", "Upload a value under an id: raw bytes, .npy, or a map.",
            takes=(OCTETS, *_ANY), body="Tensor", reply="Result", query=_CONTENT),
    Address("DELETE", "/tensors/{id}", "tensor", "Forget a value.", status=204),
)  # fmt: skip

PREFIX = "/v1/sessions/{session}"


class Forward:
    """The ASGI endpoint of an address."""

    def __init__(self, address: Address, sessions: Sessions, metrics: Metrics, admission: Admission) -> None:
        self.address = address
        self._sessions = sessions
        self._metrics = metrics
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to its session's worker, and the reply back."""
        exchange = exchange_of(scope)
        exchange.route = self.address.template
        parameters = dict(scope["path_params"])
        session = self._sessions.find(parameters.pop("session"), user_of(scope))
        exchange.session = session.label
        if self.address.route != "interrupt":
            self._sessions.check_queue(session)
        head = self._head(session, exchange.headers, scope["query_string"], parameters)
        client: Client | None = None
        if self.address.bulk and session.worker.shares_machine:
            client = scope.get("extensions", {}).get(CLIENT)
            if client is not None and client.comes_again and self._may_be_lent(exchange, session):
                parts = (self._sessions, self._metrics, self._admission)
                client.lend(Lease(*parts, session, dict(head), exchange))
        with self._sessions.using(session):
            body = await self._body(head, receive, client)
            if client is not None and "receive" in head:
                reply = await _direct(client, self._sessions.ask(session, head, body))
                exchange.bytes_in += head["length"]
            else:
                reply = await self._sessions.ask(session, head, body)
            await relay(reply, send, client, exchange.began)
            if reply.direct:
                exchange.bytes_out += reply.length or 0

    def _may_be_lent(self, exchange: Exchange, session: Session) -> bool:
        bounded = self._admission.may_lend(session.owner) and self._sessions.may_lend(session)
        return bounded and _may_be_lent(exchange)

    async def _body(self, head: dict[str, Any], receive: Receive, client: Client | None) -> Body:
        """A small body whole, so that it and its head are one write; a large one from its sender, or as it comes."""
        descriptor = None if client is None else client.descriptor
        if not self.address.takes:
            if descriptor is None:
                return None
            head["send"] = True
            return Direct(descriptor)
        length = head.get("length", 0)
        if client is not None and descriptor is not None and length >= DIRECT_BYTES:
            beginning = client.take_body()
            if beginning is not None:
                head["receive"] = length - len(beginning)
                return Direct(descriptor, beginning)
        pieces = _pieces(receive)
        if head.get("length", HEAD_BYTES) < HEAD_BYTES:
            return b"".join([piece async for piece in pieces])
        return pieces

    def _head(
        self, session: Session, headers: Mapping[str, str], query: bytes, parameters: dict[str, str]
    ) -> dict[str, Any]:
        address = self.address
        more: dict[str, Any] = {
            "path": parameters,
            "query": dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {},
            "content_type": body_type(headers, address.takes) if address.takes else None,
            "accept": reply_type(headers, address.gives, address.default),
        }
        if (encoding := reply_encoding(headers)) is not None:
            more["accept_encoding"] = encoding
        if address.takes and (encoding := body_encoding(headers, ENCODINGS)) is not None:
            more["encoding"] = encoding
        length = _length(headers) if address.takes else 0
        if length is not None:
            more["length"] = length
        return session.head(address.route, address.method, **more, **sequence_of(headers))


async def _direct(client: Client, running: Awaitable[LinkReply]) -> LinkReply:
    """The reply to a request whose body the worker reads from the client itself."""
    try:
        reply = await running
    except BaseException:
        client.body_lost()
        raise
    if reply.status == CLIENT_GONE:
        reply.close()
        client.leave()
        raise ClientDisconnect
    client.body_taken()
    return reply


def _may_be_lent(exchange: Exchange) -> bool:
    """Whether the token outlives a lease. What a page elsewhere is told besides is the gateway's to say."""
    token = exchange.token
    return token is not None and token.valid(LEASE_SECONDS) and "origin" not in exchange.headers


def sequence_of(headers: Mapping[str, str]) -> dict[str, str]:
    """What the head on the link says of a request's sequence, if it has one."""
    sequence = headers.get("kremote-sequence")
    if sequence is None:
        return {}
    if not _SEQUENCE.fullmatch(sequence):
        raise MalformedRequest("expected 1 to 128 letters, digits and . _ : - in Kremote-Sequence")
    return {"sequence": sequence}


def _length(headers: Mapping[str, str]) -> int | None:
    """The length of a body, None where its sender does not know it."""
    if "transfer-encoding" in headers:
        return None
    return int(headers.get("content-length", 0))


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    """A request's body as it comes; raises `ClientDisconnect`."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if piece := message.get("body"):
            yield piece
        if not message.get("more_body"):
            return


async def relay(reply: LinkReply, send: Send, client: Client | None = None, began: float | None = None) -> None:
    """Send a worker's reply on: at once where it is small, else as it comes, or by the worker itself."""
    try:
        length, status = reply.length, reply.status
        headers = reply_headers(status, reply.content_type, length, reply.headers)
        if began is not None and reply.timing is not None:
            headers.append((b"server-timing", server_timing(time.perf_counter() - began, *reply.timing)))
        small = length is not None and length <= HEAD_BYTES
        body = await reply.read() if small else b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if client is not None and reply.direct:
            await client.head_written()
            await reply.proceed()
            client.body_written(length or 0)
        elif not small:
            async for piece in reply.pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": body})
    finally:
        reply.close()


class Relayed(Response):
    """A worker's reply, as it came."""

    def __init__(self, link_reply: LinkReply) -> None:
        super().__init__()
        self._reply = link_reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await relay(self._reply, send)
