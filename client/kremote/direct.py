"""The way to a server that no proxy stands before: kept connections of one's own."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlsplit

from kremote_proto.errors import InvalidValue, KremoteError

from .address import Address
from .connection import Connection, NotHTTP, Piece
from .reply import Reply
from .unreachable import TryAgain, no_answer_in_time, no_usable_answer, unreachable

#: How long an idle connection is kept; the server keeps it longer.
_KEEP_SECONDS = 60.0
#: Connections kept; more may be open at a busy moment.
_MOST_IDLE = 8
#: What a path may hold as it is.
_SAFE = "/%:@!$&'()*+,;=~"


class Direct:
    """Connections to one server, as many as there are exchanges at a time. Any thread may use them."""

    def __init__(self, address: Address, *, timeout: float, connect_timeout: float) -> None:
        parts = urlsplit(address.url)
        self._url = address.url
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._secure = parts.scheme == "https"
        self._place = (parts.hostname or "", parts.port or (443 if self._secure else 80))
        self._prefix = quote(parts.path, safe=_SAFE)
        try:
            host = parts.netloc.encode("ascii" if parts.netloc.isascii() else "idna").decode()
        except UnicodeError as error:
            raise InvalidValue(f"expected the server's URL; got {address.url!r}: {error}") from None
        credentials = f"authorization: Bearer {address.token}\r\n" if address.token else ""
        #: What every request says after its first line.
        self._always = f" HTTP/1.1\r\nhost: {host}\r\nuser-agent: kremote\r\n{credentials}"
        #: Appending and popping are atomic, so no lock, which a fork could leave taken.
        self._idle: list[Connection] = []
        self._context: Any = None

    def close(self) -> None:
        """Close the idle connections; later requests open new ones."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: Iterable[Piece] = ()
    ) -> Iterator[Reply]:
        """Send a request, whose `content-length` is among the headers, and give its reply to be read.

        Raises `TryAgain` where another attempt may succeed.
        """
        connection = None
        try:
            connection, reply = self._answered(self._head(method, path, headers), body)
            yield reply
        except KremoteError:  # some are of Python's ConnectionError, too
            raise
        except TimeoutError:
            raise no_answer_in_time(self._url, self._timeout) from None
        except NotHTTP as error:
            raise no_usable_answer(self._url, error) from error
        except OSError as error:
            raise TryAgain(unreachable(self._url, error)) from error
        finally:
            if connection is not None:
                self._put_back(connection)

    def _head(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        return f"{method} {self._prefix}{path}{self._always}{lines}\r\n".encode("ascii")

    def _answered(self, head: bytes, body: Iterable[Piece]) -> tuple[Connection, Reply]:
        """The start of the reply, and the connection that the rest of it comes from."""
        kept = self._kept()
        if kept is not None:
            # The server may end an idle connection at any time, also now: that says nothing of this request.
            with suppress(ConnectionError):
                return kept, _exchanged(kept, head, body)
        opened = self._opened()
        return opened, _exchanged(opened, head, body)

    def _kept(self) -> Connection | None:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if connection.usable(_KEEP_SECONDS):
                return connection
            connection.close()
        return None

    def _opened(self) -> Connection:
        try:
            connected = socket.create_connection(self._place, self._connect_timeout)
        except UnicodeError as error:
            raise InvalidValue(f"expected the server's URL; got {self._url!r}: {error}") from None
        except OSError as error:
            raise TryAgain(unreachable(self._url, error)) from error
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._secure:
                connected = self._certificates().wrap_socket(connected, server_hostname=self._place[0])
            connected.settimeout(self._timeout)
        except BaseException as error:
            connected.close()
            if isinstance(error, OSError):
                raise TryAgain(unreachable(self._url, error)) from error
            raise
        return Connection(connected)

    def _certificates(self) -> Any:
        if self._context is None:  # reading all certificates takes 50 ms
            import httpx

            self._context = httpx.create_ssl_context()
        return self._context

    def _put_back(self, connection: Connection) -> None:
        if connection.reusable and len(self._idle) < _MOST_IDLE:
            connection.rest()
            self._idle.append(connection)
        else:
            connection.close()


def _exchanged(connection: Connection, head: bytes, body: Iterable[Piece]) -> Reply:
    """Send a request and give its reply's start; the connection is closed where that fails."""
    try:
        try:
            connection.send(head, body)
        except TimeoutError:
            raise
        except OSError:
            # A server that refuses a body says so, and ends the connection without reading it all.
            with suppress(OSError, NotHTTP):
                return connection.receive()
            raise
        return connection.receive()
    except BaseException:
        connection.close()
        raise
