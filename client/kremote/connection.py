"""HTTP/1.1 over one kept socket, one exchange at a time: no more of it than a kremote server and its proxies speak.

`http.client` is as complete and takes 0.05 ms more of each exchange, most of it to read headers as those of an e-mail.
"""

from __future__ import annotations

import io
import select
import socket
import time
from collections.abc import Iterable, Iterator

from .reply import Reply

Piece = bytes | memoryview

#: How much of a body is handed to the system at once: a timeout is for each piece, not for the whole.
PIECE_BYTES = 1 << 20
#: A larger body is not waited for to be sent in one piece with its headers.
_TOGETHER_BYTES = 1 << 16
_READ_BYTES = 1 << 16
#: No server sends so many headers, nor so long ones.
_MOST_HEADERS, _MOST_LINE = 256, 1 << 16
_SILENT = "the server disconnected without sending a response"


class Disconnected(ConnectionError):
    """The other side ended the connection in the middle of an exchange."""


class NotHTTP(ValueError):
    """What came is no HTTP."""


class Connection:
    """An open connection to a server."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        #: Whether one call sends what stands in several places, which neither Windows nor TLS does.
        self._gathers = type(connected) is socket.socket and hasattr(connected, "sendmsg")
        self._reader = io.BufferedReader(socket.SocketIO(connected, "rb"), _READ_BYTES)
        #: Whether another exchange may follow, now that the body of the last was read.
        self.reusable = True
        self._idle_since = time.monotonic()

    def close(self) -> None:
        """Let go of the socket."""
        self.reusable = False
        self._reader.close()
        self._socket.close()

    def rest(self) -> None:
        """Begin to be idle."""
        self._idle_since = time.monotonic()

    def usable(self, keep_seconds: float) -> bool:
        """Whether it can be used again: not idle for long, and not ended by the server, who says nothing unasked."""
        if time.monotonic() - self._idle_since > keep_seconds:
            return False
        asked = select.poll() if hasattr(select, "poll") else None
        if asked is None:  # Windows
            return not select.select([self._socket], [], [], 0)[0]
        asked.register(self._socket, select.POLLIN)
        return not asked.poll(0)

    def send(self, head: bytes, body: Iterable[Piece]) -> None:
        """Send a request; a small body goes with its head in one packet, pieces that are there already in one call."""
        self.reusable = False
        if self._gathers and isinstance(body, tuple) and _TOGETHER_BYTES < sum(map(len, body)) <= PIECE_BYTES:
            self._send_together([head, *body])
            return
        gathered = [head]
        size = len(head)
        for piece in body:
            if gathered and size + len(piece) <= _TOGETHER_BYTES:
                gathered.append(bytes(piece))
                size += len(piece)
                continue
            if gathered:
                self._socket.sendall(b"".join(gathered))
                gathered = []
            for start in range(0, len(piece), PIECE_BYTES):
                self._socket.sendall(memoryview(piece)[start : start + PIECE_BYTES])
        if gathered:
            self._socket.sendall(b"".join(gathered))

    def _send_together(self, pieces: list[Piece]) -> None:
        sent = self._socket.sendmsg(pieces)
        for piece in pieces:
            if sent < len(piece):
                self._socket.sendall(memoryview(piece)[sent:])
            sent = max(sent - len(piece), 0)

    def receive(self) -> Reply:
        """The reply to what was sent; its body is still to be read."""
        status = 100
        while 100 <= status < 200:  # "go on", which nobody asked for
            version, status, reason = self._status()
            headers = self._headers()
        return _Body(self, version, status, headers).reply(status, reason, headers)

    def _status(self) -> tuple[bytes, int, str]:
        line = self._reader.readline(_MOST_LINE)
        if not line:
            raise Disconnected(_SILENT)
        version, _, rest = line.partition(b" ")
        code, _, reason = rest.strip().partition(b" ")
        if not version.startswith(b"HTTP/1.") or not code.isdigit() or len(code) != 3:
            raise NotHTTP(f"expected the status of an HTTP reply; got {line[:40]!r}")
        return version, int(code), reason.decode("latin-1")

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _ in range(_MOST_HEADERS):
            line = self._reader.readline(_MOST_LINE)
            if line in (b"\r\n", b"\n"):
                return headers
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise (
                    _broken_off(line) if not line.endswith(b"\n") else NotHTTP(f"expected a header; got {line[:40]!r}")
                )
            headers[name.lower()] = value.strip()
        raise NotHTTP(f"expected at most {_MOST_HEADERS} headers; got more")


class _Body:
    """The body of a reply: of a length, in chunks, or up to the end of the connection."""

    def __init__(self, connection: Connection, version: bytes, status: int, headers: dict[str, str]) -> None:
        self._connection = connection
        self._reader = connection._reader
        length = headers.get("content-length", "")
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        if status in (204, 304):
            length, self._chunked = "0", False
        if length and not length.isdecimal():
            raise NotHTTP(f"expected the length of a body; got {length[:40]!r}")
        self._length = int(length) if length and not self._chunked else None
        kept = version != b"HTTP/1.0" and headers.get("connection", "").lower() != "close"
        self._kept = kept and (self._chunked or self._length is not None)
        if not self._length and self._length is not None:
            self._done()

    def reply(self, status: int, reason: str, headers: dict[str, str]) -> Reply:
        return Reply(status, reason, headers, self.read, self.read_into)

    def read(self) -> bytes:
        # As it comes: memory is taken for what is there, not for what is announced.
        small = self._length is not None and self._length <= PIECE_BYTES
        whole = self._exactly(self._length or 0) if small else b"".join(self._pieces())
        self._done()
        return whole

    def read_into(self, room: memoryview) -> int:
        if self._length is not None:
            if self._length > len(room):
                return len(room) + 1
            filled = self._reader.readinto(room[: self._length])
            if filled < self._length:
                raise Disconnected(f"the connection ended after {filled} of {self._length} bytes")
            self._done()
            return filled
        filled = 0
        for piece in self._pieces():
            if filled + len(piece) > len(room):
                return len(room) + 1
            room[filled : filled + len(piece)] = piece
            filled += len(piece)
        self._done()
        return filled

    def _done(self) -> None:
        self._connection.reusable = self._kept

    def _pieces(self) -> Iterator[bytes]:
        if self._chunked:
            while size := self._chunk_size():
                yield from self._of(size)
                self._exactly(2)
            while self._reader.readline(_MOST_LINE) not in (b"\r\n", b"\n", b""):
                pass
        elif self._length is not None:
            yield from self._of(self._length)
        else:
            while piece := self._reader.read1(PIECE_BYTES):
                yield piece

    def _chunk_size(self) -> int:
        line = self._reader.readline(_MOST_LINE)
        if not line.endswith(b"\n"):
            raise _broken_off(line)
        try:
            return int(line.partition(b";")[0], 16)
        except ValueError:
            raise NotHTTP(f"expected the size of a chunk; got {line[:40]!r}") from None

    def _of(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self._exactly(min(size, PIECE_BYTES))
            size -= len(piece)
            yield piece

    def _exactly(self, size: int) -> bytes:
        data: bytes = self._reader.read(size)
        if len(data) < size:
            raise Disconnected("the connection ended in the middle of a reply")
        return data


def _broken_off(line: bytes) -> Exception:
    if len(line) >= _MOST_LINE:
        return NotHTTP(f"expected a line of at most {_MOST_LINE} bytes; got more")
    return Disconnected("the connection ended in the middle of a reply")
