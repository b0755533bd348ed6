"""Requests over HTTP: retries, streams, and httpx's errors translated into kremote's."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kremote_proto.codec import JSON, MSGPACK, decode, encode
from kremote_proto.dtypes import dtype_name, from_bfloat16_bits, wire_dtype
from kremote_proto.errors import (
    ConnectionFailed,
    InternalError,
    InvalidValue,
    KremoteError,
    MalformedRequest,
    SessionLost,
    Unauthorized,
    UnknownSession,
    error_from_wire,
)
from kremote_proto.tensors import Array, tensor_from_wire

from .address import Address
from .profiling.events import exchanged

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

OCTETS = "application/octet-stream"
_CHUNK = 1 << 20
#: Statuses a proxy gives while the server behind it starts or moves.
_TRANSIENT_STATUSES = (502, 503, 504)
_LONGEST_WAIT = 5.0
#: How long an idle connection is kept; the server keeps it longer.
_KEEP_SECONDS = 60.0
#: What to do in Python, in the place of the server's advice, which is for any client.
_HINTS: Mapping[type[KremoteError], str] = {
    Unauthorized: "K.connect(url, token=...) takes the token that `kremote serve` or `kremote token create` printed; "
    "so does KREMOTE_TOKEN",
    UnknownSession: "somebody left it, or the server was started anew: K.clear_session() begins a new one, after which "
    "your code runs again from its start; `kremote sessions` lists yours",
    SessionLost: "K.clear_session() begins a new one, after which your code runs again from its start",
}


class _TryAgain(Exception):
    """An attempt failed in a way that another may not."""

    def __init__(self, error: KremoteError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class Transport:
    """One server's HTTP connections. Any thread may use it."""

    def __init__(
        self,
        address: Address,
        *,
        timeout: float,
        connect_timeout: float,
        retry_seconds: float,
        handler: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._retry_seconds = retry_seconds
        self._handler = handler
        self._sleep = sleep
        self._client: httpx.Client | None = None
        #: Requests answered and bytes of bodies, both ways.
        self.requests = self.bytes_sent = self.bytes_received = 0

    def renew(self) -> None:
        """Forget the connections: after a fork they belong to the parent."""
        self._client = None

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        sequence: str | None = None,
        patient: bool = True,
        retry_seconds: float | None = None,
    ) -> dict[str, Any]:
        """The reply's map to a request with a body of plain values, or of bytes that are MessagePack already.

        With `patient=False` a server that cannot be reached is an error at once; one that is not ready is waited for.
        """
        content = body if isinstance(body, bytes) or body is None else encode(body)
        headers = {"content-type": MSGPACK, "accept": MSGPACK} | _sequence_header(sequence)

        def attempt() -> dict[str, Any]:
            began = time.perf_counter()
            response = self._http().request(method, path, content=content, headers=headers)
            self._count(began, len(content or b""), len(response.content), response.headers)
            return _map_of(self._checked(response))

        return self._retried(attempt, patient, retry_seconds)

    def upload(self, path: str, array: Array, *, sequence: str) -> None:
        """PUT an array's own memory in pieces."""
        contiguous = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        octets = contiguous.reshape(-1).view(np.uint8).data
        query = {"dtype": dtype_name(array.dtype), "shape": ",".join(map(str, array.shape))}
        headers = {"content-type": OCTETS, "content-length": str(len(octets)), "accept": MSGPACK}

        def attempt() -> None:
            began = time.perf_counter()
            response = self._http().put(
                path, params=query, content=_pieces(octets), headers=headers | _sequence_header(sequence)
            )
            self._count(began, len(octets), len(response.content), response.headers)
            self._checked(response)

        self._retried(attempt)

    def download(self, path: str, *, item: int | None, dtype: str) -> Array:
        """GET an array, read straight into its memory."""
        query = {} if item is None else {"item": str(item)}
        accept = MSGPACK if dtype == "string" else OCTETS

        def attempt() -> Array:
            began = time.perf_counter()
            with self._http().stream("GET", path, params=query, headers={"accept": accept}) as response:
                if response.status_code >= 400 or accept == MSGPACK:
                    response.read()
                    array = np.asarray(tensor_from_wire(_map_of(self._checked(response))))
                else:
                    array = _array_of(response)
                self._count(began, 0, array.nbytes, response.headers)
                return array

        return self._retried(attempt)

    def _http(self) -> httpx.Client:
        if self._client is None:
            import httpx  # 0.1 s to import, and not needed before the first request

            token = self.address.token
            self._client = httpx.Client(
                base_url=self.address.url,
                headers={"accept-encoding": "identity"} | ({"authorization": f"Bearer {token}"} if token else {}),
                timeout=httpx.Timeout(self._timeout, connect=self._connect_timeout),
                limits=httpx.Limits(keepalive_expiry=_KEEP_SECONDS),
                transport=self._handler,
                trust_env=not self.address.loopback,
                verify=self.address.url.startswith("https:"),  # reading all certificates takes 50 ms
            )
        return self._client

    def _count(self, began: float, sent: int, received: int, headers: Mapping[str, str]) -> None:
        exchanged(began, sent, received, headers)
        self.requests += 1
        self.bytes_sent += sent
        self.bytes_received += received

    def _retried(self, attempt: Callable[[], T], patient: bool = True, retry_seconds: float | None = None) -> T:
        """What the attempt gives, tried again with growing pauses for as long as the settings allow."""
        until = time.monotonic() + (self._retry_seconds if retry_seconds is None else retry_seconds)
        pause = 0.05
        while True:
            try:
                return self._translated(attempt)
            except _TryAgain as failure:
                wait = pause * random.uniform(0.75, 1.25) if failure.wait is None else failure.wait
                unreachable = isinstance(failure.error, ConnectionFailed)
                if (unreachable and not patient) or time.monotonic() + wait > until:
                    raise failure.error from None  # httpx's own traceback is 60 lines that say no more
            self._sleep(wait)
            pause = min(pause * 2, _LONGEST_WAIT)

    def _translated(self, attempt: Callable[[], T]) -> T:
        """The one place where httpx's errors become kremote's."""
        import httpx

        try:
            return attempt()
        except httpx.ReadTimeout:
            raise ConnectionFailed(
                f"expected an answer of {self.address.url} within {self._timeout:g} seconds; got none",
                hint="the work may still run: give K.connect a longer timeout= and ask again",
            ) from None
        except httpx.InvalidURL as error:
            raise InvalidValue(f"expected the server's URL; got {self.address.url!r}: {error}") from error
        except httpx.TransportError as error:
            raise _TryAgain(_unreachable(self.address.url, error)) from error
        except (httpx.HTTPError, httpx.CookieConflict) as error:
            raise ConnectionFailed(f"{self.address.url} gave no usable answer: {_said(error)}") from error
        except httpx.StreamError as error:
            raise InternalError(f"a stream was used twice: {_said(error)}") from error

    def _checked(self, response: httpx.Response) -> httpx.Response:
        """The response, unless it is an error."""
        if response.status_code < 300:
            return response
        error = _error_in(response)
        if response.status_code in _TRANSIENT_STATUSES:
            text = f"{self.address.url} is not ready: it answers {response.status_code} {response.reason_phrase}"
            raise _TryAgain(error or ConnectionFailed(text), _retry_after(response))
        if error is None:
            raise self._foreign(response)
        error.hint = _HINTS.get(type(error), error.hint)
        raise error

    def _foreign(self, response: httpx.Response) -> KremoteError:
        """The error for an answer that no kremote server gives."""
        url, status = self.address.url, response.status_code
        location = response.headers.get("location", "").partition("?")[0]
        if 300 <= status < 400 and location:
            return ConnectionFailed(f"{url} sends its callers on to {location}", hint=f"connect to {location} instead")
        if status == 400 and "HTTPS port" in response.text:
            return ConnectionFailed(f"{url} was spoken to in plain http and wants https", hint=f"use {_https(url)}")
        if status == 401:
            return Unauthorized(f"{url} refused the token, without saying why", hint="check the token and the URL")
        return ConnectionFailed(
            f"expected a kremote server at {url}; what answers there says {status} {response.reason_phrase}",
            hint="check host and port; `kremote serve` prints the URL to use",
        )


def _sequence_header(sequence: str | None) -> dict[str, str]:
    return {} if sequence is None else {"kremote-sequence": sequence}


def _pieces(octets: memoryview) -> Iterator[Any]:
    # httpx copies one bytes object several times over; pieces it passes on.
    for start in range(0, len(octets), _CHUNK):
        yield octets[start : start + _CHUNK]


def _map_of(response: httpx.Response) -> dict[str, Any]:
    content_type = response.headers.get("content-type", "").partition(";")[0]
    if response.status_code == 204 and not response.content:
        return {}
    try:
        value = decode(response.content, JSON) if content_type == JSON else decode(response.content)
    except MalformedRequest:
        value = None
    if content_type not in (MSGPACK, JSON) or not isinstance(value, dict):
        raise ConnectionFailed(
            f"expected a kremote server at {response.url.copy_with(path='/', query=None)}; "
            f"what answers there sends {content_type or 'no content type'}",
            hint="check host and port; `kremote serve` prints the URL to use",
        )
    return value


def _error_in(response: httpx.Response) -> KremoteError | None:
    content_type = response.headers.get("content-type", "").partition(";")[0]
    if content_type not in (MSGPACK, JSON):
        return None
    try:
        wire = decode(response.content, content_type)
    except KremoteError:
        return None
    error = wire.get("error") if isinstance(wire, Mapping) else None
    return error_from_wire(error) if isinstance(error, Mapping) and "code" in error else None


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(max(float(response.headers["retry-after"]), 0.0), _LONGEST_WAIT)
    except (KeyError, ValueError):  # absent, or a date
        return None


def _array_of(response: httpx.Response) -> Array:
    dtype = response.headers.get("kremote-dtype", "")
    shape = tuple(int(n) for n in response.headers.get("kremote-shape", "").split(",") if n.strip())
    array: Array = np.empty(shape, wire_dtype(dtype))
    octets = array.reshape(-1).view(np.uint8).data
    at = 0
    for piece in response.iter_raw(_CHUNK):
        if at + len(piece) > len(octets):
            raise ConnectionFailed(f"expected {len(octets)} bytes of a {dtype} array; got more")
        octets[at : at + len(piece)] = piece
        at += len(piece)
    if at != len(octets):
        raise ConnectionFailed(f"expected {len(octets)} bytes of a {dtype} array; got {at}")
    return from_bfloat16_bits(array) if dtype == "bfloat16" and array.dtype == np.uint16 else array


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _https(url: str) -> str:
    return "https:" + url.partition(":")[2]


def _unreachable(url: str, error: Exception) -> ConnectionFailed:
    """The error for a connection that failed, with what to check."""
    said = _said(error)
    if _caused_by(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in said:
        return ConnectionFailed(
            f"the certificate of {url} is not one this machine trusts: {said}",
            hint="set SSL_CERT_FILE to the file of the certificate authority that signed it",
        )
    if _caused_by(error, ssl.SSLError) or "SSL" in said:
        return ConnectionFailed(
            f"{url} does not speak https: {said}", hint=f"use http:{url.partition(':')[2]} if the server has no TLS"
        )
    if "disconnected without sending" in said and url.startswith("http:"):
        return ConnectionFailed(
            f"{url} closed the connection without an answer", hint=f"if the server speaks TLS, use {_https(url)}"
        )
    return ConnectionFailed(
        f"expected a kremote server at {url}; could not reach it: {said}",
        hint="is the server running (`kremote serve`), and are host, port and firewall right?",
    )


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
