"""The layer every request passes before its address: host, token, size of the body."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kremote_proto.errors import Forbidden, LimitExceeded, MalformedRequest, Unauthorized

from .admission import Admission
from .audit import Audit
from .exchange import exchange_of
from .settings import Settings
from .token_line import Token
from .tokens import Tokens

COOKIE = "kremote"
#: Addresses anyone may ask.
OPEN = frozenset({"/", "/healthz", "/readyz"})
#: Methods that change nothing, which a token that may only read is for.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: Addresses that tell nothing, and that an orchestrator asks by whatever name or number it has.
_FOR_PROBES = frozenset({"/healthz", "/readyz"})
#: Addresses a browser may ask with the cookie that /v1/browser gave it. None of them shows or changes a session.
_FOR_BROWSERS = frozenset({"/docs", "/openapi.json", "/v1/browser"})


#: The end of the address that stops what a user has under way, and so must not wait for it.
_ALWAYS_IN = "/interrupt"

#: Headers that must not come twice.
_ONCE = (b"host", b"authorization", b"transfer-encoding", b"content-type", b"content-encoding", b"kremote-sequence")
#: Nobody sends so many; those that come once each are bounded by the length of a head.
_MOST_HEADERS = 256


class BrowserKey:
    """Makes and reads the cookie. It holds a token's id and a signature, so the token stays out of the browser."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._secret = secrets.token_bytes(32)

    def cookie(self, token: Token) -> str:
        """The cookie's value for a token."""
        return f"{token.id}:{self._signature(token)}"

    def token(self, header: str | None) -> Token | None:
        """The token of a Cookie header, None where it is not ours or the token is not valid any more."""
        try:
            morsel = SimpleCookie(header or "").get(COOKIE)
        except CookieError:
            return None
        identifier, _, signature = (morsel.value if morsel else "").rpartition(":")
        for token in self._tokens.all():
            if token.id == identifier and hmac.compare_digest(signature.encode(), self._signature(token).encode()):
                return token if token.valid() else None
        return None

    def _signature(self, token: Token) -> str:
        return hmac.new(self._secret, token.digest.encode(), hashlib.sha256).hexdigest()


class Guard:
    """ASGI middleware: refuses what must not reach an address."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        tokens: Tokens,
        browser_key: BrowserKey,
        audit: Audit,
        admission: Admission,
    ) -> None:
        self._app = app
        self._admission = admission
        self._audit = audit
        self._tokens = tokens
        self._browser_key = browser_key
        self._most = settings.body_bytes
        self._hosts = _allowed_hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request, then pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = exchange_of(scope)
        headers = exchange.headers

        async def receive_bounded() -> Message:
            message = await receive()
            if exchange.bytes_in > self._most:
                raise _too_large(self._most)
            return message

        if len(scope["headers"]) != len(headers):
            _check_repeated(scope["headers"])
        if headers.get("transfer-encoding", "chunked").strip().lower() != "chunked":
            raise MalformedRequest("expected transfer-encoding: chunked, or a content-length; got another encoding")
        self._check_host(scope["path"], headers)
        token = exchange.token = self._token(scope, headers)
        if token is not None:
            exchange.user = token.name
            self._audit.used(exchange, token)
            if token.scope == "read-only" and scope["method"] not in _READING:
                raise read_only(scope["method"])
        announced = headers.get("content-length")
        if announced is not None and int(announced) > self._most:
            raise _too_large(self._most)
        # HTTP itself keeps a body to its announced length.
        unbounded = announced is None or "transfer-encoding" in headers
        received = receive_bounded if unbounded else receive
        if token is None or scope["path"].endswith(_ALWAYS_IN):
            await self._app(scope, received, send)
            return
        with self._admission.admitted(token.name):
            await self._app(scope, received, send)

    def _check_host(self, path: str, headers: Mapping[str, str]) -> None:
        """On loopback, another name means that a page made a browser come here: DNS rebinding."""
        if self._hosts and path not in _FOR_PROBES and _host_name(headers.get("host", "")) not in self._hosts:
            raise MalformedRequest(
                f"expected a Host header among {', '.join(sorted(self._hosts))}; got {headers.get('host', '')[:80]!r}",
                hint="start the server with --allowed-hosts to answer to other names",
            )

    def _token(self, scope: Scope, headers: Mapping[str, str]) -> Token | None:
        path = scope["path"]
        if path in OPEN or path.startswith("/static/"):
            return None
        scheme, _, presented = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and (token := self._tokens.find(presented.strip())):
            return token
        if (
            path in _FOR_BROWSERS
            and scope["method"] == "GET"
            and (token := self._browser_key.token(headers.get("cookie")))
        ):
            return token
        raise unauthorized(bool(presented))


def unauthorized(presented: bool) -> Unauthorized:
    """The error for no token, or a wrong one."""
    return Unauthorized(
        f"expected a token of this server; got {'one it does not know, or that has expired' if presented else 'none'}",
        hint="send the header `Authorization: Bearer TOKEN`; `kremote serve` or `kremote token create` prints one",
    )


def read_only(method: str) -> Forbidden:
    """The error for a request that may change something, with a token that may not."""
    return Forbidden(
        f"expected GET with a token that may only read; got {method}",
        hint="ask the server's owner for a token of scope user: kremote token create NAME",
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address.

    >>> is_loopback("::1"), is_loopback("0.0.0.0")
    (True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _allowed_hosts(settings: Settings) -> frozenset[str]:
    own = ("localhost", "127.0.0.1", "::1", settings.host) if is_loopback(settings.host) else ()
    return frozenset((*own, *settings.hosts))


def _check_repeated(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse a head in which a proxy before this server may have read something else than this server does."""
    if len(headers) > _MOST_HEADERS:
        raise MalformedRequest(f"expected at most {_MOST_HEADERS} headers; got {len(headers)}")
    names = [name for name, _ in headers]
    for name in _ONCE:
        if names.count(name) > 1:
            raise MalformedRequest(f"expected one {name.decode()} header; got {names.count(name)}")


def _host_name(header: str) -> str:
    """The name of a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def _too_large(most: int) -> LimitExceeded:
    return LimitExceeded(
        f"expected a body of at most {most} bytes; got more",
        hint="send it in smaller parts, or ask the server's owner for a higher body_bytes",
    )
