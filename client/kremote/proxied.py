"""The way to a server through the proxies of the environment, which are httpx's to speak to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from kremote_proto.errors import InternalError, InvalidValue

from .address import Address
from .connection import PIECE_BYTES, Piece
from .reply import ReadInto, Reply
from .unreachable import TryAgain, no_answer_in_time, no_usable_answer, said, unreachable


class Proxied:
    """httpx's connections to one server. Any thread may use them."""

    def __init__(
        self, address: Address, *, timeout: float, connect_timeout: float, handler: httpx.BaseTransport | None = None
    ) -> None:
        self._url = address.url
        self._timeout = timeout
        self._client = httpx.Client(
            base_url=address.url,
            headers={"authorization": f"Bearer {address.token}"} if address.token else {},
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
            limits=httpx.Limits(keepalive_expiry=60.0),
            transport=handler,
            verify=address.url.startswith("https:"),  # reading all certificates takes 50 ms
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: Iterable[Piece] = ()
    ) -> Iterator[Reply]:
        """Send a request and give its reply to be read; httpx's errors become kremote's.

        Raises `TryAgain` where another attempt may succeed.
        """
        try:
            # httpx would make a compressed reply whole by itself, without a bound.
            plain = {**headers, "accept-encoding": "identity"}
            with self._client.stream(method, path, headers=plain, content=_content(body)) as response:
                start = response.status_code, response.reason_phrase, response.headers
                yield Reply(*start, response.read, _reader_into(response))
        except httpx.ReadTimeout:
            raise no_answer_in_time(self._url, self._timeout) from None
        except httpx.InvalidURL as error:
            raise InvalidValue(f"expected the server's URL; got {self._url!r}: {error}") from error
        except httpx.TransportError as error:
            raise TryAgain(unreachable(self._url, error)) from error
        except (httpx.HTTPError, httpx.CookieConflict) as error:
            raise no_usable_answer(self._url, error) from error
        except httpx.StreamError as error:
            raise InternalError(f"a stream was used twice: {said(error)}") from error


def _content(body: Iterable[Piece]) -> Any:
    return b"".join(body) if isinstance(body, tuple) else _pieces(body)


def _pieces(body: Iterable[Piece]) -> Iterator[Piece]:
    # A body of one bytes object httpx copies several times over; pieces it passes on.
    for piece in body:
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]


def _reader_into(response: httpx.Response) -> ReadInto:
    def read_into(room: memoryview) -> int:
        at = 0
        for piece in response.iter_raw(PIECE_BYTES):
            if at + len(piece) > len(room):
                return len(room) + 1
            room[at : at + len(piece)] = piece
            at += len(piece)
        return at

    return read_into
